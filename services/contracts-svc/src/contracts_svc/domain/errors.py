"""Refusals of contracts-svc.

ContractsError
├── ContractNotFoundError        there is no such contract
├── InstalmentNotFoundError      the contract has no instalment of that number
├── ContractNumberTakenError     another contract has that number
├── UnknownOrganisationError     a party is not in the register
├── WrongPartyError              a party is of a kind that cannot have that part
├── SuspendedPartyError          nothing new is signed with a party that is suspended
├── TermsError                   the terms contradict one another
├── DeductionTooLargeError       more would be deducted than the instalment has
├── InstalmentStateError         the instalment is not in the state this needs
├── LineNotFoundError            the contract has no line of that number
├── RecoveryNotFoundError        the contract has no recovery of that number
├── ContractClosedError          the contract was terminated
├── DeliveryError                more than was agreed, or accepted than delivered
├── NothingChangedError          an amendment that says what the contract says already
├── SupplementLimitError         supplements together pass a tenth of the original ceiling
├── EvaluationMissingError       the instalment waits for an evaluation that is not published
├── OutcomeOpenError             the agency may still object, or nobody has decided
├── InvoiceError                 an invoice that this instalment cannot have
├── PaymentConfirmedError        the agency has confirmed that the money arrived
├── PaymentDateError             a payment before what it pays for
├── RecoveryStateError           the money came back before, or has to come back
├── ObligationNotFoundError      the contract has no such clock, or it is met otherwise
├── ObligationMetError           that was published or filed before, or could not be yet
├── DraftNotFoundError           there is no such draft
├── DraftStateError              the draft was signed or discarded
├── SamePersonError              who did the step before may not do this one
├── PaymentMismatchError         what was paid is not what was approved
├── FutureDateError              a day that has not come yet
├── BankReferenceUsedError       that bank reference has paid another instalment
├── SchemeNotFoundError          there is no scheme of that version
├── SchemeError                  a scheme that contradicts itself, or hears the people too little
├── EvaluationNotFoundError      there is no such evaluation, or none to be seen
├── EvaluationStateError         the evaluation is published, or is not
├── EvaluationIncompleteError    a dimension that nobody has scored
├── EvaluationDateError          evaluated before signing, or published before evaluating
├── ScorerError                  a dimension that is not this person's to score
├── RatingsError                 the same points counted twice
├── InstalmentSettledError       the money that waited for the evaluation is promised or paid
├── NothingDeductedError         there is no deduction to object to, or to accept
├── ObjectionLateError           the time for an objection is over
└── ObjectionStateError          objected, accepted or decided before, or nothing to decide
"""

from typing import ClassVar


class ContractsError(Exception):
    """`pointer` names the field of the request, where one is at fault."""

    code: ClassVar[str] = "contracts"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class ContractNotFoundError(ContractsError):
    code = "contract_not_found"


class InstalmentNotFoundError(ContractsError):
    code = "instalment_not_found"


class ContractNumberTakenError(ContractsError):
    code = "contract_number_taken"


class UnknownOrganisationError(ContractsError):
    code = "unknown_organisation"


class WrongPartyError(ContractsError):
    code = "wrong_party"


class TermsError(ContractsError):
    code = "contradictory_terms"


class DeductionTooLargeError(ContractsError):
    code = "deduction_too_large"


class InstalmentStateError(ContractsError):
    code = "instalment_state"


class SamePersonError(ContractsError):
    code = "same_person"


class PaymentMismatchError(ContractsError):
    code = "payment_mismatch"


class FutureDateError(ContractsError):
    code = "future_date"


class BankReferenceUsedError(ContractsError):
    code = "bank_reference_used"


class LineNotFoundError(ContractsError):
    code = "line_not_found"


class RecoveryNotFoundError(ContractsError):
    code = "recovery_not_found"


class ContractClosedError(ContractsError):
    code = "contract_closed"


class DeliveryError(ContractsError):
    code = "delivery"


class SupplementLimitError(ContractsError):
    code = "supplement_limit"


class EvaluationMissingError(ContractsError):
    code = "evaluation_missing"


class OutcomeOpenError(ContractsError):
    code = "outcome_open"


class InvoiceError(ContractsError):
    code = "invoice"


class PaymentConfirmedError(ContractsError):
    code = "payment_confirmed"


class PaymentDateError(ContractsError):
    code = "payment_date"


class RecoveryStateError(ContractsError):
    code = "recovery_state"


class DraftNotFoundError(ContractsError):
    code = "draft_not_found"


class DraftStateError(ContractsError):
    code = "draft_state"


class ObligationNotFoundError(ContractsError):
    code = "obligation_not_found"


class ObligationMetError(ContractsError):
    code = "obligation_met"


class SuspendedPartyError(ContractsError):
    code = "suspended_party"


class SchemeNotFoundError(ContractsError):
    code = "scheme_not_found"


class SchemeError(ContractsError):
    code = "contradictory_scheme"


class EvaluationNotFoundError(ContractsError):
    code = "evaluation_not_found"


class EvaluationStateError(ContractsError):
    code = "evaluation_state"


class EvaluationIncompleteError(ContractsError):
    code = "evaluation_incomplete"


class EvaluationDateError(ContractsError):
    code = "evaluation_date"


class ScorerError(ContractsError):
    code = "wrong_scorer"


class RatingsError(ContractsError):
    code = "contradictory_ratings"


class InstalmentSettledError(ContractsError):
    code = "instalment_settled"


class NothingDeductedError(ContractsError):
    code = "nothing_deducted"


class ObjectionLateError(ContractsError):
    code = "objection_late"


class ObjectionStateError(ContractsError):
    code = "objection_state"


class NothingChangedError(ContractsError):
    code = "nothing_changed"
