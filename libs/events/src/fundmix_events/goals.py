"""Events about goals: where the city or an agency stands against the limits of its mix."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day


class Basis(StrEnum):
    """What income is measured by: cash by its value date, or what was earned."""

    RECEIVED = "received"
    RECOGNISED = "recognised"


class GoalState(StrEnum):
    """`at_risk`: the reading and the projection to the end of the year do not agree."""

    MET = "met"
    MISSED = "missed"
    AT_RISK = "at_risk"
    # There is no income to have a share of.
    UNKNOWN = "unknown"


class GoalStatusChanged(FundingEvent):
    """A goal is kept now and was not, or the other way round; `was` is None for its first status.

    `aggregate_version` counts the changes of the status, `goal_version` those of its limits.
    """

    type: ClassVar[str] = "ledger.goal_status_changed"
    topic: ClassVar[str] = topics.LEDGER_REQUESTS

    goal_id: UUID
    goal_version: int = Field(ge=1)
    agency: CreditCode | None = Field(description="None: the goal is the city's.")
    year: Annotated[int, Field(ge=1949, le=2199)]
    basis: Basis
    was: GoalState | None
    status: GoalState
    on: Day = Field(description="The day that was read.")
    seq: int = Field(ge=0, description="The last entry that the reading counts.")

    @property
    def key(self) -> str:
        return str(self.goal_id)
