"""Suspension and standing as they go in over HTTP."""

from datetime import datetime
from typing import Annotated

from fundmix_events.day import Day
from fundmix_events.registry import CharityStatus, StandingSource, TaxQualificationKind
from fundmix_events.text import Name, Remark
from pydantic import Field

from registry_svc.api.bodies import BodyIn

Year = Annotated[int, Field(ge=1994, le=2199)]


class SuspendIn(BodyIn):
    """`from_on` may be to come: then it is announced."""

    reason: Remark
    from_on: Day


class ReinstateIn(BodyIn):
    reason: Remark


class SourceIn(BodyIn):
    """The document that says so, and its day."""

    document: Name
    issued_on: Day

    def recorded(self, *, by: str, at: datetime) -> StandingSource:
        return StandingSource(
            document=self.document, issued_on=self.issued_on, recorded_by=by, recorded_at=at
        )

    def __str__(self) -> str:
        return f"{self.document} ({self.issued_on})"


class AbnormalListingIn(BodyIn):
    listed_on: Day
    reason: Remark
    source: SourceIn


class AbnormalRemovalIn(BodyIn):
    removed_on: Day
    source: SourceIn


class CharityStatusIn(BodyIn):
    status: CharityStatus
    since_on: Day
    source: SourceIn


class TaxQualificationIn(BodyIn):
    kind: TaxQualificationKind
    years: Annotated[list[Year], Field(min_length=1, max_length=10)]
    source: SourceIn
