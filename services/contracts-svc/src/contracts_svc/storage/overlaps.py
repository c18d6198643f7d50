"""Contracts that serve the same people in the same town at the same time, in pairs."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection

from contracts_svc.domain.signing import TERM_YEARS_MAX

# However rare overlaps are, a page looks at so many contracts and no more.
CONTRACTS_LOOKED_AT_MAX: Final = 2_000

LAST_DAY: Final = "least({0}.ends_on, coalesce({0}.terminated_on, {0}.ends_on))"
# The later one of a pair comes from the list, the earlier one from the index: it began at most the
# longest term before.
PAIRS: Final = f"""
    SELECT later.town, later.people_served, later.starts_on,
           {LAST_DAY.format("later")} AS later_last_day,
           later.contract_id, later.number, later.title, later.agency, later.purchase_mode,
           later.service_area,
           earlier.contract_id AS earlier_id, earlier.number AS earlier_number,
           earlier.title AS earlier_title, earlier.agency AS earlier_agency,
           earlier.purchase_mode AS earlier_purchase_mode,
           earlier.service_area AS earlier_service_area,
           earlier.starts_on AS earlier_starts_on, earlier.last_day AS earlier_last_day
    FROM (
        SELECT * FROM contract
        WHERE (town, people_served, starts_on, contract_id) >= ($1, $2, $3, $4)
          AND ($8::text IS NULL OR town = $8) AND ($9::text IS NULL OR people_served = $9)
        ORDER BY town, people_served, starts_on, contract_id LIMIT $7
    ) later
    CROSS JOIN LATERAL (
        SELECT *, {LAST_DAY.format("e")} AS last_day FROM contract e
        WHERE e.town = later.town AND e.people_served = later.people_served
          AND (e.starts_on, e.contract_id) < (later.starts_on, later.contract_id)
          AND e.starts_on >= later.starts_on - make_interval(years => {TERM_YEARS_MAX})
    ) earlier
    WHERE earlier.last_day >= later.starts_on
      AND {LAST_DAY.format("later")} >= later.starts_on
      AND (later.contract_id <> $4 OR (earlier.starts_on, earlier.contract_id) > ($5, $6))
      AND later.starts_on <= $10
      AND least({LAST_DAY.format("later")}, earlier.last_day) >= $11
    ORDER BY later.town, later.people_served, later.starts_on, later.contract_id,
             earlier.starts_on, earlier.contract_id
    LIMIT $12
"""  # noqa: S608  # our own expressions; values are arguments
# The first contract that a page does not look at.
NEXT: Final = """
    SELECT town, people_served, starts_on, contract_id FROM contract
    WHERE (town, people_served, starts_on, contract_id) >= ($1, $2, $3, $4)
      AND ($6::text IS NULL OR town = $6) AND ($7::text IS NULL OR people_served = $7)
    ORDER BY town, people_served, starts_on, contract_id OFFSET $5 LIMIT 1
"""

OverlapKey = tuple[str, str, date, UUID, date, UUID]
"""Town, people served, and of the later and the earlier contract the first day and the id."""

FIRST: Final[OverlapKey] = ("", "", date.min, UUID(int=0), date.min, UUID(int=0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    town: str
    people_served: str
    starts_on: date
    later_last_day: date
    contract_id: UUID
    number: str
    title: str
    agency: str
    purchase_mode: str
    service_area: str
    earlier_id: UUID
    earlier_number: str
    earlier_title: str
    earlier_agency: str
    earlier_purchase_mode: str
    earlier_service_area: str
    earlier_starts_on: date
    earlier_last_day: date

    @property
    def ends_on(self) -> date:
        return min(self.later_last_day, self.earlier_last_day)

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    @property
    def key(self) -> OverlapKey:
        return (
            self.town,
            self.people_served,
            self.starts_on,
            self.contract_id,
            self.earlier_starts_on,
            self.earlier_id,
        )


async def list_rows(
    connection: Connection,
    *,
    town: str | None,
    people_served: str | None,
    year: int | None,
    after: OverlapKey,
    rows_max: int,
) -> tuple[list[Overlap], OverlapKey | None]:
    """Pairs after `after`; and the key to go on after when there are fewer than were asked for."""
    first_day, last_day = (
        (date.min, date.max) if year is None else (date(year, 1, 1), date(year, 12, 31))
    )
    rows = await connection.fetch(
        PAIRS,
        *after,
        CONTRACTS_LOOKED_AT_MAX,
        town,
        people_served,
        last_day,
        first_day,
        rows_max,
    )
    overlaps = [Overlap(**dict(row)) for row in rows]
    if len(overlaps) == rows_max:
        return overlaps, None
    next_one = await connection.fetchrow(
        NEXT, *after[:4], CONTRACTS_LOOKED_AT_MAX, town, people_served
    )
    # None of its pairs has been looked at.
    return overlaps, None if next_one is None else (*next_one.values(), *FIRST[4:])
