"""What waits: open pledges, undecided announcements, refunds that are held, receipts to issue."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.donations import Donor, DonorKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

# Each of the four is read by its index of what is open, and no further than the page.
LIST: Final = """
    WITH pledges AS (
        SELECT 'pledge' AS subject, pledge_id AS id, reference, donor_kind, donor_code, agency,
               pledged_on AS since, amount_minor - fulfilled_minor AS amount_minor, currency,
               (SELECT min(d.due_on) FROM (
                    SELECT due_on, sum(amount_minor) OVER (ORDER BY number) AS due_minor
                    FROM pledge_part pp WHERE pp.pledge_id = p.pledge_id) d
                WHERE d.due_minor > p.fulfilled_minor) AS due_on
        FROM pledge p
        WHERE fulfilled_minor < amount_minor AND cancelled_on IS NULL
          AND ($1::text IS NULL OR CASE WHEN $2 THEN donor_code = $1 ELSE agency = $1 END)
          AND (pledged_on, pledge_id, agency) > ($3, $4, $7)
        ORDER BY pledged_on, pledge_id LIMIT $5
    ), announcements AS (
        SELECT 'announcement', announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency,
               a.given_on, sum(l.amount_minor)::bigint, a.currency, NULL::date
        FROM announcement_line l JOIN announcement a USING (announcement_id)
        WHERE l.state = 'announced'
          AND ($1::text IS NULL OR CASE WHEN $2 THEN a.donor_code = $1 ELSE l.agency = $1 END)
          AND (a.given_on, announcement_id, l.agency) > ($3, $4, $7)
        GROUP BY announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency, a.given_on,
                 a.currency
        ORDER BY a.given_on, announcement_id, l.agency LIMIT $5
    ), refunds AS (
        SELECT 'refund', refund_id, r.reference, d.donor_kind, d.donor_code, r.agency, r.held_on,
               r.amount_minor, r.currency, NULL::date
        FROM refund r JOIN donation d USING (donation_id)
        WHERE r.state = 'held'
          AND ($1::text IS NULL OR CASE WHEN $2 THEN r.donor_code = $1 ELSE r.agency = $1 END)
          AND (r.held_on, refund_id, r.agency) > ($3, $4, $7)
        ORDER BY r.held_on, refund_id LIMIT $5
    ), receipts AS (
        -- What a receipt could be issued for, by the rules of domain/receipt.py.
        SELECT 'receipt', donation_id, d.reference, d.donor_kind, d.donor_code, d.agency,
               d.received_on, d.amount_minor - d.refunded_minor, d.currency, NULL::date
        FROM donation d
        WHERE NOT $2 AND ($1::text IS NULL OR d.agency = $1) AND d.received_on >= $6
          AND d.reversed_on IS NULL AND d.kind <> 'service' AND NOT d.is_sponsorship
          AND d.refunded_minor < d.amount_minor
          AND (d.kind <> 'in_kind' OR d.proof_kind IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM refund r WHERE r.donation_id = d.donation_id AND r.state = 'held')
          AND NOT EXISTS (
              SELECT FROM receipt r WHERE r.donation_id = d.donation_id AND r.state = 'issued')
          AND (d.received_on, donation_id, d.agency) > ($3, $4, $7)
        ORDER BY d.received_on, donation_id LIMIT $5
    )
    SELECT * FROM (
        SELECT * FROM pledges UNION ALL SELECT * FROM announcements UNION ALL SELECT * FROM refunds
        UNION ALL SELECT * FROM receipts
    ) AS waiting
    ORDER BY since, id, agency LIMIT $5
"""


class TodoSubject(StrEnum):
    PLEDGE = "pledge"
    ANNOUNCEMENT = "announcement"
    REFUND = "refund"
    RECEIPT = "receipt"
    """A donation without one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Todo:
    """Something that waits since a day; `amount` is what is open of it."""

    subject: TodoSubject
    id: UUID
    reference: str
    donor: Donor
    agency: str
    since: date
    due_on: date | None
    amount: Money


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    is_donor: bool,
    receipts_since: date,
    after: tuple[date, UUID, str],
    rows_max: int,
) -> list[Todo]:
    """Oldest first; of a donor what it is waited for, of an agency what it waits for.

    Receipts only of what was received since a day: who never issues any has other things to do.
    """
    since, last_id, agency = after
    rows = await connection.fetch(
        LIST, org, is_donor, since, last_id, rows_max, receipts_since, agency
    )
    return [_todo(row) for row in rows]


def _todo(row: asyncpg.Record) -> Todo:
    return Todo(
        subject=TodoSubject(row["subject"]),
        id=row["id"],
        reference=row["reference"],
        donor=Donor(kind=DonorKind(row["donor_kind"]), code=row["donor_code"]),
        agency=row["agency"],
        since=row["since"],
        due_on=row["due_on"],
        amount=Money.of(row["amount_minor"], Currency(row["currency"])),
    )
