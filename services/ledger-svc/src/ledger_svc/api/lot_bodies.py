"""What entries moved in a lot, as it goes out over HTTP."""

from uuid import UUID

from asyncpg import Record
from fundmix_events.money import text_from_minor

from ledger_svc.api.report_bodies import BehindRowOut, StatedOut, label_out, stated_in
from ledger_svc.domain.explanations import explanation_of
from ledger_svc.domain.selections import LotSelection, LotSide
from ledger_svc.fund_queries import LotMovements
from ledger_svc.queries_reports import Stated


class LotMovementOut(BehindRowOut):
    """What an entry moved in a lot; of `received`, what was taken back is below nothing."""


class LotMovementsOut(StatedOut):
    """`sum` is of all pages."""

    lot_id: UUID
    side: LotSide
    sum: str
    items: tuple[LotMovementOut, ...]
    next_cursor: str | None


def lot_movements_out(
    reading: Stated[LotMovements],
    asked: LotSelection,
    *,
    rows_shown: int,
    next_cursor: str | None,
) -> LotMovementsOut:
    found = reading.value
    return LotMovementsOut(
        **stated_in(reading, asked.agency),
        lot_id=asked.lot_id,
        side=asked.side,
        sum=text_from_minor(found.amount_minor),
        items=tuple(_lot_movement(row) for row in found.rows[:rows_shown]),
        next_cursor=next_cursor,
    )


def _lot_movement(row: Record) -> LotMovementOut:
    others = ("amount", "rule")
    return LotMovementOut(
        **{name: row[name] for name in LotMovementOut.model_fields if name not in others},
        rule=label_out(explanation_of(row["kind"])),
        amount=text_from_minor(row["amount_minor"]),
    )
