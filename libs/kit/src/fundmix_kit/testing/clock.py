"""A clock that stands still until a test moves it."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from fundmix_kit.clock import day_of

# Eight in the morning in the city.
A_MORNING: Final = datetime(2025, 3, 3, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime = A_MORNING) -> None:
        assert now.tzinfo is not None, "a clock without a time zone"
        self._now = now

    def now(self) -> datetime:
        return self._now

    def today(self) -> date:
        return day_of(self._now)

    def advance(self, by: timedelta) -> None:
        self._now += by
