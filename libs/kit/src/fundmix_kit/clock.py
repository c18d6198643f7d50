"""Time comes in through here, at the edge; everything inside takes it as an argument."""

from datetime import UTC, date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

# Days and fiscal years are the calendar of the city; instants are UTC.
CITY_TIME: Final = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime: ...

    def today(self) -> date: ...


def day_of(instant: datetime) -> date:
    """The day in the city at an instant."""
    return instant.astimezone(CITY_TIME).date()


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is the one place that asks the machine

    def today(self) -> date:
        return day_of(self.now())
