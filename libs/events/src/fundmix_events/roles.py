"""Who may be signed in; the role decides which routes, the organisation which rows."""

from enum import StrEnum


class Role(StrEnum):
    FINANCE_OFFICER = "finance_officer"
    DONOR = "donor"
    AGENCY = "agency"
    EVALUATOR = "evaluator"
    AUDITOR = "auditor"
    ADMIN = "admin"
