"""What waits for an officer or an agency: found by the state and due date of what they do.

A row of an evaluation has the number 0: of a contract there is one at most, the final one, for
only that takes something off.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.roles import Role
from fundmix_kit.database import Connection

INSTALMENTS: Final = """
    SELECT i.due_on, i.contract_id, i.number AS instalment_number, c.number AS contract_number,
           i.state, i.amount_minor - i.deduction_minor AS payable_minor, c.currency
    FROM instalment i JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND ((i.state = 'scheduled' AND i.due_on <= $3)
           OR (i.state = 'approved' AND i.approved_by <> $2))
      AND (i.due_on, i.contract_id, i.number) > ($4, $5, $6)
"""
OBJECTIONS: Final = """
    SELECT e.objections_until AS due_on, e.contract_id, 0 AS instalment_number,
           c.number AS contract_number, 'objected' AS state,
           e.proposed_deduction_minor AS payable_minor, e.currency
    FROM evaluation e JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND e.state = 'published' AND e.accepted_on IS NULL AND e.decided_on IS NULL
      AND e.objected_on IS NOT NULL AND e.published_by <> $2
      AND (e.objections_until, e.contract_id, 0) > ($4, $5, $6)
"""
RESULTS: Final = """
    SELECT e.objections_until AS due_on, e.contract_id, 0 AS instalment_number,
           c.number AS contract_number, 'published' AS state,
           e.proposed_deduction_minor AS payable_minor, e.currency
    FROM evaluation e JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.agency = $1) AND $2::text IS NOT NULL
      AND e.state = 'published' AND e.accepted_on IS NULL AND e.decided_on IS NULL
      AND e.objected_on IS NULL AND e.objections_until >= $3
      AND (e.objections_until, e.contract_id, 0) > ($4, $5, $6)
"""
OLDEST_FIRST: Final = " ORDER BY due_on, contract_id, instalment_number LIMIT $7"
LIST: Final = {
    Role.FINANCE_OFFICER: f"{INSTALMENTS} UNION ALL {OBJECTIONS} {OLDEST_FIRST}",
    Role.AGENCY: RESULTS + OLDEST_FIRST,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TodoRow:
    """`payable_minor` of an evaluation: what it takes off."""

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
    role: Role,
    org: str | None,
    subject: str,
    today: date,
    after: tuple[date, UUID, int],
    rows_max: int,
) -> list[TodoRow]:
    rows = await connection.fetch(LIST[role], org, subject, today, *after, rows_max)
    return [TodoRow(**dict(row)) for row in rows]
