"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from ledger_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.AccountNotFoundError: HTTPStatus.NOT_FOUND,
    errors.BasisConflictError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EntryNotFoundError: HTTPStatus.NOT_FOUND,
    errors.RequestNotFoundError: HTTPStatus.NOT_FOUND,
    errors.HoldNotFoundError: HTTPStatus.NOT_FOUND,
    errors.UnknownOrganisationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongPartyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownFundError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TermsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ReferenceTakenError: HTTPStatus.CONFLICT,
    errors.OpeningBalanceTakenError: HTTPStatus.CONFLICT,
    errors.RequestStateError: HTTPStatus.CONFLICT,
    errors.SamePersonError: HTTPStatus.FORBIDDEN,
    errors.InsufficientFundsError: HTTPStatus.CONFLICT,
    errors.HoldConflictError: HTTPStatus.CONFLICT,
    errors.LotNotPostedError: HTTPStatus.CONFLICT,
    errors.ForeignHoldError: HTTPStatus.FORBIDDEN,
    errors.NotReversibleError: HTTPStatus.CONFLICT,
    errors.PeriodNotOverError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PeriodClosedError: HTTPStatus.CONFLICT,
    errors.QuarantineOpenError: HTTPStatus.CONFLICT,
    errors.LookupIncompleteError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SpanInvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.GoalNotFoundError: HTTPStatus.NOT_FOUND,
    errors.GoalExistsError: HTTPStatus.CONFLICT,
    errors.NoLimitsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileUnreadableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ImportNotReadyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "account_not_found": Title(zh="没有这个科目余额户", en="No such account"),
    "basis_conflict": Title(
        zh="记账口径与日期口径不能同时使用", en="As booked and by days are two questions"
    ),
    "entry_not_found": Title(zh="没有这条分录", en="No such entry"),
    "request_not_found": Title(zh="没有这项申请", en="No such request"),
    "hold_not_found": Title(zh="没有这笔资金占用", en="No such hold"),
    "unknown_organisation": Title(zh="登记册中没有该单位", en="Unknown organisation"),
    "wrong_party": Title(zh="该单位不能作为此方", en="Wrong kind of party"),
    "unknown_fund": Title(zh="没有这项资金", en="No such fund"),
    "contradictory_terms": Title(zh="申请内容相互矛盾", en="Contradictory terms"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
    "reference_taken": Title(zh="该编号已被使用", en="Reference taken"),
    "opening_balance_taken": Title(zh="期初余额已登记", en="Opening balance recorded before"),
    "request_state": Title(zh="申请已处理", en="Request decided before"),
    "same_person": Title(zh="经办与复核须为不同人员", en="Preparer and reviewer are the same"),
    "insufficient_funds": Title(zh="资金余额不足", en="Not enough in the fund"),
    "lot_not_posted": Title(zh="该笔资金尚未入账", en="Not posted yet"),
    "foreign_hold": Title(zh="不能处理该项资金占用", en="Hold of another kind"),
    "hold_conflict": Title(zh="资金占用有冲突", en="Hold of other terms or state"),
    "not_reversible": Title(zh="该分录不能冲销", en="Entry cannot be reversed"),
    "period_not_over": Title(zh="该期间尚未结束", en="Period not over"),
    "period_closed": Title(zh="该期间已结账", en="Period closed"),
    "quarantine_open": Title(zh="有待处理的隔离消息", en="Events wait for a decision"),
    "lookup_incomplete": Title(zh="查询条件不完整", en="The look-up is incomplete"),
    "span_invalid": Title(zh="起止期间无效", en="No such span"),
    "goal_not_found": Title(zh="没有这个目标", en="No such goal"),
    "goal_exists": Title(zh="该年度已有目标", en="There is a goal for that year"),
    "no_limits": Title(zh="目标没有任何限值", en="A goal without a limit"),
    "file_unreadable": Title(zh="文件无法读取", en="File cannot be read"),
    "import_not_ready": Title(zh="导入内容尚不完整", en="Import is not ready"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
