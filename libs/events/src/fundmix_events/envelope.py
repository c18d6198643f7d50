"""What is around an event on a topic: CloudEvents 1.0 attributes in Kafka's binary mode."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json"
NUMBER_MAX: Final = 2**62
NUMBER_DIGITS_MAX: Final = len(str(NUMBER_MAX))
VERSION: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


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
        """Raises MalformedEnvelopeError, naming the header."""
        texts: dict[str, str] = {}
        for name, value in headers:
            try:
                texts[name] = value.decode()
            except UnicodeDecodeError as error:
                raise MalformedEnvelopeError(f"header {name} is not UTF-8") from error
        _require(texts, "ce_specversion", SPEC_VERSION)
        _require(texts, "content-type", CONTENT_TYPE)
        event_type = _text(texts, "ce_type")
        return Envelope(
            id=_uuid(texts),
            source=_text(texts, "ce_source"),
            type=event_type,
            version=_version(event_type, _text(texts, "ce_dataschema")),
            time=_instant(texts),
            number=number_of(headers),
            traceparent=texts.get("traceparent"),
        )


def schema_urn(event_type: str, version: int | str) -> str:
    """The name of the schema that one version of an event's body keeps."""
    return f"urn:fundmix:event:{event_type}:v{version}"


def number_of(headers: Sequence[tuple[str, bytes]]) -> int:
    """The number alone, so that a message that is otherwise broken still has its place.

    Raises MalformedEnvelopeError.
    """
    for name, value in headers:
        if name == "ce_sequence":
            return _number(value)
    raise MalformedEnvelopeError("header ce_sequence is missing")


def _number(raw: bytes) -> int:
    number = int(raw) if raw.isdigit() and len(raw) <= NUMBER_DIGITS_MAX else 0
    if not 0 < number <= NUMBER_MAX:
        raise MalformedEnvelopeError("header ce_sequence is not a positive whole number")
    return number


def _text(texts: Mapping[str, str], name: str) -> str:
    text = texts.get(name)
    if not text:
        raise MalformedEnvelopeError(f"header {name} is missing")
    return text


def _require(texts: Mapping[str, str], name: str, wanted: str) -> None:
    if _text(texts, name) != wanted:
        raise MalformedEnvelopeError(f"header {name} is not {wanted}")


# The same few schemas stand in all messages.
@lru_cache(maxsize=256)
def _version(event_type: str, schema: str) -> int:
    version = schema.rpartition(":v")[2]
    if schema != schema_urn(event_type, version) or VERSION.fullmatch(version) is None:
        raise MalformedEnvelopeError("header ce_dataschema does not name a version of ce_type")
    return int(version)


def _uuid(texts: Mapping[str, str]) -> UUID:
    text = _text(texts, "ce_id")
    try:
        return UUID(text)
    except ValueError as error:
        raise MalformedEnvelopeError("header ce_id is not a UUID") from error


def _instant(texts: Mapping[str, str]) -> datetime:
    text = _text(texts, "ce_time")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEnvelopeError("header ce_time is not an instant") from error
    if instant.tzinfo is None:
        raise MalformedEnvelopeError("header ce_time has no time zone")
    return instant
