"""What is around an event on a topic: CloudEvents 1.0 attributes in Kafka's binary mode."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from fundmix_events.ids import read_uuid

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json"
NUMBER_MAX: Final = 2**62
NUMBER_DIGITS_MAX: Final = len(str(NUMBER_MAX))
VERSION: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
# What they say is the same in all events of one kind.
KIND_HEADERS: Final = ("ce_specversion", "content-type", "ce_source", "ce_type", "ce_dataschema")


class Actor(BaseModel):
    """Who acted: the subject of the token, in which role, for which organisation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: str
    role: str
    org: str | None = None


class MalformedEnvelopeError(ValueError):
    """A message whose headers are not those of one of our events."""

    code: Final = "malformed_envelope"


class Envelope(NamedTuple):
    """The attributes of one event; `number` is its dense place in its topic's partition."""

    id: UUID
    source: str
    type: str
    version: int
    time: datetime
    number: int
    traceparent: str | None = None

    @property
    def dataschema(self) -> str:
        return schema_urn(self.type, self.version)

    def to_headers(self) -> list[tuple[str, bytes]]:
        headers = [
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", str(self.id)),
            ("ce_source", self.source),
            ("ce_type", self.type),
            ("ce_time", self.time.isoformat()),
            ("ce_sequence", str(self.number)),
            ("ce_dataschema", self.dataschema),
            ("content-type", CONTENT_TYPE),
        ]
        if self.traceparent is not None:
            headers.append(("traceparent", self.traceparent))
        return [(name, value.encode()) for name, value in headers]

    @staticmethod
    def from_headers(headers: Sequence[tuple[str, bytes]]) -> "Envelope":
        """Of a header that comes twice the first counts.

        Raises MalformedEnvelopeError, naming the header.
        """
        values = dict(reversed(headers))
        kind = _kind(*map(values.get, KIND_HEADERS))
        trace = values.get("traceparent")
        return Envelope(
            id=_uuid(values),
            source=kind.source,
            type=kind.type,
            version=kind.version,
            time=_instant(values),
            number=_number(values.get("ce_sequence")),
            traceparent=None if trace is None else _decoded("traceparent", trace),
        )


class _Kind(NamedTuple):
    source: str
    type: str
    version: int


def schema_urn(event_type: str, version: int | str) -> str:
    """The name of the schema that one version of an event's body keeps."""
    return f"urn:fundmix:event:{event_type}:v{version}"


def number_of(headers: Sequence[tuple[str, bytes]]) -> int:
    """The number alone, so that a message that is otherwise broken still has its place.

    Raises MalformedEnvelopeError.
    """
    return _number(dict(reversed(headers)).get("ce_sequence"))


def _number(raw: bytes | None) -> int:
    if raw is None:
        raise MalformedEnvelopeError("header ce_sequence is missing")
    number = int(raw) if raw.isdigit() and len(raw) <= NUMBER_DIGITS_MAX else 0
    if not 0 < number <= NUMBER_MAX:
        raise MalformedEnvelopeError("header ce_sequence is not a positive whole number")
    return number


# The same few stand in all messages.
@lru_cache(maxsize=256)
def _kind(*values: bytes | None) -> _Kind:
    """Of the values of KIND_HEADERS, in their order."""
    headers: Mapping[str, bytes | None] = dict(zip(KIND_HEADERS, values, strict=True))
    for name, wanted in (("ce_specversion", SPEC_VERSION), ("content-type", CONTENT_TYPE)):
        if _text(headers, name) != wanted:
            raise MalformedEnvelopeError(f"header {name} is not {wanted}")
    event_type = _text(headers, "ce_type")
    return _Kind(
        source=_text(headers, "ce_source"),
        type=event_type,
        version=_version(event_type, _text(headers, "ce_dataschema")),
    )


def _version(event_type: str, schema: str) -> int:
    version = schema.rpartition(":v")[2]
    if schema != schema_urn(event_type, version) or VERSION.fullmatch(version) is None:
        raise MalformedEnvelopeError("header ce_dataschema does not name a version of ce_type")
    return int(version)


def _text(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise MalformedEnvelopeError(f"header {name} is missing")
    return _decoded(name, value)


def _decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise MalformedEnvelopeError(f"header {name} is not UTF-8") from error


def _uuid(headers: Mapping[str, bytes]) -> UUID:
    text = _text(headers, "ce_id")
    try:
        return read_uuid(text)
    except ValidationError as error:
        raise MalformedEnvelopeError("header ce_id is not a UUID") from error


def _instant(headers: Mapping[str, bytes]) -> datetime:
    text = _text(headers, "ce_time")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEnvelopeError("header ce_time is not an instant") from error
    if instant.tzinfo is None:
        raise MalformedEnvelopeError("header ce_time has no time zone")
    return instant
