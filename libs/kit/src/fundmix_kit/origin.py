"""Who caused a change, and in which request: stamped on every event."""

from dataclasses import dataclass

from fundmix_events.envelope import Actor


@dataclass(frozen=True, kw_only=True)
class Origin:
    actor: Actor
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
