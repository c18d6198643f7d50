"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from contracts_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.ContractNotFoundError: HTTPStatus.NOT_FOUND,
    errors.InstalmentNotFoundError: HTTPStatus.NOT_FOUND,
    errors.ContractNumberTakenError: HTTPStatus.CONFLICT,
    errors.UnknownOrganisationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongPartyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TermsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DeductionTooLargeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PaymentMismatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InstalmentStateError: HTTPStatus.CONFLICT,
    errors.SamePersonError: HTTPStatus.CONFLICT,
    errors.BankReferenceUsedError: HTTPStatus.CONFLICT,
    errors.SuspendedPartyError: HTTPStatus.CONFLICT,
    errors.LineNotFoundError: HTTPStatus.NOT_FOUND,
    errors.RecoveryNotFoundError: HTTPStatus.NOT_FOUND,
    errors.ContractClosedError: HTTPStatus.CONFLICT,
    errors.DeliveryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SupplementLimitError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EvaluationMissingError: HTTPStatus.CONFLICT,
    errors.OutcomeOpenError: HTTPStatus.CONFLICT,
    errors.InvoiceError: HTTPStatus.CONFLICT,
    errors.PaymentConfirmedError: HTTPStatus.CONFLICT,
    errors.PaymentDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RecoveryStateError: HTTPStatus.CONFLICT,
    errors.ObligationNotFoundError: HTTPStatus.NOT_FOUND,
    errors.ObligationMetError: HTTPStatus.CONFLICT,
    errors.DraftNotFoundError: HTTPStatus.NOT_FOUND,
    errors.DraftStateError: HTTPStatus.CONFLICT,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "contract_not_found": Title(zh="没有这份合同", en="No such contract"),
    "instalment_not_found": Title(zh="没有这一期合同款", en="No such instalment"),
    "contract_number_taken": Title(zh="合同编号已被使用", en="Contract number taken"),
    "unknown_organisation": Title(zh="登记册中没有该单位", en="Unknown organisation"),
    "wrong_party": Title(zh="该单位不能作为此方", en="Wrong kind of party"),
    "contradictory_terms": Title(zh="合同条款相互矛盾", en="Contradictory terms"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
    "deduction_too_large": Title(zh="扣减金额过大", en="Deduction too large"),
    "payment_mismatch": Title(zh="付款金额与批准金额不符", en="Payment does not match"),
    "instalment_state": Title(zh="合同款状态不允许此操作", en="Instalment not in that state"),
    "same_person": Title(zh="批准人与付款人不能相同", en="Approver may not pay"),
    "bank_reference_used": Title(zh="银行流水号已被使用", en="Bank reference used before"),
    "suspended_party": Title(zh="该单位已被暂停", en="Party suspended"),
    "line_not_found": Title(zh="没有这一服务项", en="No such line"),
    "recovery_not_found": Title(zh="没有这笔应退款", en="No such recovery"),
    "contract_closed": Title(zh="合同已终止", en="Contract terminated"),
    "delivery": Title(zh="履约数量或日期不符", en="Delivery does not fit the line"),
    "supplement_limit": Title(zh="追加金额超过原合同的百分之十", en="Supplements pass a tenth"),
    "evaluation_missing": Title(zh="考核评估尚未公布", en="Evaluation not published"),
    "outcome_open": Title(zh="考核结果尚在异议期", en="Evaluation may still change"),
    "invoice": Title(zh="发票与合同款不符", en="Invoice does not fit"),
    "payment_confirmed": Title(zh="款项已确认到账", en="Payment was confirmed"),
    "payment_date": Title(zh="付款日期不符", en="Payment before its time"),
    "recovery_state": Title(zh="应退款状态不允许此操作", en="Recovery not in that state"),
    "obligation_not_found": Title(zh="没有这项期限义务", en="No such obligation"),
    "obligation_met": Title(zh="该期限义务已履行", en="Obligation met before"),
    "draft_not_found": Title(zh="没有这份合同草案", en="No such draft"),
    "draft_state": Title(zh="草案已签订或已作废", en="Draft signed or discarded"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
