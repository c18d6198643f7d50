"""What the public may see of donations: named organisations' gifts one by one, the rest in sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from fundmix_events.donations import DonationKind, DonorKind, PurposeChangeBasis
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

from donations_svc.domain.grants import PublicChange, PublicGift
from donations_svc.storage import organisations

# A sum of fewer donors would tell each of them what the others gave.
UNNAMED_DONORS_MIN: Final = 3

# What stands and was a gift: the words are those of the index ix_donation_public.
NAMED: Final = """
    SELECT d.donation_id, d.given_on, d.received_on, d.donor_code, d.donor_kind, d.agency, d.kind,
           d.amount_minor, d.refunded_minor, d.currency, d.restricted_to, d.goods, d.quantity,
           d.unit, d.hours, greatest(d.recorded_at, r.refunded_at, d.goods_at) AS modified_at
    FROM donation AS d
    LEFT JOIN LATERAL (
        SELECT max(decided_at) AS refunded_at FROM refund
        WHERE donation_id = d.donation_id AND state = 'paid'
    ) AS r ON d.refunded_minor > 0
    WHERE d.reversed_on IS NULL AND NOT d.is_anonymous AND NOT d.is_sponsorship
      AND d.donor_code IS NOT NULL
      AND (d.given_on, d.donation_id) > ($1, $2)
      AND ($3::date IS NULL OR d.given_on >= $3)
      AND ($4::date IS NULL OR d.given_on <= $4)
      AND ($5::text IS NULL OR d.agency = $5)
      AND ($6::text IS NULL OR d.donor_code = $6)
    ORDER BY d.given_on, d.donation_id LIMIT $7
"""
CHANGES: Final = """
    SELECT donation_id, changed_on, new_restricted_to, basis, amount_minor, currency, recorded_at
    FROM purpose_change WHERE donation_id = ANY($1::uuid[])
    ORDER BY recorded_at, change_id
"""
# Who is known by a code or a contact is counted once, however often they gave.
UNNAMED: Final = """
    SELECT u.*, u.donors >= $6 AS is_told FROM (
        SELECT extract(year FROM given_on)::int AS year, agency, kind, currency,
               count(*) AS gifts, sum(amount_minor)::bigint AS amount_minor,
               sum(refunded_minor)::bigint AS refunded_minor,
               count(DISTINCT coalesce(donor_code, contact_id::text, donation_id::text)) AS donors
        FROM donation LEFT JOIN donation_contact USING (donation_id)
        WHERE reversed_on IS NULL AND NOT is_sponsorship AND (is_anonymous OR donor_code IS NULL)
          AND ($1::date IS NULL OR given_on >= $1)
          AND ($2::date IS NULL OR given_on <= $2)
          AND ($3::text IS NULL OR agency = $3)
        GROUP BY 1, 2, 3, 4
    ) AS u
    WHERE $4::int IS NULL OR (u.year, u.agency, u.kind) > ($4, $5, $8)
    ORDER BY u.year, u.agency, u.kind LIMIT $7
"""

GiftKey = tuple[date, UUID]
FIRST: Final[GiftKey] = (date.min, UUID(int=0))


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftFilter:
    """`year` is that of the gift, from 1 to 9999."""

    year: int | None = None
    agency: str | None = None
    donor: str | None = None

    @property
    def days(self) -> tuple[date | None, date | None]:
        if self.year is None:
            return None, None
        return date(self.year, 1, 1), date(self.year, 12, 31)


class UnnamedKey(NamedTuple):
    year: int
    agency: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnnamedSum:
    """What donors without a name gave; None where they are too few to be told."""

    key: UnnamedKey
    agency_name: str
    gifts: int | None
    amount: Money | None
    refunded: Money | None


async def list_named(
    connection: Connection, wanted: GiftFilter, *, after: GiftKey, rows_max: int
) -> list[PublicGift]:
    """By the day of giving."""
    rows = await connection.fetch(
        NAMED, *after, *wanted.days, wanted.agency, wanted.donor, rows_max
    )
    codes = {code for row in rows for code in (row["donor_code"], row["agency"])}
    names = await _names(connection, sorted(codes))
    changes: dict[UUID, list[asyncpg.Record]] = {}
    for change in await connection.fetch(CHANGES, [row["donation_id"] for row in rows]):
        changes.setdefault(change["donation_id"], []).append(change)
    return [_gift(row, names, changes.get(row["donation_id"], ())) for row in rows]


async def list_unnamed(
    connection: Connection, wanted: GiftFilter, *, after: UnnamedKey | None, rows_max: int
) -> list[UnnamedSum]:
    year, agency, kind = (None, None, None) if after is None else after
    rows = await connection.fetch(
        UNNAMED, *wanted.days, wanted.agency, year, agency, UNNAMED_DONORS_MIN, rows_max, kind
    )
    names = await _names(connection, sorted({row["agency"] for row in rows}))
    return [_sum(row, names) for row in rows]


async def _names(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """As they are called now; one that the register does not have goes by its code."""
    known = await organisations.read(connection, codes)
    return {code: known[code].name if code in known else code for code in codes}


def _gift(
    row: asyncpg.Record, names: dict[str, str], changes: Sequence[asyncpg.Record]
) -> PublicGift:
    currency = Currency(row["currency"])
    return PublicGift(
        donation_id=row["donation_id"],
        given_on=row["given_on"],
        received_on=row["received_on"],
        donor_code=row["donor_code"],
        donor_name=names[row["donor_code"]],
        donor_kind=DonorKind(row["donor_kind"]),
        agency=row["agency"],
        agency_name=names[row["agency"]],
        kind=DonationKind(row["kind"]),
        amount=Money.of(row["amount_minor"], currency),
        refunded=Money.of(row["refunded_minor"], currency),
        restricted_to=row["restricted_to"],
        goods=row["goods"],
        quantity=row["quantity"],
        unit=row["unit"],
        hours=row["hours"],
        modified_at=max([row["modified_at"], *(change["recorded_at"] for change in changes)]),
        changes=tuple(
            PublicChange(
                changed_on=change["changed_on"],
                amount=Money.of(change["amount_minor"], Currency(change["currency"])),
                restricted_to=change["new_restricted_to"],
                basis=PurposeChangeBasis(change["basis"]),
            )
            for change in changes
        ),
    )


def _sum(row: asyncpg.Record, names: dict[str, str]) -> UnnamedSum:
    key = UnnamedKey(year=row["year"], agency=row["agency"], kind=row["kind"])
    currency = Currency(row["currency"])
    is_told = row["is_told"]
    return UnnamedSum(
        key=key,
        agency_name=names[key.agency],
        gifts=row["gifts"] if is_told else None,
        amount=Money.of(row["amount_minor"], currency) if is_told else None,
        refunded=Money.of(row["refunded_minor"], currency) if is_told else None,
    )
