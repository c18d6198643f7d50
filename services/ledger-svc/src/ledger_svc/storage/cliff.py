"""The expiry cliff: contracts that end soon and have no successor.

A successor is a contract of the same buyer, service area and town, or of the same agency and
service area, that goes on longer and begins by 90 days after the end. Only what was signed by the
day that is asked for counts: who looks back sees the cliff that stood there then.
"""

from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_kit.database import Connection

ENDING: Final = """
    SELECT t.*, (
        SELECT coalesce(sum(i.amount_minor - i.deduction_minor), 0)::bigint
        FROM contract_instalment i
        WHERE i.contract_id = t.contract_id AND i.replaced_on IS NULL AND i.is_listed
          AND i.state IN ('scheduled', 'approved')
    ) AS unpaid_minor
    FROM contract_terms t
    WHERE t.ends_on BETWEEN $1 AND $2 AND t.signed_on <= $1
      AND (t.terminated_on IS NULL OR t.terminated_on > $1)
      AND ($3::text IS NULL OR t.agency = $3)
      AND NOT EXISTS (
          SELECT FROM contract_terms s
          WHERE s.buyer = t.buyer AND s.service_area = t.service_area AND s.town = t.town
            AND s.starts_on <= t.ends_on + 90 AND s.ends_on > t.ends_on
            AND s.signed_on <= $1 AND s.terminated_on IS NULL AND s.contract_id <> t.contract_id
      )
      AND NOT EXISTS (
          SELECT FROM contract_terms s
          WHERE s.agency = t.agency AND s.service_area = t.service_area
            AND s.starts_on <= t.ends_on + 90 AND s.ends_on > t.ends_on
            AND s.signed_on <= $1 AND s.terminated_on IS NULL AND s.contract_id <> t.contract_id
      )
"""
LIST: Final = """
    SELECT contract_id, number, agency, buyer, channel, service_area, town, ends_on, ceiling_minor,
           unpaid_minor
    FROM ({ENDING}) ending
    WHERE (ends_on, contract_id) > ($4, $5)
    ORDER BY ends_on, contract_id LIMIT $6
""".replace("{ENDING}", ENDING)
TOTALS: Final = """
    SELECT count(*)::int, coalesce(sum(ceiling_minor), 0)::bigint,
           coalesce(sum(unpaid_minor), 0)::bigint
    FROM ({ENDING}) ending
""".replace("{ENDING}", ENDING)


class EndingContract(NamedTuple):
    contract_id: UUID
    number: str
    agency: str
    buyer: str
    channel: Channel
    service_area: str
    town: str
    ends_on: date
    ceiling_minor: int
    unpaid_minor: int


class CliffTotals(NamedTuple):
    contracts: int
    ceiling_minor: int
    unpaid_minor: int


async def list_rows(  # what is asked, and from where on
    connection: Connection,
    *,
    on: date,
    through: date,
    agency: str | None,
    after: tuple[date, UUID],
    rows_max: int,
) -> list[EndingContract]:
    rows = await connection.fetch(LIST, on, through, agency, *after, rows_max)
    return [
        EndingContract(**{**dict(row), "channel": Channel(row["channel"])})  # pyright: ignore[reportArgumentType]  # a row of the statement above
        for row in rows
    ]


async def read_totals(
    connection: Connection, *, on: date, through: date, agency: str | None
) -> CliffTotals:
    row = await connection.fetchrow(TOTALS, on, through, agency)
    assert row is not None, "an aggregate has a row"
    return CliffTotals(*row)
