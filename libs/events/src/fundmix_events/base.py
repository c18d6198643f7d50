"""What every event has: a type, a version, a topic, and the aggregate it is about."""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

AGGREGATE_VERSION_MAX: Final = 2**62


class FundingEvent(BaseModel):
    """A fact, in the past tense.

    Inside a version only optional fields are added, so readers ignore what they do not know;
    anything else is a new version, a class beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    version: ClassVar[int] = 1
    topic: ClassVar[str]

    aggregate_version: int = Field(
        ge=1, le=AGGREGATE_VERSION_MAX, description="Counts the changes of one aggregate from 1."
    )

    @property
    def key(self) -> str:
        """The aggregate's id: the message key, so that one aggregate's events stay in order."""
        raise AssertionError(f"{type(self).__name__} does not say its key")
