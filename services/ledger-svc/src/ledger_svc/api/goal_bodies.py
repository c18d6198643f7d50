"""What goes in and out over HTTP about goals."""

import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Self
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.goals import Basis, GoalState
from fundmix_events.money import Amount, Money
from fundmix_events.text import Remark
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ledger_svc.domain.goal import Goal, Limits, Minimum
from ledger_svc.domain.mix import shown
from ledger_svc.storage.goals import GoalStatus, StandingGoal

RATIO: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?", re.ASCII)


def _ratio(value: object) -> object:
    """As text, like money: a number of JSON need not be the one that was written."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not RATIO.fullmatch(value):
        raise PydanticCustomError("ratio_invalid", 'a ratio is text, like "0.850000"')
    return Decimal(value)


RatioText = Annotated[
    Decimal,
    BeforeValidator(_ratio),
    WithJsonSchema({"type": "string", "pattern": rf"^{RATIO.pattern}$", "examples": ["0.850000"]}),
]
Share = Annotated[RatioText, Field(ge=0, le=1)]
Growth = Annotated[RatioText, Field(ge=-1, le=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MinimumIn(_Body):
    """The least that a channel has to give: an amount, a share, or both."""

    amount: Amount | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.amount is None and self.share is None:
            raise PydanticCustomError("minimum_empty", "a minimum has an amount or a share")
        return self


class LimitsIn(_Body):
    """The limits, and `basis`: what they are measured by. A limit that is left out is none."""

    basis: Basis = Basis.RECEIVED
    government_share_max: Share | None = None
    hhi_max: Share | None = None
    procurement_growth_min: Growth | None = None
    channel_minimums: dict[Channel, MinimumIn] = Field(default_factory=dict[Channel, MinimumIn])
    audited_income: Amount | None = None
    reason: Remark | None = None

    def limits(self) -> Limits:
        return Limits(
            basis=self.basis,
            government_share_max=_fraction(self.government_share_max),
            hhi_max=_fraction(self.hhi_max),
            procurement_growth_min=_fraction(self.procurement_growth_min),
            channel_minimums={
                channel: Minimum(
                    amount_minor=_minor(minimum.amount), share=_fraction(minimum.share)
                )
                for channel, minimum in self.channel_minimums.items()
            },
            audited_income_minor=_minor(self.audited_income),
        )


class GoalIn(LimitsIn):
    """Without `agency` it is the city's goal."""

    agency: CreditCode | None = None
    year: Annotated[int, Field(ge=1949, le=2199, strict=True)]


class MinimumOut(BaseModel):
    amount: Money | None
    share: str | None


class GoalVersionOut(BaseModel):
    """What somebody has set: limits as ratios of six places, and amounts."""

    version: int
    basis: Basis
    government_share_max: str | None
    hhi_max: str | None
    procurement_growth_min: str | None
    channel_minimums: dict[Channel, MinimumOut]
    audited_income: Money | None
    reason: str | None
    set_by: str
    set_at: datetime


class GoalStatusOut(BaseModel):
    """Where the goal stands, since the reading at `since_seq`."""

    status: GoalState
    since_seq: int
    since_on: date


class GoalOut(GoalVersionOut):
    """The version that counts. `standing` is null until the clock has looked."""

    goal_id: UUID
    agency: str | None
    year: int
    standing: GoalStatusOut | None


class GoalWithVersionsOut(GoalOut):
    versions: list[GoalVersionOut]


def goal_out(found: StandingGoal) -> GoalOut:
    goal = found.goal
    return GoalOut(
        **dict(goal_version_out(goal)),
        goal_id=goal.goal_id,
        agency=goal.agency,
        year=goal.year,
        standing=_standing_out(found.standing),
    )


def goal_with_versions_out(found: StandingGoal, versions: list[Goal]) -> GoalWithVersionsOut:
    return GoalWithVersionsOut(
        **dict(goal_out(found)), versions=[goal_version_out(goal) for goal in versions]
    )


def goal_version_out(goal: Goal) -> GoalVersionOut:
    limits = goal.limits
    return GoalVersionOut(
        version=goal.version,
        basis=limits.basis,
        government_share_max=_text(limits.government_share_max),
        hhi_max=_text(limits.hhi_max),
        procurement_growth_min=_text(limits.procurement_growth_min),
        channel_minimums={
            channel: MinimumOut(amount=_money(minimum.amount_minor), share=_text(minimum.share))
            for channel, minimum in limits.channel_minimums.items()
        },
        audited_income=_money(limits.audited_income_minor),
        reason=goal.reason,
        set_by=goal.set_by,
        set_at=goal.set_at,
    )


def _standing_out(standing: GoalStatus | None) -> GoalStatusOut | None:
    if standing is None:
        return None
    return GoalStatusOut.model_validate(standing, from_attributes=True)


def _fraction(ratio: Decimal | None) -> Fraction | None:
    return None if ratio is None else Fraction(ratio)


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.amount_minor


def _money(amount_minor: int | None) -> Money | None:
    return None if amount_minor is None else Money.of(amount_minor)


def _text(ratio: Fraction | None) -> str | None:
    return None if ratio is None else str(shown(ratio))
