"""Who may do what in contracts-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY, QUARANTINE_POLICY
from fundmix_kit.policy import PUBLIC, Policy, Rule, Scope

READERS: Final[Rule] = {
    Role.FINANCE_OFFICER: Scope.OWN,
    Role.AGENCY: Scope.OWN,
    Role.AUDITOR: Scope.ANY,
    Role.ADMIN: Scope.ANY,
}
OFFICERS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.OWN}
AGENCIES: Final[Rule] = {Role.AGENCY: Scope.OWN}
DRAFT_READERS: Final[Rule] = {**OFFICERS, Role.AUDITOR: Scope.ANY, Role.ADMIN: Scope.ANY}

EVERYBODY: Final[Rule] = dict.fromkeys(Role, Scope.ANY)
SCORERS: Final[Rule] = {**OFFICERS, **AGENCIES, Role.EVALUATOR: Scope.ANY}
SURVEYORS: Final[Rule] = {**OFFICERS, Role.EVALUATOR: Scope.ANY}
EVALUATION_READERS: Final[Rule] = {**READERS, Role.EVALUATOR: Scope.ANY}
ADMINS: Final[Rule] = {Role.ADMIN: Scope.ANY}
STAGE: Final = "/v1/contracts/{contract_id}/evaluations/{stage}"

POLICY: Final = Policy(
    {
        ("POST", "/v1/contracts"): OFFICERS,
        ("GET", "/v1/contracts"): READERS,
        ("GET", "/v1/contracts/{contract_id}"): READERS,
        ("POST", "/v1/contracts/{contract_id}/amendments"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/terminate"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/deliveries"): AGENCIES,
        ("GET", "/v1/contracts/{contract_id}/deliveries"): READERS,
        ("POST", "/v1/contracts/{contract_id}/acceptances"): OFFICERS,
        ("GET", "/v1/contracts/{contract_id}/acceptances"): READERS,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/invoice"): AGENCIES,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/approve"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/pay"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/confirm"): AGENCIES,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/reverse"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/recoveries/{number}/receive"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/publications"): OFFICERS,
        ("GET", "/v1/obligations"): READERS,
        ("POST", "/v1/schemes"): ADMINS,
        ("GET", "/v1/schemes"): EVERYBODY,
        ("GET", "/v1/schemes/{version}"): EVERYBODY,
        ("GET", "/v1/contracts/{contract_id}/evaluations"): EVALUATION_READERS,
        ("GET", STAGE): EVALUATION_READERS,
        ("POST", f"{STAGE}/scores"): SCORERS,
        ("POST", f"{STAGE}/ratings"): SURVEYORS,
        ("POST", f"{STAGE}/publish"): OFFICERS,
        ("POST", f"{STAGE}/versions"): OFFICERS,
        ("POST", f"{STAGE}/objection"): AGENCIES,
        ("POST", f"{STAGE}/accept"): AGENCIES,
        ("POST", f"{STAGE}/decision"): OFFICERS,
        ("POST", "/v1/drafts"): OFFICERS,
        ("GET", "/v1/drafts"): DRAFT_READERS,
        ("GET", "/v1/drafts/{draft_id}"): DRAFT_READERS,
        ("PUT", "/v1/drafts/{draft_id}"): OFFICERS,
        ("POST", "/v1/drafts/{draft_id}/discard"): OFFICERS,
        ("POST", "/v1/drafts/{draft_id}/sign"): OFFICERS,
        ("GET", "/v1/todo"): {**OFFICERS, **AGENCIES},
        ("GET", "/v1/public/projects"): PUBLIC,
        ("GET", "/v1/public/projects.csv"): PUBLIC,
        ("GET", "/v1/public/projects.xlsx"): PUBLIC,
        ("GET", "/v1/public/projects/{number}"): PUBLIC,
        # It says no more than the list does, put side by side.
        ("GET", "/v1/public/overlaps"): PUBLIC,
        ("GET", "/v1/public/ocds/releases"): PUBLIC,
        ("GET", "/v1/public/ocds/records"): PUBLIC,
        ("GET", "/v1/public/ocds/contracts/{number}"): PUBLIC,
        ("GET", "/v1/public/ocds/records/{number}"): PUBLIC,
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
