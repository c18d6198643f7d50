"""The published schemas are those of the classes, and no version of one ever breaks its readers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.catalogue import CODEC, EVENT_CLASSES
from fundmix_events.compatibility import breaking_changes
from fundmix_events.envelope import Envelope
from fundmix_events.schemas import schema_name, schema_of
from fundmix_events.testing import samples
from fundmix_events.testing.messages import message_of
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

ROOT: Final = Path(__file__).parents[3]
SCHEMAS: Final = ROOT / "schemas" / "events"
EXAMPLES: Final = Path(__file__).parent / "examples"
FORMATS: Final = FormatChecker(["date", "uuid"])

each_class = pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=schema_name)
each_example = pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda p: p.stem)


@FORMATS.checks("date-time", raises=ValueError)
def is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def published(event_class: type[FundingEvent]) -> dict[str, Any]:
    return json.loads(path_of(event_class).read_text(encoding="utf-8"))


def path_of(event_class: type[FundingEvent]) -> Path:
    return SCHEMAS / f"{schema_name(event_class)}.json"


def errors_of(body: Any, schema: dict[str, Any]) -> list[ValidationError]:
    validator: Any = Draft202012Validator(schema, format_checker=FORMATS)
    return list(validator.iter_errors(body))


def formats_in(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for keyword, value in schema.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
            if keyword == "format" and isinstance(value, str):
                yield value
            yield from formats_in(value)  # pyright: ignore[reportUnknownArgumentType]  # JSON
    elif isinstance(schema, list):
        for value in schema:  # pyright: ignore[reportUnknownVariableType]  # JSON
            yield from formats_in(value)  # pyright: ignore[reportUnknownArgumentType]  # JSON


def committed(path: Path) -> list[dict[str, Any]]:
    """What a file was in each commit that changed it, the last one first."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    name = path.relative_to(ROOT).as_posix()
    commits = git("log", "--format=%H", "--diff-filter=d", "--", name).split()
    return [json.loads(git("show", f"{commit}:{name}")) for commit in commits]


def test_each_event_has_its_schema_and_there_are_no_others() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} == {path_of(c).name for c in EVENT_CLASSES}


@each_class
def test_the_published_schema_is_that_of_the_class(event_class: type[FundingEvent]) -> None:
    assert published(event_class) == schema_of(event_class), "run: make schemas"


@each_class
def test_a_schema_is_one_and_goes_by_the_name_in_the_headers(
    event_class: type[FundingEvent],
) -> None:
    schema = published(event_class)

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:fundmix:event:{event_class.type}:v{event_class.version}"
    assert schema["description"]


@each_class
def test_every_format_in_a_schema_is_checked_by_these_tests(
    event_class: type[FundingEvent],
) -> None:
    assert set(formats_in(published(event_class))) <= FORMATS.checkers.keys()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no history to compare with")
@each_class
def test_the_last_change_of_a_schema_broke_no_reader(event_class: type[FundingEvent]) -> None:
    now = schema_of(event_class)
    earlier = next((old for old in committed(path_of(event_class)) if old != now), now)

    assert breaking_changes(earlier, now) == []


def test_writing_the_schemas_changes_nothing() -> None:
    before = {path: path.read_bytes() for path in SCHEMAS.iterdir()}

    subprocess.run([sys.executable, str(ROOT / "tools" / "export_schemas.py")], check=True)

    assert {path: path.read_bytes() for path in SCHEMAS.iterdir()} == before


def test_there_is_an_example_of_each_version_of_each_event() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} >= set(map(schema_name, EVENT_CLASSES))


@each_example
def test_an_example_is_read_for_ever(path: Path) -> None:
    example = json.loads(path.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    envelope = Envelope.from_headers(headers)

    message = CODEC.decode(envelope, json.dumps(example["body"]).encode())

    assert path.stem == schema_name(type(message.event))
    assert message.event.key == example["key"]
    assert message.actor.subject == example["body"]["actor"]["subject"]
    assert envelope.to_headers() == headers


@each_example
def test_an_example_is_as_its_schema_says(path: Path) -> None:
    example = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS / path.name).read_text(encoding="utf-8"))

    assert example["headers"]["ce_dataschema"] == schema["$id"]
    assert errors_of(example["body"], schema) == []


@pytest.mark.parametrize(
    ("event", "place", "wrong"),
    [
        (samples.donation_received(), "amount", {"amount": 5, "currency": "CNY"}),
        (samples.donation_received(), "amount", {"amount": "5.000", "currency": "CNY"}),
        (samples.donation_received(), "amount", {"amount": "5.00"}),
        (samples.donation_received(), "agency", "52441900-AJC6XAY6DW"),
        (samples.donation_received(), "received_on", "2024-02-30"),
        (samples.donation_received(), "donation_id", "one"),
        (samples.donation_received(), "kind", "time"),
        (samples.donation_received(), "restricted_to", ""),
        (samples.contract_signed(), "instalments", []),
        (samples.contract_signed(), "aggregate_version", 0),
        (samples.entry_posted(), "posted_at", "yesterday"),
        (samples.entry_posted(), "payload_sha256", "0"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_a_schema_refuses_what_no_event_says(event: FundingEvent, place: str, wrong: Any) -> None:
    _, value = message_of(event)
    body = json.loads(value)
    schema = published(type(event))
    assert errors_of(body, schema) == []

    body["data"][place] = wrong

    assert errors_of(body, schema) != []
