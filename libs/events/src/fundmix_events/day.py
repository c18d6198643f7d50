"""A day of the calendar, written like 2024-02-29 and in no other way."""

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

WRITTEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _as_written(value: object) -> object:
    """Pydantic reads 0 and "0" as days too: as seconds since 1970."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    is_written = isinstance(value, str) and WRITTEN.fullmatch(value) is not None
    if not (is_day or is_written):
        raise PydanticCustomError("day_not_written_so", "a day is written like 2024-02-29")
    return value


Day = Annotated[date, BeforeValidator(_as_written)]
