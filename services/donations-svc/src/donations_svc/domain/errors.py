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
├── BankReferenceUsedError       that bank reference has brought the agency another donation
├── ScheduleError                the parts of a pledge do not sum to it, or are out of order
├── PledgeClosedError            nothing of the pledge is left to cancel
├── AnnouncementNotFoundError    there is no such announcement
├── LineDecidedError             that line of an announcement was decided before
├── UnknownLineError             the announcement has no such line for that agency
├── SplitError                   the lines of a deposit or an announcement do not sum to it
├── DelegationError              who records for an agency says why; the agency itself does not
├── GoodsStatedError             what goods are, or what proves their value, was stated before
├── DonationReversedError        it was recorded in error, and nothing can happen to it any more
├── UnknownLotError              the donation has no such lot, or several and none was named
├── MoreThanLeftError            more than the donation has left
├── ReceiptStandsError           its receipt has to be withdrawn first
├── UnknownDonationError         the donation that something is to happen to does not exist
├── RefundNotFoundError          there is no such refund
├── RefundStateError             the refund was paid or cancelled before
├── NotRefundableError           time that was given cannot go back
├── NotReversibleError           something has happened to it since: it can only be given back
├── ConsentMissingError          the donor's consent is recorded with its day
├── HoldMissingError             what the ledger held for it is gone
├── BatchNotFoundError           there is no such batch
├── ImportNotReadyError          rows of the file have errors, or wait for a decision
├── ControlMismatchError         the file has not the rows, or the sum, that it should have
├── HeaderError                  the file has no header that says what its columns are
├── ImportRunningError           another import is being booked
├── LedgerUnavailableError       the ledger, which alone knows what is left, does not answer
├── ReceiptNotFoundError         there is no such receipt
├── ReceiptExistsError           the donation has a receipt, or a draft of one
├── ReceiptNotDraftError         only a draft is issued
├── ReceiptWithdrawnError        it was withdrawn before
├── NoReceiptForServiceError     there is none for time that was given
├── NoReceiptForSponsorshipError there is none where something was given in return
├── NoReceiptForReversedError    there is none for what was recorded in error
├── NoReceiptForRefundedError    there is none for what has gone back
├── NoReceiptWhileRefundingError there is none while a refund is under way
├── NoReceiptWithoutProofError   there is none for goods whose value nothing proves
├── OfficialBillNamedError       the receipt names its official bill already
├── OfficialBillUsedError        that official bill is named on another receipt
├── JobNotFoundError             there is no such job
├── ContactNotFoundError         there is no such contact
├── ContactDetailsError          a number or an address of a contact is none
├── ContactErasedError           of the contact nothing is left
├── ContactMismatchError         the contact speaks for somebody else than the donor
└── NoGrantsError                there is no gift that could be published
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


class ScheduleError(DonationsError):
    code = "contradictory_schedule"


class PledgeClosedError(DonationsError):
    code = "pledge_closed"


class AnnouncementNotFoundError(DonationsError):
    code = "announcement_not_found"


class LineDecidedError(DonationsError):
    code = "line_decided"


class UnknownLineError(DonationsError):
    code = "unknown_line"


class SplitError(DonationsError):
    code = "split_mismatch"


class DelegationError(DonationsError):
    code = "delegation"


class GoodsStatedError(DonationsError):
    code = "goods_stated"


class DonationReversedError(DonationsError):
    code = "donation_reversed"


class UnknownLotError(DonationsError):
    code = "unknown_lot"


class MoreThanLeftError(DonationsError):
    code = "more_than_left"


class ReceiptStandsError(DonationsError):
    code = "receipt_stands"


class UnknownDonationError(DonationsError):
    code = "unknown_donation"


class RefundNotFoundError(DonationsError):
    code = "refund_not_found"


class RefundStateError(DonationsError):
    code = "refund_state"


class NotRefundableError(DonationsError):
    code = "not_refundable"


class NotReversibleError(DonationsError):
    code = "not_reversible"


class ConsentMissingError(DonationsError):
    code = "consent_missing"


class HoldMissingError(DonationsError):
    code = "hold_missing"


class BatchNotFoundError(DonationsError):
    code = "batch_not_found"


class ImportNotReadyError(DonationsError):
    code = "import_not_ready"


class ControlMismatchError(DonationsError):
    code = "control_mismatch"


class HeaderError(DonationsError):
    code = "unknown_header"


class ImportRunningError(DonationsError):
    code = "import_running"


class LedgerUnavailableError(DonationsError):
    code = "ledger_unavailable"


class ReceiptNotFoundError(DonationsError):
    code = "receipt_not_found"


class ReceiptExistsError(DonationsError):
    code = "receipt_exists"


class ReceiptNotDraftError(DonationsError):
    code = "receipt_not_draft"


class ReceiptWithdrawnError(DonationsError):
    code = "receipt_withdrawn"


class NoReceiptForServiceError(DonationsError):
    code = "no_receipt_for_service"


class NoReceiptForSponsorshipError(DonationsError):
    code = "no_receipt_for_sponsorship"


class NoReceiptForReversedError(DonationsError):
    code = "no_receipt_for_reversed"


class NoReceiptForRefundedError(DonationsError):
    code = "no_receipt_for_refunded"


class NoReceiptWhileRefundingError(DonationsError):
    code = "no_receipt_while_refunding"


class NoReceiptWithoutProofError(DonationsError):
    code = "no_receipt_without_proof"


class OfficialBillNamedError(DonationsError):
    code = "official_bill_named"


class OfficialBillUsedError(DonationsError):
    code = "official_bill_used"


class JobNotFoundError(DonationsError):
    code = "job_not_found"


class ContactNotFoundError(DonationsError):
    code = "contact_not_found"


class ContactDetailsError(DonationsError):
    code = "contact_details"


class ContactErasedError(DonationsError):
    code = "contact_erased"


class ContactMismatchError(DonationsError):
    code = "contact_mismatch"


class NoGrantsError(DonationsError):
    code = "no_grants"
