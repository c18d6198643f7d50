"""What a donor gave in a year, added up by agency and kind."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from fundmix_events.donations import DonationKind
from fundmix_events.money import Money
from fundmix_kit.database import Connection

# What was reversed was never there. A receipt counts that stands.
GIVEN: Final = """
    SELECT d.agency, d.kind, count(*) AS donations, sum(d.amount_minor)::bigint AS amount_minor,
           sum(d.refunded_minor)::bigint AS refunded_minor,
           count(r.donation_id) AS receipts
    FROM donation d
    LEFT JOIN receipt r ON r.donation_id = d.donation_id AND r.state = 'issued'
    WHERE d.donor_code = $1 AND d.reversed_on IS NULL AND d.received_on BETWEEN $2 AND $3
      AND ($4::text IS NULL OR d.agency = $4)
    GROUP BY d.agency, d.kind ORDER BY d.agency, d.kind
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenTotal:
    """`refunded` is what of it has gone back since, in whichever year."""

    agency: str
    kind: DonationKind
    donations: int
    amount: Money
    refunded: Money
    receipts: int


async def read_given(
    connection: Connection, *, donor: str, agency: str | None, year: int
) -> list[GivenTotal]:
    """By value date."""
    rows = await connection.fetch(GIVEN, donor, date(year, 1, 1), date(year, 12, 31), agency)
    return [
        GivenTotal(
            agency=row["agency"],
            kind=DonationKind(row["kind"]),
            donations=row["donations"],
            amount=Money.of(row["amount_minor"]),
            refunded=Money.of(row["refunded_minor"]),
            receipts=row["receipts"],
        )
        for row in rows
    ]
