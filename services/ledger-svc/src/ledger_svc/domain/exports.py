"""What an export of the books holds, and on which day an entry stands there."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from ledger_svc.domain.errors import SpanInvalidError
from ledger_svc.domain.periods import last_day

MONTHS: Final = 12


class ExportFormat(StrEnum):
    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Posting periods from `first` to `last`, each 202403, or None: as far as the books go.

    `agency` None: the whole city's. Raises SpanInvalidError.
    """

    first: int | None = None
    last: int | None = None
    agency: str | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise SpanInvalidError(f"{self.last} is before {self.first}", pointer="#query/to")


def first_day(period: int) -> date:
    return date(*divmod(period, 100), 1)


def day_after(period: int) -> date:
    return last_day(period) + timedelta(days=1)


def period_before(period: int) -> int:
    return period - 1 if period % 100 > 1 else (period // 100 - 1) * 100 + MONTHS


def booked_on(value_on: date, period: int) -> date:
    """The value date; for what came after its month was closed, the first day it is posted in.

    So the balances at the end of a posting period are those of the period, and what was closed
    stays as it was.
    """
    return max(value_on, first_day(period))
