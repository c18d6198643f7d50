"""JSON Schemas of what is on the topics, for readers that are not written in Python."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from fundmix_events.base import FundingEvent
from fundmix_events.codec import body_class
from fundmix_events.envelope import schema_urn


def schema_name(event_class: type[FundingEvent]) -> str:
    return f"{event_class.type}.v{event_class.version}"


def schema_of(event_class: type[FundingEvent]) -> dict[str, Any]:
    """The schema of a whole message body, under the name that its `ce_dataschema` gives."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": schema_urn(event_class.type, event_class.version),
        # As it is read: a field with a default may be missing from a message of an earlier day.
        **body_class(event_class).model_json_schema(mode="validation"),
        "title": schema_name(event_class),
        "description": event_class.__doc__,
    }
