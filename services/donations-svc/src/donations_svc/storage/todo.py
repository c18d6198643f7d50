"""What waits: open pledges, announcements, refunds that are held or not free, receipts, goods."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.donations import Donor, DonorKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

# Each is read by its index of what is open, and no further than the page.
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
          AND (pledged_on, pledge_id, agency, 'pledge') > ($3, $4, $7, $8::text)
        ORDER BY pledged_on, pledge_id LIMIT $5
    ), announcements AS (
        SELECT 'announcement', announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency,
               a.given_on, sum(l.amount_minor)::bigint, a.currency, NULL::date
        FROM announcement_line l JOIN announcement a USING (announcement_id)
        WHERE l.state = 'announced'
          AND ($1::text IS NULL OR CASE WHEN $2 THEN a.donor_code = $1 ELSE l.agency = $1 END)
          AND (a.given_on, announcement_id, l.agency, 'announcement') > ($3, $4, $7, $8::text)
        GROUP BY announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency, a.given_on,
                 a.currency
        ORDER BY a.given_on, announcement_id, l.agency LIMIT $5
    ), refunds AS (
        SELECT 'refund', refund_id, r.reference, d.donor_kind, d.donor_code, r.agency, r.held_on,
               r.amount_minor, r.currency, NULL::date
        FROM refund r JOIN donation d USING (donation_id)
        WHERE r.state = 'held'
          AND ($1::text IS NULL OR CASE WHEN $2 THEN r.donor_code = $1 ELSE r.agency = $1 END)
          AND (r.held_on, refund_id, r.agency, 'refund') > ($3, $4, $7, $8::text)
        ORDER BY r.held_on, refund_id LIMIT $5
    ), releases AS (
        SELECT 'release', refund_id, r.reference, d.donor_kind, d.donor_code, r.agency,
               (r.decided_at AT TIME ZONE 'Asia/Shanghai')::date AS since, r.amount_minor,
               r.currency, NULL::date
        FROM refund r JOIN donation d USING (donation_id)
        WHERE NOT $2 AND r.state = 'cancelled' AND r.kind = 'cash' AND r.released_at IS NULL
          AND ($1::text IS NULL OR r.agency = $1)
          AND ((r.decided_at AT TIME ZONE 'Asia/Shanghai')::date, refund_id, r.agency, 'release')
              > ($3, $4, $7, $8::text)
        ORDER BY since, refund_id LIMIT $5
    ), rejections AS (
        SELECT * FROM (
            SELECT 'rejection', announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency,
                   (l.decided_at AT TIME ZONE 'Asia/Shanghai')::date AS since,
                   sum(l.amount_minor)::bigint, a.currency, NULL::date
            FROM announcement a JOIN announcement_line l USING (announcement_id)
            WHERE $2 AND l.state = 'rejected' AND ($1::text IS NULL OR a.donor_code = $1)
            GROUP BY announcement_id, a.reference, a.donor_kind, a.donor_code, l.agency, since,
                     a.currency
        ) AS rejected
        WHERE since >= $6 AND (since, announcement_id, agency, 'rejection')
                              > ($3, $4, $7, $8::text)
        ORDER BY since, announcement_id, agency LIMIT $5
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
          AND (d.received_on, donation_id, d.agency, 'receipt') > ($3, $4, $7, $8::text)
        ORDER BY d.received_on, donation_id LIMIT $5
    ), goods AS (
        -- Who proves goods has said what they are: a constraint of the table.
        SELECT 'goods', donation_id, d.reference, d.donor_kind, d.donor_code, d.agency,
               d.received_on, d.amount_minor - d.refunded_minor, d.currency, NULL::date
        FROM donation d
        WHERE NOT $2 AND ($1::text IS NULL OR d.agency = $1)
          AND d.kind = 'in_kind' AND d.proof_kind IS NULL AND d.reversed_on IS NULL
          AND d.refunded_minor < d.amount_minor
          AND (d.received_on, donation_id, d.agency, 'goods') > ($3, $4, $7, $8::text)
        ORDER BY d.received_on, donation_id LIMIT $5
    )
    SELECT * FROM (
        SELECT * FROM pledges UNION ALL SELECT * FROM announcements UNION ALL SELECT * FROM refunds
        UNION ALL SELECT * FROM releases UNION ALL SELECT * FROM rejections
        UNION ALL SELECT * FROM receipts UNION ALL SELECT * FROM goods
    ) AS waiting
    ORDER BY since, id, agency, subject LIMIT $5
"""


class TodoSubject(StrEnum):
    PLEDGE = "pledge"
    ANNOUNCEMENT = "announcement"
    REFUND = "refund"
    RELEASE = "release"
    """A refund that was cancelled, of which the ledger has not said that the money is free."""
    REJECTION = "rejection"
    """Of lines of an announcement, as long as it is news."""
    RECEIPT = "receipt"
    """A donation without one."""
    GOODS = "goods"
    """A donation of goods whose value nothing proves yet, or that nobody has described."""


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
    news_since: date,
    after: tuple[date, UUID, str, str],
    rows_max: int,
) -> list[Todo]:
    """Oldest first; of a donor what it is waited for, of an agency what it waits for.

    Receipts only of what was received since a day: who never issues any has other things to do. And
    rejections since that day: a donor does not say that it has read of them.
    """
    since, last_id, agency, subject = after
    rows = await connection.fetch(
        LIST, org, is_donor, since, last_id, rows_max, news_since, agency, subject
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
