"""The expiry cliff: contracts that end soon and have no successor.

A successor is a contract of the same buyer, service area and town, or of the same agency and
service area, that goes on longer and begins by 90 days after the end. Who looks back sees the cliff
that stood there then: of what was signed by that day the ends and ceilings that were agreed by it,
not yet what was terminated or paid after it.
"""

from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_kit.database import Connection

SUCCESSOR: Final = """
    SELECT FROM contract_terms s CROSS JOIN LATERAL (
        SELECT ends_on FROM contract_agreement
        WHERE contract_id = s.contract_id AND agreed_on <= $1 ORDER BY version DESC LIMIT 1
    ) sa
    WHERE {same} AND s.starts_on <= a.ends_on + 90 AND sa.ends_on > a.ends_on
      AND s.signed_on <= $1 AND (s.terminated_on IS NULL OR s.terminated_on > $1)
      AND s.contract_id <> t.contract_id
"""
OF_BUYER: Final = SUCCESSOR.replace(
    "{same}", "s.buyer = t.buyer AND s.service_area = t.service_area AND s.town = t.town"
)
OF_AGENCY: Final = SUCCESSOR.replace(
    "{same}", "s.agency = t.agency AND s.service_area = t.service_area"
)
# What is unpaid the memo account of the contract says.
ENDING: Final = """
    SELECT t.contract_id, t.number, t.agency, t.buyer, t.channel, t.service_area, t.town,
           a.ends_on, a.ceiling_minor, (
               SELECT coalesce(sum(m.amount_minor), 0)::bigint
               FROM account c JOIN movement m USING (account_id)
               WHERE c.agency = t.agency AND c.code = 'commitments:contract'
                 AND c.fund_code = 'contract:' || t.number AND m.value_on <= $1
           ) AS unpaid_minor
    FROM contract_agreement a JOIN contract_terms t USING (contract_id)
    WHERE a.ends_on BETWEEN $1 AND $2 AND a.agreed_on <= $1
      AND NOT EXISTS (
          SELECT FROM contract_agreement later
          WHERE later.contract_id = a.contract_id AND later.version > a.version
            AND later.agreed_on <= $1
      )
      AND t.signed_on <= $1 AND (t.terminated_on IS NULL OR t.terminated_on > $1)
      AND ($3::text IS NULL OR t.agency = $3)
      AND NOT EXISTS ({OF_BUYER}) AND NOT EXISTS ({OF_AGENCY})
""".replace("{OF_BUYER}", OF_BUYER).replace("{OF_AGENCY}", OF_AGENCY)
LIST: Final = """
    SELECT * FROM ({ENDING}) ending
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
