"""A day is read only as it is written everywhere else."""

import json
from datetime import UTC, date, datetime

import pytest
from fundmix_events.day import FIRST_DAY, Day
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

DAY: TypeAdapter[date] = TypeAdapter(Day)


@given(st.dates(min_value=FIRST_DAY))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    assert DAY.validate_python(day) == day
    assert DAY.validate_python(day.isoformat()) == day
    assert DAY.validate_json(DAY.dump_json(day)) == day


@pytest.mark.parametrize(
    "sent",
    [
        0,
        0.0,
        True,
        None,
        "",
        "0",
        "1704067200",
        "20240101",
        "2024-1-1",
        "2024-W01-1",
        "2024-01-01T00:00:00",
        " 2024-01-01",
        "2024-01-01\n",
        "２０２４-01-01",
        datetime(2024, 1, 1, tzinfo=UTC),
    ],
)
def test_nothing_else_is_taken_for_a_day(sent: object) -> None:
    with pytest.raises(ValidationError) as refused:
        DAY.validate_python(sent)
    assert refused.value.errors()[0]["type"] == "day_not_written_so"

    with pytest.raises(ValidationError) as refused:
        DAY.validate_json(json.dumps(sent, default=str))
    assert refused.value.errors()[0]["type"] == "day_not_written_so"


@pytest.mark.parametrize("sent", ["2023-02-29", "2024-13-01", "0000-01-01"])
def test_a_day_must_be_in_the_calendar(sent: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(sent)
    with pytest.raises(ValidationError) as refused:
        DAY.validate_json(json.dumps(sent))

    assert refused.value.errors()[0]["type"] == "date_from_datetime_parsing"


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1948, 12, 31)])
def test_no_day_is_before_those_of_the_books(day: date) -> None:
    with pytest.raises(ValidationError) as refused:
        DAY.validate_python(day)
    assert refused.value.errors()[0]["type"] == "day_too_early"

    with pytest.raises(ValidationError) as refused:
        DAY.validate_json(json.dumps(str(day)))
    assert refused.value.errors()[0]["type"] == "day_too_early"
    assert refused.value.errors()[0]["msg"] == "no day is before 1949-01-01"


def test_a_day_is_a_date_to_others() -> None:
    assert DAY.json_schema() == {"type": "string", "format": "date"}
