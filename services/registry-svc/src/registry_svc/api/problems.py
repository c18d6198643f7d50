"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.problems import ProblemTable, Title

from registry_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.OrganisationNotFoundError: HTTPStatus.NOT_FOUND,
    errors.AlreadyRegisteredError: HTTPStatus.CONFLICT,
    errors.NameConflictError: HTTPStatus.CONFLICT,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DayOrderError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ChangeRequestNeededError: HTTPStatus.CONFLICT,
    errors.ChangeRequestNotFoundError: HTTPStatus.NOT_FOUND,
    errors.NoChangeError: HTTPStatus.CONFLICT,
    errors.ChangeRequestOpenError: HTTPStatus.CONFLICT,
    errors.ChangeRequestDecidedError: HTTPStatus.CONFLICT,
    errors.ChangeOutdatedError: HTTPStatus.CONFLICT,
    errors.SamePersonError: HTTPStatus.CONFLICT,
    errors.AlreadySuspendedError: HTTPStatus.CONFLICT,
    errors.NotSuspendedError: HTTPStatus.CONFLICT,
    errors.AlreadyListedError: HTTPStatus.CONFLICT,
    errors.NotListedError: HTTPStatus.CONFLICT,
    errors.StandingFullError: HTTPStatus.CONFLICT,
    errors.ImportUnreadableError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

TITLES: Final[Mapping[str, Title]] = {
    "organisation_not_found": Title(zh="登记册中没有该单位", en="No such organisation"),
    "already_registered": Title(zh="该单位已登记", en="Already registered"),
    "name_conflict": Title(zh="该代码已用另一名称登记", en="Registered under another name"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
    "day_order": Title(zh="日期先后不符", en="Dates in the wrong order"),
    "change_request_needed": Title(zh="更名须申请并经复核", en="Needs a change request"),
    "change_request_not_found": Title(zh="没有该变更申请", en="No such change request"),
    "no_change": Title(zh="与登记内容相同", en="Nothing would change"),
    "change_request_open": Title(zh="已有待复核的变更申请", en="Another request is open"),
    "change_request_decided": Title(zh="该变更申请已处理", en="Request already decided"),
    "change_outdated": Title(zh="登记内容已另行变更", en="Changed since it was asked for"),
    "same_person": Title(zh="经办与复核须为不同人员", en="Must be another person"),
    "already_suspended": Title(zh="该单位已被暂停", en="Already suspended"),
    "not_suspended": Title(zh="该单位未被暂停", en="Not suspended"),
    "already_listed": Title(zh="该单位已在异常名录", en="Already on the abnormal list"),
    "not_listed": Title(zh="该单位不在异常名录", en="Not on the abnormal list"),
    "standing_full": Title(zh="记录已达上限", en="Too many findings"),
    "import_unreadable": Title(zh="文件无法读取", en="File cannot be read"),
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
