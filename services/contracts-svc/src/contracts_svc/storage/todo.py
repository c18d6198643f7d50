"""What waits for an officer: found by the state and due date of instalments."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection

LIST: Final = """
    SELECT i.due_on, i.contract_id, i.number AS instalment_number, c.number AS contract_number,
           i.state, i.amount_minor - i.deduction_minor AS payable_minor, c.currency
    FROM instalment i JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND ((i.state = 'scheduled' AND i.due_on <= $3)
           OR (i.state = 'approved' AND i.approved_by <> $2))
      AND (i.due_on, i.contract_id, i.number) > ($4, $5, $6)
    ORDER BY i.due_on, i.contract_id, i.number
    LIMIT $7
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TodoRow:
    due_on: date
    contract_id: UUID
    contract_number: str
    instalment_number: int
    state: str
    payable_minor: int
    currency: str


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    subject: str,
    today: date,
    after: tuple[date, UUID, int],
    rows_max: int,
) -> list[TodoRow]:
    rows = await connection.fetch(LIST, org, subject, today, *after, rows_max)
    return [TodoRow(**dict(row)) for row in rows]
