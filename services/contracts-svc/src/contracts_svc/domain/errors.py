"""Refusals of contracts-svc.

ContractsError
├── ContractNotFoundError        there is no such contract
├── InstalmentNotFoundError      the contract has no instalment of that number
├── ContractNumberTakenError     another contract has that number
├── UnknownOrganisationError     a party is not in the register
├── WrongPartyError              a party is of a kind that cannot have that part
├── TermsError                   the terms contradict one another
├── DeductionTooLargeError       more would be deducted than the instalment has
├── InstalmentStateError         the instalment is not in the state this needs
├── SamePersonError              the approver may not also pay
├── PaymentMismatchError         what was paid is not what was approved
├── FutureDateError              a day that has not come yet
└── BankReferenceUsedError       that bank reference has paid another instalment
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
