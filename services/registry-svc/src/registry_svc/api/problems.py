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
    errors.ImplausibleKindError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

TITLES: Final[Mapping[str, Title]] = {
    "organisation_not_found": Title(zh="登记册中没有该单位", en="No such organisation"),
    "already_registered": Title(zh="该单位已登记", en="Already registered"),
    "name_conflict": Title(zh="该代码已用另一名称登记", en="Registered under another name"),
    "implausible_kind": Title(zh="单位类型与代码不符", en="Kind does not fit the code"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
