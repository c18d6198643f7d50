"""Refusals of ledger-svc.

LedgerError
├── EntryNotFoundError           the journal has no such entry
├── RequestNotFoundError         there is no such request
├── HoldNotFoundError            there is no such hold
├── UnknownOrganisationError     the agency or the payer is not in the register
├── WrongPartyError              an organisation of a kind that cannot have that part
├── UnknownFundError             the agency has no such fund
├── TermsError                   the terms contradict one another, or the chart of accounts
├── FutureDateError              a day that has not come yet
├── ReferenceTakenError          the agency has used that reference before
├── OpeningBalanceTakenError     the agency's books have been opened
├── RequestStateError            the request was decided before
├── SamePersonError              who prepared it may not review it, and nobody else withdraw it
├── InsufficientFundsError       the fund has less than that, on that day or a later one
├── HoldConflictError            another hold has that id, or it is used or released
├── LotNotPostedError            what is asked about a lot comes before the lot itself
├── ForeignHoldError             a hold of a kind that is not for that role
├── NotReversibleError           an entry that is corrected elsewhere, or was reversed before
├── PeriodNotOverError           a month that has not ended
├── PeriodClosedError            the month is closed already
├── QuarantineOpenError          events wait for a decision: the books are not complete
├── AccountNotFoundError         the books have no such account
├── BasisConflictError           a figure as booked has no days
├── LookupIncompleteError        an event is found by its id or by its whole place
├── SpanInvalidError             a span of months or days is none
├── GoalNotFoundError            there is no such goal
├── GoalExistsError              that scope has a goal for that year: set a new version of it
├── NoLimitsError                a goal without a limit
├── FileUnreadableError          a file that is no table, or too large
└── ImportNotReadyError          lines with errors, or texts that nobody has said the meaning of
"""

from typing import ClassVar


class LedgerError(Exception):
    """`pointer` names the field of the request, where one is at fault."""

    code: ClassVar[str] = "ledger"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class AccountNotFoundError(LedgerError):
    code = "account_not_found"


class BasisConflictError(LedgerError):
    code = "basis_conflict"


class EntryNotFoundError(LedgerError):
    code = "entry_not_found"


class RequestNotFoundError(LedgerError):
    code = "request_not_found"


class HoldNotFoundError(LedgerError):
    code = "hold_not_found"


class UnknownOrganisationError(LedgerError):
    code = "unknown_organisation"


class WrongPartyError(LedgerError):
    code = "wrong_party"


class UnknownFundError(LedgerError):
    code = "unknown_fund"


class TermsError(LedgerError):
    code = "contradictory_terms"


class FutureDateError(LedgerError):
    code = "future_date"


class ReferenceTakenError(LedgerError):
    code = "reference_taken"


class OpeningBalanceTakenError(LedgerError):
    code = "opening_balance_taken"


class RequestStateError(LedgerError):
    code = "request_state"


class SamePersonError(LedgerError):
    code = "same_person"


class InsufficientFundsError(LedgerError):
    code = "insufficient_funds"


class LotNotPostedError(LedgerError):
    code = "lot_not_posted"


class ForeignHoldError(LedgerError):
    code = "foreign_hold"


class HoldConflictError(LedgerError):
    code = "hold_conflict"


class NotReversibleError(LedgerError):
    code = "not_reversible"


class PeriodNotOverError(LedgerError):
    code = "period_not_over"


class PeriodClosedError(LedgerError):
    code = "period_closed"


class QuarantineOpenError(LedgerError):
    code = "quarantine_open"


class LookupIncompleteError(LedgerError):
    code = "lookup_incomplete"


class SpanInvalidError(LedgerError):
    code = "span_invalid"


class GoalNotFoundError(LedgerError):
    code = "goal_not_found"


class GoalExistsError(LedgerError):
    code = "goal_exists"


class NoLimitsError(LedgerError):
    code = "no_limits"


class FileUnreadableError(LedgerError):
    code = "file_unreadable"


class ImportNotReadyError(LedgerError):
    code = "import_not_ready"
