"""What is near a day, and on its other side by another date, as it goes out over HTTP."""

from datetime import date, datetime
from uuid import UUID

from asyncpg import Record
from fundmix_kit.clock import day_of
from pydantic import BaseModel

from ledger_svc.domain.periods import period_of


class CutOffOut(BaseModel):
    """`reasons`: posted_other_side, occurred_other_side, booked_in_other_period."""

    seq: int
    event_id: UUID
    kind: str
    agency: str
    document: str | None
    occurred_on: date
    value_on: date
    posted_at: datetime
    period: int
    reasons: tuple[str, ...]


def cut_off_out(row: Record, *, around: date) -> CutOffOut:
    is_before = row["value_on"] <= around
    found = {
        "posted_other_side": (day_of(row["posted_at"]) <= around) != is_before,
        "occurred_other_side": (row["occurred_on"] <= around) != is_before,
        "booked_in_other_period": row["period"] != period_of(row["value_on"]),
    }
    return CutOffOut(
        **{name: row[name] for name in CutOffOut.model_fields if name != "reasons"},
        reasons=tuple(reason for reason, is_so in found.items() if is_so),
    )
