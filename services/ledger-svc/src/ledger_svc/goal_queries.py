"""What is read about goals: each answer is one snapshot, and states its `seq`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from fundmix_events.goals import Basis
from fundmix_kit import quarantine
from fundmix_kit.clock import day_of
from fundmix_kit.database import Connection, Database
from fundmix_kit.paging import PageParams

from ledger_svc.domain.goal import Goal
from ledger_svc.domain.periods import last_day, period_of
from ledger_svc.domain.reading import Booked, Facts, Reading
from ledger_svc.storage import cliff, goals, journal, periods, readings
from ledger_svc.storage.cliff import EndingContract
from ledger_svc.storage.goals import StandingGoal
from ledger_svc.storage.readings import DueQuestion, OpenInstalment

NO_GOAL = UUID(int=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """The day that is read (`on`, by value date), and the day it was known on (`as_of`).

    `today` is the city's; what is known as of today or later is all there is.
    """

    on: date | None
    as_of: date | None
    today: date

    @property
    def day(self) -> date:
        return self.on or self.today

    @property
    def known_on(self) -> date | None:
        return self.as_of if self.as_of is not None and self.as_of < self.today else None

    @property
    def is_live(self) -> bool:
        return self.known_on is None and self.day >= self.today


@dataclass(frozen=True, kw_only=True, slots=True)
class Cliff:
    """Contracts that end without a successor: some of them, and what all come to."""

    rows: Sequence[EndingContract]
    contracts: int
    ceiling_minor: int
    unpaid_minor: int
    seq: int
    quarantined: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DueInstalments:
    """Instalments that were not paid: some of them, and what all come to."""

    rows: Sequence[OpenInstalment]
    instalments: int
    amount_minor: int
    seq: int
    quarantined: int


async def read_goal(database: Database, goal_id: UUID) -> tuple[StandingGoal, list[Goal]]:
    """The goal, and all its versions. Raises GoalNotFoundError."""
    async with database.reading() as connection:
        return (
            await goals.read(connection, goal_id),
            await goals.list_versions(connection, goal_id),
        )


async def list_goals(
    database: Database, *, agency: str | None, year: int | None, page: PageParams
) -> list[StandingGoal]:
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await goals.list_rows(
            connection,
            agency=agency,
            year=year,
            after=after[0] if after else NO_GOAL,
            rows_max=page.rows_to_read,
        )


async def read_for_goal(
    database: Database, goal_id: UUID, *, when: When
) -> tuple[StandingGoal, Reading]:
    """With the limits that were set by the day it was known on. Raises GoalNotFoundError.

    Without `as_of` a past day is read by what is known today, and so held to today's limits.
    """
    async with database.reading() as connection:
        found = await goals.read(connection, goal_id)
        if when.known_on is not None:
            versions = await goals.list_versions(connection, goal_id)
            found = replace(found, goal=_version_of(versions, when.known_on))
        goal = found.goal
        facts = await read_facts(connection, year=goal.year, agency=goal.agency, when=when)
    return found, Reading(facts=facts, basis=goal.limits.basis)


async def read_without_goal(
    database: Database, *, year: int, agency: str | None, basis: Basis, when: When
) -> Reading:
    async with database.reading() as connection:
        facts = await read_facts(connection, year=year, agency=agency, when=when)
    return Reading(facts=facts, basis=basis)


async def read_income(
    database: Database, *, year: int, agency: str | None, basis: Basis, when: When
) -> Reading:
    """Only the income of the year, of each agency."""
    async with database.reading() as connection:
        facts = await _read_income(connection, year=year, agency=agency, when=when)
    return Reading(facts=facts, basis=basis)


async def read_cliff(
    database: Database, *, on: date, through: date, agency: str | None, page: PageParams
) -> Cliff:
    after = page.after(tuple[date, UUID])
    async with database.reading() as connection:
        totals = await cliff.read_totals(connection, on=on, through=through, agency=agency)
        rows = await cliff.list_rows(
            connection,
            on=on,
            through=through,
            agency=agency,
            after=after or (date.min, NO_GOAL),
            rows_max=page.rows_to_read,
        )
        return Cliff(
            rows=rows,
            contracts=totals.contracts,
            ceiling_minor=totals.ceiling_minor,
            unpaid_minor=totals.unpaid_minor,
            seq=await connection.fetchval(journal.READ_SEQ),
            quarantined=await quarantine.count_open(connection),
        )


async def read_due(database: Database, asked: DueQuestion, *, page: PageParams) -> DueInstalments:
    after = page.after(tuple[date, UUID, int])
    async with database.reading() as connection:
        count, amount = await readings.sum_open(connection, asked)
        return DueInstalments(
            rows=await readings.list_open(
                connection, asked, after=after or (date.min, NO_GOAL, 0), rows_max=page.rows_to_read
            ),
            instalments=count,
            amount_minor=amount,
            seq=await readings.read_seq(connection, as_of=asked.as_of),
            quarantined=await quarantine.count_open(connection),
        )


async def read_facts(connection: Connection, *, year: int, agency: str | None, when: When) -> Facts:
    """All that a reading is made from; `connection` gives one snapshot."""
    await readings.begin(connection)
    year_end = date(year, 12, 31)
    as_of, is_live = when.known_on, when.is_live
    bare = Facts(
        year=year,
        on=when.day,
        as_of=as_of,
        seq=await readings.read_seq(connection, as_of=as_of),
        quarantined=await quarantine.count_open(connection),
    )
    through = period_of(bare.until)
    is_of_months = as_of is None and (is_live or bare.until == last_day(through))
    # No service takes a day that is still to come, so that of today's month all of it is read.
    until = last_day(through) if is_live else bare.until
    years = await readings.read_years(
        connection,
        year=year,
        until=until,
        until_last_year=bare.until_last_year,
        as_of=as_of,
        agency=agency,
    )
    return replace(
        bare,
        this_year=years.this_year,
        last_year=years.last_year,
        last_year_to_day=years.last_year_to_day,
        due=await readings.read_due(
            connection, on=bare.on, as_of=as_of, year_end=year_end, agency=agency
        ),
        pledged=await readings.read_pledged(
            connection, on=bare.on, as_of=as_of, year_end=year_end, agency=agency
        ),
        standings=await readings.read_standings(
            connection, on=None if is_live else bare.on, as_of=as_of, agency=agency
        ),
        payers=await readings.read_payers(
            connection, first=date(year, 1, 1), last=until, as_of=as_of, agency=agency
        ),
        booked=(
            Booked(
                through=through,
                closed_through=await connection.fetchval(periods.CLOSED_THROUGH),
                flows=years.booked,
            )
            if is_of_months
            else None
        ),
    )


def _version_of(versions: Sequence[Goal], day: date) -> Goal:
    """The last that was set by then; of a day before all of them, the first."""
    return next((v for v in reversed(versions) if day_of(v.set_at) <= day), versions[0])


async def _read_income(
    connection: Connection, *, year: int, agency: str | None, when: When
) -> Facts:
    await readings.begin(connection)
    as_of = when.known_on
    first, until = date(year, 1, 1), min(when.day, date(year, 12, 31))
    return Facts(
        year=year,
        on=when.day,
        as_of=as_of,
        seq=await readings.read_seq(connection, as_of=as_of),
        quarantined=await quarantine.count_open(connection),
        this_year=await readings.read_flows(
            connection, first=first, last=until, as_of=as_of, agency=agency
        ),
    )
