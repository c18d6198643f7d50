"""Refusals of donations-svc.

DonationsError
├── PledgeNotFoundError          there is no such pledge
├── DonationNotFoundError        there is no such donation
├── UnknownPledgeError           the pledge that a donation would fulfil does not exist
├── UnknownOrganisationError     a party is not in the register
├── WrongPartyError              a party is of a kind that cannot have that part
├── SuspendedAgencyError         nothing new is promised to an agency that is suspended
├── DonorError                   the donor's kind and code contradict one another
├── TermsError                   the terms contradict one another
├── FutureDateError              a day that has not come yet
├── PledgeMismatchError          the donation is not what the pledge has promised
├── PledgeNotOpenError           nothing of the pledge is left to fulfil
├── ReferenceTakenError          the agency has used that reference before
└── BankReferenceUsedError       that bank reference has brought the agency another donation
"""

from typing import ClassVar


class DonationsError(Exception):
    """`pointer` names the field of the request, where one is at fault."""

    code: ClassVar[str] = "donations"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class PledgeNotFoundError(DonationsError):
    code = "pledge_not_found"


class DonationNotFoundError(DonationsError):
    code = "donation_not_found"


class UnknownPledgeError(DonationsError):
    code = "unknown_pledge"


class UnknownOrganisationError(DonationsError):
    code = "unknown_organisation"


class WrongPartyError(DonationsError):
    code = "wrong_party"


class SuspendedAgencyError(DonationsError):
    code = "suspended_agency"


class DonorError(DonationsError):
    code = "contradictory_donor"


class TermsError(DonationsError):
    code = "contradictory_terms"


class FutureDateError(DonationsError):
    code = "future_date"


class PledgeMismatchError(DonationsError):
    code = "pledge_mismatch"


class PledgeNotOpenError(DonationsError):
    code = "pledge_not_open"


class ReferenceTakenError(DonationsError):
    code = "reference_taken"


class BankReferenceUsedError(DonationsError):
    code = "bank_reference_used"
