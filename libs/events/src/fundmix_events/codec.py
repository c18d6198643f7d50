"""Bytes of a topic to an event and back; what cannot be read is refused with its reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from fundmix_events.base import FundingEvent
from fundmix_events.envelope import Actor, Envelope

EventT = TypeVar("EventT", bound=FundingEvent)


class UndecodableMessageError(ValueError):
    """A message that can never be read by this code.

    UndecodableMessageError
    ├── UnknownTypeError      no event class of that type
    ├── UnknownVersionError   the type is known, not in that version
    └── InvalidBodyError      not JSON, or not as the schema says
    """

    code: ClassVar[str] = "undecodable"


class UnknownTypeError(UndecodableMessageError):
    code = "unknown_type"


class UnknownVersionError(UndecodableMessageError):
    code = "unknown_version"


class InvalidBodyError(UndecodableMessageError):
    code = "invalid_body"


class Body(BaseModel, Generic[EventT]):
    """The JSON of a message: who caused the event, and the event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    actor: Actor
    correlation_id: str
    causation_id: str | None = None
    data: EventT


class Message(NamedTuple):
    """A decoded event with everything that came around it."""

    envelope: Envelope
    actor: Actor
    correlation_id: str
    causation_id: str | None
    event: FundingEvent

    @property
    def id(self) -> UUID:
        return self.envelope.id


@dataclass(slots=True)
class _Written(Generic[EventT]):
    """A body that is about to be written: what it is made of was checked before."""

    actor: Actor
    correlation_id: str
    causation_id: str | None
    data: EventT


@cache
def body_class(event_class: type[EventT]) -> type[Body[EventT]]:
    return Body[event_class]


@cache
def _writer(event_class: type[FundingEvent]) -> Callable[[_Written[Any]], bytes]:
    written = cast("Any", _Written)[event_class]
    return TypeAdapter[Any](written).serializer.to_json


def encode_body(
    event: FundingEvent, *, actor: Actor, correlation_id: str, causation_id: str | None
) -> bytes:
    body = _Written(actor, correlation_id, causation_id, event)
    return _writer(type(event))(body)


class Codec:
    """Reads the event classes it was given, by type and version."""

    def __init__(self, event_classes: Iterable[type[FundingEvent]]) -> None:
        # Pydantic's own method would be one more call for every message.
        self._readers = {
            (c.type, c.version): body_class(c).__pydantic_validator__.validate_json
            for c in event_classes
        }
        self._types = {event_type for event_type, _ in self._readers}

    def decode(self, envelope: Envelope, value: bytes) -> Message:
        """Raises UndecodableMessageError."""
        read = self._readers.get((envelope.type, envelope.version))
        if read is None:
            raise self._unknown(envelope)
        try:
            body = read(value)
        except ValidationError as error:
            raise InvalidBodyError(_reasons(error)) from error
        return Message(envelope, body.actor, body.correlation_id, body.causation_id, body.data)

    def _unknown(self, envelope: Envelope) -> UndecodableMessageError:
        if envelope.type not in self._types:
            return UnknownTypeError(f"no event is called {envelope.type}")
        return UnknownVersionError(f"{envelope.type} has no version {envelope.version}")


def _reasons(error: ValidationError) -> str:
    """Where and why, without the values: they may be somebody's."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"/{'/'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:10])
