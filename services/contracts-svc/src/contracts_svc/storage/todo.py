"""What waits for an officer of the buyer, or for the agency: oldest first."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.roles import Role
from fundmix_kit.database import Connection

# $1 is the organisation, $2 the person, $3 the day.
OF_BUYER: Final = """
    SELECT CASE i.state WHEN 'approved' THEN 'pay' ELSE 'approve' END AS action, i.due_on,
           i.contract_id, i.number::int AS reference,
           i.amount_minor - i.deduction_minor AS amount_minor
    FROM instalment i JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND ((i.state = 'scheduled' AND i.due_on <= $3)
           OR (i.state = 'approved' AND i.approved_by <> $2))
    UNION ALL
    SELECT 'decide', e.objections_until, e.contract_id, 0, e.proposed_deduction_minor
    FROM evaluation e JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND e.state = 'published' AND e.accepted_on IS NULL AND e.decided_on IS NULL
      AND e.objected_on IS NOT NULL AND e.published_by <> $2
    UNION ALL
    SELECT 'accept_delivery', c.ends_on, l.contract_id, l.number, NULL
    FROM contract_line l JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1) AND l.accepted < l.delivered
    UNION ALL
    SELECT CASE o.kind WHEN 'pay_back' THEN 'receive_recovery' ELSE o.kind END, o.due_on,
           o.contract_id, o.reference, NULL
    FROM obligation o JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.buyer = $1)
      AND o.met_on IS NULL AND o.kind <> 'pay_instalment'
"""
OF_AGENCY: Final = """
    SELECT 'answer' AS action, e.objections_until AS due_on, e.contract_id, 0 AS reference,
           e.proposed_deduction_minor AS amount_minor
    FROM evaluation e JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.agency = $1) AND $2::text IS NOT NULL
      AND e.state = 'published' AND e.accepted_on IS NULL AND e.decided_on IS NULL
      AND e.objected_on IS NULL AND e.objections_until >= $3
    UNION ALL
    SELECT 'confirm', i.paid_on, i.contract_id, i.number, i.amount_minor - i.deduction_minor
    FROM instalment i JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.agency = $1) AND i.state = 'paid' AND i.arrived_on IS NULL
    UNION ALL
    SELECT 'pay_back', r.due_on, r.contract_id, r.number, r.amount_minor
    FROM recovery r JOIN contract c USING (contract_id)
    WHERE ($1::text IS NULL OR c.agency = $1) AND r.received_on IS NULL
"""
OLDEST_FIRST: Final = """
    SELECT t.*, c.number AS contract_number, c.currency
    FROM ({waiting}) AS t JOIN contract c USING (contract_id)
    WHERE (t.due_on, t.contract_id, t.action, t.reference) > ($4, $5, $6, $7)
    ORDER BY t.due_on, t.contract_id, t.action, t.reference
    LIMIT $8
"""
LIST: Final = {
    Role.FINANCE_OFFICER: OLDEST_FIRST.replace("{waiting}", OF_BUYER),
    Role.AGENCY: OLDEST_FIRST.replace("{waiting}", OF_AGENCY),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TodoRow:
    """`reference` is the number of an instalment, line, recovery, amendment or acceptance, or 0."""

    action: str
    due_on: date
    contract_id: UUID
    contract_number: str
    reference: int
    amount_minor: int | None
    currency: str


async def list_rows(
    connection: Connection,
    *,
    role: Role,
    org: str | None,
    subject: str,
    today: date,
    after: tuple[date, UUID, str, int],
    rows_max: int,
) -> list[TodoRow]:
    rows = await connection.fetch(LIST[role], org, subject, today, *after, rows_max)
    return [TodoRow(**dict(row)) for row in rows]
