"""A day of the calendar from 1949 on, written like 2024-02-29 and in no other way.

No book or register of the city is older. A database takes the first day there is for one before all
others, which is in no month.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

WRITTEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
NOT_WRITTEN_SO: Final = "day_not_written_so"
HOW_WRITTEN: Final = "a day is written like 2024-02-29"
FIRST_DAY: Final = date(1949, 1, 1)


def _as_written(value: object) -> date:
    """Pydantic reads 0 and "0" as days too: as seconds since 1970."""
    if isinstance(value, str):
        return _remembered(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise PydanticCustomError(NOT_WRITTEN_SO, HOW_WRITTEN)
    return _not_too_early(value)


# The same days stand in nearly every event.
@lru_cache(maxsize=4_096)
def _remembered(text: str) -> date:
    if WRITTEN.fullmatch(text) is None:
        raise PydanticCustomError(NOT_WRITTEN_SO, HOW_WRITTEN)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticKnownError("date_from_datetime_parsing", {"error": str(error)}) from error
    return _not_too_early(day)


def _not_too_early(day: date) -> date:
    if day < FIRST_DAY:
        raise PydanticCustomError(
            "day_too_early", "no day is before {first}", {"first": str(FIRST_DAY)}
        )
    return day


class _RememberedInJson:
    """In JSON a day is text, and can be looked up: no function of ours runs for one that is known.

    Read by `_as_written` and pydantic, a day takes longer.
    """

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.custom_error_schema(
            core_schema.str_schema(strict=True), NOT_WRITTEN_SO, custom_error_message=HOW_WRITTEN
        )
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(_remembered, text),
            python_schema=handler(source),
            serialization=core_schema.simple_ser_schema("date"),
        )


Day = Annotated[
    date,
    BeforeValidator(_as_written),
    _RememberedInJson,
    WithJsonSchema({"type": "string", "format": "date"}),
]
