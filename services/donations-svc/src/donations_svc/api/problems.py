"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from donations_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.PledgeNotFoundError: HTTPStatus.NOT_FOUND,
    errors.DonationNotFoundError: HTTPStatus.NOT_FOUND,
    errors.UnknownPledgeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownOrganisationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongPartyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SuspendedAgencyError: HTTPStatus.CONFLICT,
    errors.DonorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TermsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PledgeMismatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PledgeNotOpenError: HTTPStatus.CONFLICT,
    errors.ReferenceTakenError: HTTPStatus.CONFLICT,
    errors.BankReferenceUsedError: HTTPStatus.CONFLICT,
    errors.ScheduleError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PledgeClosedError: HTTPStatus.CONFLICT,
    errors.AnnouncementNotFoundError: HTTPStatus.NOT_FOUND,
    errors.LineDecidedError: HTTPStatus.CONFLICT,
    errors.UnknownLineError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SplitError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DelegationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DonationReversedError: HTTPStatus.CONFLICT,
    errors.UnknownLotError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.MoreThanLeftError: HTTPStatus.CONFLICT,
    errors.ReceiptStandsError: HTTPStatus.CONFLICT,
    errors.UnknownDonationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RefundNotFoundError: HTTPStatus.NOT_FOUND,
    errors.RefundStateError: HTTPStatus.CONFLICT,
    errors.NotRefundableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotReversibleError: HTTPStatus.CONFLICT,
    errors.ConsentMissingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.HoldMissingError: HTTPStatus.CONFLICT,
    errors.BatchNotFoundError: HTTPStatus.NOT_FOUND,
    errors.LedgerUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "pledge_not_found": Title(zh="没有这笔认捐", en="No such pledge"),
    "donation_not_found": Title(zh="没有这笔捐赠", en="No such donation"),
    "unknown_pledge": Title(zh="所填认捐不存在", en="Unknown pledge"),
    "unknown_organisation": Title(zh="登记册中没有该单位", en="Unknown organisation"),
    "wrong_party": Title(zh="该单位不能作为此方", en="Wrong kind of party"),
    "suspended_agency": Title(zh="该机构已被暂停", en="Agency is suspended"),
    "contradictory_donor": Title(zh="捐赠人信息相互矛盾", en="Contradictory donor"),
    "contradictory_terms": Title(zh="捐赠内容相互矛盾", en="Contradictory terms"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
    "pledge_mismatch": Title(zh="捐赠与认捐不符", en="Donation does not match the pledge"),
    "pledge_not_open": Title(zh="认捐已全部到账", en="Nothing of the pledge is open"),
    "reference_taken": Title(zh="该编号已被使用", en="Reference taken"),
    "bank_reference_used": Title(zh="银行流水号已被使用", en="Bank reference used before"),
    "contradictory_schedule": Title(zh="分期安排有误", en="Contradictory schedule"),
    "pledge_closed": Title(zh="认捐已无可撤销部分", en="Nothing of the pledge is left to cancel"),
    "announcement_not_found": Title(zh="没有这份捐赠申报", en="No such announcement"),
    "line_decided": Title(zh="该分项已处理", en="Line decided before"),
    "unknown_line": Title(zh="没有该分项", en="Unknown line"),
    "split_mismatch": Title(zh="分项合计与总额不符", en="Lines do not sum to the amount"),
    "delegation": Title(zh="代录说明有误", en="Recording for another"),
    "donation_reversed": Title(zh="该捐赠已冲销", en="Donation was reversed"),
    "unknown_lot": Title(zh="没有这批资金", en="Unknown lot"),
    "more_than_left": Title(zh="超出剩余金额", en="More than is left"),
    "receipt_stands": Title(zh="须先作废已开具的票据", en="A receipt stands"),
    "unknown_donation": Title(zh="所填捐赠不存在", en="Unknown donation"),
    "refund_not_found": Title(zh="没有这笔退款", en="No such refund"),
    "refund_state": Title(zh="该退款已处理", en="Refund decided before"),
    "not_refundable": Title(zh="不能退还", en="Cannot go back"),
    "not_reversible": Title(zh="不能冲销", en="Cannot be reversed"),
    "consent_missing": Title(zh="缺少捐赠人同意日期", en="The donor's consent is missing"),
    "hold_missing": Title(zh="资金占用已失效", en="The hold is gone"),
    "batch_not_found": Title(zh="没有这个批次", en="No such batch"),
    "ledger_unavailable": Title(zh="账本服务暂不可用", en="The ledger does not answer"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
