"""What readings are made from equals the journal, on any day, also where a month was closed."""

from datetime import date, timedelta
from typing import Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.database import Database
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.domain.reading import Flow
from ledger_svc.domain.selections import ASSETS, FLOW_CODES, RECEIPT_KINDS
from ledger_svc.storage.readings import read_flows, read_pledged, read_years

JANUARY_1: Final = date(2024, 1, 1)
OF_THE_JOURNAL: Final = """
    SELECT a.agency, a.code, a.channel, e.kind, sum(p.amount_minor)::bigint AS amount_minor
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    WHERE e.value_on BETWEEN $1 AND $2
      AND (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $3
      AND a.code = ANY($4::text[]) AND (a.code <> ALL($5::text[]) OR e.kind = ANY($6::text[]))
    GROUP BY a.agency, a.code, a.channel, e.kind
    ORDER BY a.agency, a.code, a.channel, e.kind
"""


@pytest.fixture
async def first_day(inlet: Inlet[Prepared], clock: FixedClock) -> date:
    """The day of the first facts; on the next one some are late, and one is after the close."""
    first = clock.today()
    await inlet.post(
        samples.instalment_paid("700.00", paid_on="2024-01-31"),
        samples.instalment_paid("300.00", paid_on="2024-02-15", agency=OTHER_AGENCY),
        samples.donation_received("20.00", received_on="2024-02-29"),
        samples.donation_received("9.00", kind=DonationKind.IN_KIND, received_on="2024-03-01"),
        ledger_samples.expenditure_approved("5.00", spent_on="2024-02-10"),
        ledger_samples.income_approved("80.00", received_on="2024-02-16"),
        samples.pledge_made("50.00", pledged_on="2024-02-01"),
        ledger_samples.close_approved(through=202402),
    )
    clock.advance(timedelta(days=1))
    await inlet.post(
        samples.donation_received("40.00", received_on="2024-02-15"),
        samples.donation_received("160.00", received_on="2024-01-02", channel=Channel.ENTERPRISE),
        samples.donation_received("1.00", received_on="2023-12-31"),
        samples.recovery_received("30.00", received_on="2024-02-20"),
        samples.donation_received("2.00", received_on="2024-04-30"),
    )
    clock.advance(timedelta(days=1))
    return first


@pytest.mark.parametrize(
    "last",
    [
        *("2024-01-01", "2024-01-31", "2024-02-14", "2024-02-15", "2024-02-29", "2024-03-01"),
        *("2024-04-29", "2024-12-31"),
    ],
)
@pytest.mark.parametrize("days", [0, 1, None])
async def test_flows_equal_the_journal(
    last: str, days: int | None, first_day: date, database: Database
) -> None:
    as_of = None if days is None else first_day + timedelta(days=days)
    until = date.fromisoformat(last)

    async with database.reading() as connection:
        flows = await read_flows(connection, first=JANUARY_1, last=until, as_of=as_of, agency=None)
        expected = await connection.fetch(
            OF_THE_JOURNAL,
            JANUARY_1,
            until,
            as_of or date.max,
            FLOW_CODES,
            ASSETS,
            RECEIPT_KINDS,
        )
        own = await read_flows(connection, first=JANUARY_1, last=until, as_of=as_of, agency=AGENCY)

    assert flows == [Flow(*row) for row in expected]
    assert own == [flow for flow in flows if flow.agency == AGENCY]


@pytest.mark.parametrize("agency", [None, AGENCY])
@pytest.mark.parametrize("days", [0, 1, None])
@pytest.mark.parametrize("year", [2023, 2024, 2025])
@pytest.mark.parametrize("month_and_day", [(2, 15), (2, 28), (3, 31), (12, 31)])
async def test_two_years_beside_each_other_are_those_by_themselves(
    month_and_day: tuple[int, int],
    year: int,
    days: int | None,
    agency: str | None,
    *,
    first_day: date,
    database: Database,
) -> None:
    as_of = None if days is None else first_day + timedelta(days=days)
    last, last_before = date(year, *month_and_day), date(year - 1, *month_and_day)

    async with database.reading() as connection:

        async def flows(of: int, through: date) -> list[Flow]:
            first = date(of, 1, 1)
            return await read_flows(
                connection, first=first, last=through, as_of=as_of, agency=agency
            )

        years = await read_years(
            connection,
            year=year,
            until=last,
            until_last_year=last_before,
            as_of=as_of,
            agency=agency,
        )
        this_year = await flows(year, last)
        last_year = await flows(year - 1, date(year - 1, 12, 31))
        last_year_to_day = await flows(year - 1, last_before)

    assert years.this_year == this_year
    assert years.last_year == last_year
    assert years.last_year_to_day == last_year_to_day


async def test_a_day_before_the_year_has_only_the_year_before(
    first_day: date, database: Database
) -> None:
    assert first_day > JANUARY_1
    async with database.reading() as connection:
        years = await read_years(
            connection,
            year=2025,
            until=date(2024, 6, 1),
            until_last_year=date(2023, 6, 1),
            as_of=None,
            agency=None,
        )

    assert not years.this_year
    assert not years.last_year_to_day
    assert not years.booked
    assert years.last_year


async def test_open_pledges_are_those_of_the_day(first_day: date, database: Database) -> None:
    year_end, day_before = date(2024, 12, 31), first_day - timedelta(days=1)
    asked = [(year_end, None), (date(2024, 2, 1), None), (date(2024, 1, 31), None)]
    async with database.reading() as connection:
        found = [
            await read_pledged(connection, on=on, as_of=as_of, year_end=year_end, agency=None)
            for on, as_of in (*asked, (year_end, day_before))
        ]

    assert [[p.amount_minor for p in pledged] for pledged in found] == [[50_00], [50_00], [], []]
