"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from ledger_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.EntryNotFoundError: HTTPStatus.NOT_FOUND,
    errors.SpanReversedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "entry_not_found": Title(zh="没有这条分录", en="No such entry"),
    "span_reversed": Title(zh="期间的终点早于起点", en="The span ends before it begins"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
