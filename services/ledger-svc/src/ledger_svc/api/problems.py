"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from ledger_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.EntryNotFoundError: HTTPStatus.NOT_FOUND,
    errors.GoalNotFoundError: HTTPStatus.NOT_FOUND,
    errors.GoalExistsError: HTTPStatus.CONFLICT,
    errors.NoLimitsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "entry_not_found": Title(zh="没有这条分录", en="No such entry"),
    "goal_not_found": Title(zh="没有这个目标", en="No such goal"),
    "goal_exists": Title(zh="该年度已有目标", en="There is a goal for that year"),
    "no_limits": Title(zh="目标没有任何限值", en="A goal without a limit"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
