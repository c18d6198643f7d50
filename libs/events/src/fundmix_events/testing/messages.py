"""Events as they come from a topic."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from fundmix_events.base import FundingEvent
from fundmix_events.codec import encode_body
from fundmix_events.envelope import Actor, Envelope

ACTOR: Final = Actor(subject="tester", role="admin")
RECORDED_AT: Final = datetime(2024, 3, 1, 1, 30, tzinfo=UTC)


def message_of(
    event: FundingEvent, *, number: int = 1, event_id: UUID | None = None
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value, as a relay sends them."""
    envelope = Envelope(
        id=event_id or uuid4(),
        source="/test",
        type=event.type,
        version=event.version,
        time=RECORDED_AT,
        number=number,
    )
    body = encode_body(event, actor=ACTOR, correlation_id="c-1", causation_id=None)
    return envelope.to_headers(), body
