"""The clocks of contracts: kept where they arise, and looked at together."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from asyncpg import Record
from fundmix_events.obligations import ObligationKind
from fundmix_kit.database import Connection

from contracts_svc.domain.errors import ObligationNotFoundError
from contracts_svc.domain.obligation import Obligation

FIND: Final = """
    SELECT * FROM obligation WHERE contract_id = $1 AND kind = $2 AND reference = $3
"""
LIST: Final = """
    SELECT o.*, c.number AS contract_number, c.buyer, c.agency
    FROM obligation o JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1 OR c.agency = $1)
      AND ($2::text IS NULL OR o.kind = $2)
      AND $3::date IS NOT NULL AND {condition}
      AND (o.due_on, o.contract_id, o.kind, o.reference) > ($4, $5, $6, $7)
    ORDER BY o.due_on, o.contract_id, o.kind, o.reference
    LIMIT $8
"""
# Each state is a statement of its own, so that what is open is found by its indexes.
LIST_BY_STATE: Final = {
    None: LIST.replace("{condition}", "true"),
    "open": LIST.replace("{condition}", "o.met_on IS NULL"),
    "overdue": LIST.replace("{condition}", "o.met_on IS NULL AND o.due_on < $3"),
    "met": LIST.replace("{condition}", "o.met_on IS NOT NULL"),
    "late": LIST.replace("{condition}", "o.met_on > o.due_on"),
}
OVERDUE: Final = """
    SELECT o.* FROM obligation o
    WHERE o.met_on IS NULL AND o.due_on < $1
      AND NOT EXISTS (
          SELECT FROM overdue_notice n
          WHERE n.contract_id = o.contract_id AND n.kind = o.kind AND n.reference = o.reference
      )
    ORDER BY o.due_on, o.contract_id, o.kind, o.reference
    LIMIT $2
"""
NOTE: Final = """
    INSERT INTO overdue_notice (contract_id, kind, reference, announced_on)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING true
"""
MEET: Final = {
    ObligationKind.PUBLISH_CONTRACT: """
        UPDATE contract SET published_on = $3 WHERE contract_id = $1 AND $2 = 0
    """,
    ObligationKind.FILE_CONTRACT: """
        UPDATE contract SET filed_on = $3 WHERE contract_id = $1 AND $2 = 0
    """,
    ObligationKind.PUBLISH_AMENDMENT: """
        UPDATE amendment SET published_on = $3 WHERE contract_id = $1 AND number = $2
    """,
    ObligationKind.PUBLISH_ACCEPTANCE: """
        UPDATE acceptance SET published_on = $3 WHERE contract_id = $1 AND number = $2
    """,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ObligationRow:
    contract_id: UUID
    contract_number: str
    buyer: str
    agency: str
    obligation: Obligation


async def find(
    connection: Connection, contract_id: UUID, kind: ObligationKind, reference: int
) -> Obligation:
    """Raises ObligationNotFoundError."""
    row = await connection.fetchrow(FIND, contract_id, kind, reference)
    if row is None:
        raise ObligationNotFoundError(f"this contract has no {kind} {reference}")
    return _obligation(row)


async def save_met(connection: Connection, contract_id: UUID, obligation: Obligation) -> None:
    await connection.execute(
        MEET[obligation.kind], contract_id, obligation.reference, obligation.met_on
    )


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    kind: ObligationKind | None,
    state: str | None,
    today: date,
    after: tuple[date, UUID, str, int],
    rows_max: int,
) -> list[ObligationRow]:
    rows = await connection.fetch(LIST_BY_STATE[state], org, kind, today, *after, rows_max)
    return [
        ObligationRow(
            contract_id=row["contract_id"],
            contract_number=row["contract_number"],
            buyer=row["buyer"],
            agency=row["agency"],
            obligation=_obligation(row),
        )
        for row in rows
    ]


async def list_unannounced(
    connection: Connection, *, today: date, rows_max: int
) -> list[tuple[UUID, Obligation]]:
    """Overdue, and nobody has said so."""
    rows = await connection.fetch(OVERDUE, today, rows_max)
    return [(row["contract_id"], _obligation(row)) for row in rows]


async def note_overdue(
    connection: Connection, contract_id: UUID, obligation: Obligation, *, today: date
) -> bool:
    """False when it was said before."""
    is_new = await connection.fetchval(
        NOTE, contract_id, obligation.kind, obligation.reference, today
    )
    return bool(is_new)


def _obligation(row: Record) -> Obligation:
    return Obligation(
        kind=ObligationKind(row["kind"]),
        reference=row["reference"],
        arose_on=row["arose_on"],
        due_on=row["due_on"],
        met_on=row["met_on"],
    )
