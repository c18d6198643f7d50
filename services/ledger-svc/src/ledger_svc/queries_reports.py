"""What accountants and auditors ask: each answer is one snapshot and says what it counts."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Generic, TypeVar
from uuid import UUID

from asyncpg import Record
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode, JournalEvent
from fundmix_kit import quarantine
from fundmix_kit.database import Connection, Database
from fundmix_kit.paging import PageParams

from ledger_svc.domain.errors import AccountNotFoundError
from ledger_svc.domain.flow import MONEY, MONEY_AND_USES, AccountSum, Flow, flow_of
from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.labels import MANAGEMENT_VIEW, STATEMENT, Title
from ledger_svc.domain.selections import Held, Selection
from ledger_svc.domain.statements import (
    Activities,
    BalanceSheet,
    activities,
    balance_sheet,
)
from ledger_svc.storage import lookups, periods, present, readings, sums, trial_balances
from ledger_svc.storage.lookups import DatedBalance
from ledger_svc.storage.tables import Account
from ledger_svc.storage.trial_balances import Sums

T = TypeVar("T")
BEFORE_ALL: Final = (-1, -1, -1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated(Generic[T]):
    """An answer, with the last entry it counts and how many events wait and are not in it."""

    value: T
    seq: int
    quarantined: int
    closed_through: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialBalance:
    lines: list[Record]
    totals: Sums
    memo_totals: Sums


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLedger:
    """`running_minor` is what the account held before the first of the rows.

    `after` is the posting before it, where there is one in the span.
    """

    account: Account
    after: tuple[int, int] | None
    opening_minor: int
    running_minor: int
    rows: list[Record]


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """The postings behind a figure, in pages, and the figure."""

    amount_minor: int
    rows: list[Record]


async def stated(connection: Connection, value: T, *, as_of: date | None = None) -> Stated[T]:
    return Stated(
        value=value,
        seq=await readings.read_seq(connection, as_of=as_of),
        quarantined=await quarantine.count_open(connection),
        closed_through=await connection.fetchval(periods.CLOSED_THROUGH),
    )


async def read_trial_balance(
    database: Database, *, months: tuple[int, int], agency: str | None, page: PageParams
) -> Stated[TrialBalance]:
    after = page.after(tuple[bool, str, int]) or (False, "", 0)
    async with database.reading() as connection:
        lines = await trial_balances.read_lines(
            connection, months=months, agency=agency, after=after, rows_max=page.rows_to_read
        )
        totals = await trial_balances.read_totals(connection, months=months, agency=agency)
        return await stated(
            connection,
            TrialBalance(
                lines=lines,
                totals=totals.get(False, Sums()),
                memo_totals=totals.get(True, Sums()),
            ),
        )


async def read_account(database: Database, account_id: int) -> Account:
    """Raises AccountNotFoundError."""
    async with database.reading() as connection:
        account = await lookups.read_account(connection, account_id)
    if account is None:
        raise AccountNotFoundError(f"the books have no account {account_id}")
    return account


async def read_account_ledger(
    database: Database, account: Account, *, months: tuple[int, int], page: PageParams
) -> Stated[AccountLedger]:
    """The cursor carries what the account held at its place, so that pages go on as they began."""
    after = page.after(tuple[int, int, int])
    async with database.reading() as connection:
        opening = await trial_balances.read_opening(
            connection, account_id=account.account_id, month=months[0]
        )
        rows = await lookups.read_of_account(
            connection,
            account.account_id,
            months=months,
            after=after[:2] if after else (0, 0),
            rows_max=page.rows_to_read,
        )
        return await stated(
            connection,
            AccountLedger(
                account=account,
                after=after and after[:2],
                opening_minor=opening,
                running_minor=after[2] if after else opening,
                rows=rows,
            ),
        )


async def read_balance_sheet(
    database: Database, selection: Selection
) -> Stated[tuple[BalanceSheet, Title]]:
    """Of all that is recorded, where the selection has no days."""
    async with database.reading() as connection:
        lines = (
            await sums.by_line(connection, selection)
            if selection.has_days or selection.is_as_booked
            else await present.by_line(connection, agency=selection.agency)
        )
        sheet = balance_sheet(lines, selection)
        titled = (sheet, await _title(connection, selection))
        return await stated(connection, titled, as_of=selection.as_of)


async def read_activities(
    database: Database, selection: Selection
) -> Stated[tuple[Activities, Title]]:
    async with database.reading() as connection:
        lines = activities(await sums.by_line(connection, selection), selection)
        titled = (lines, await _title(connection, selection))
        return await stated(connection, titled, as_of=selection.as_of)


async def read_flow(
    database: Database, *, year: int, agency: str | None, is_booked: bool
) -> Stated[Flow]:
    money = Selection(agency=agency, codes=MONEY)
    up_to = money.up_to(date(year - 1, 12, 31), is_booked=is_booked)
    in_year = replace(money, codes=MONEY_AND_USES).within(
        date(year, 1, 1), date(year, 12, 31), is_booked=is_booked
    )
    async with database.reading() as connection:
        before = [_account_sum(row) for row in await sums.by_account(connection, up_to)]
        during = [_account_sum(row) for row in await sums.by_account(connection, in_year)]
        flow = flow_of(before, during, year=year, agency=agency, is_booked=is_booked)
        return await stated(connection, flow)


async def read_behind(
    database: Database, selection: Selection, *, page: PageParams
) -> Stated[Behind]:
    after = page.after(tuple[int, int, int]) or BEFORE_ALL
    async with database.reading() as connection:
        chosen = await _chosen_accounts(connection, selection)
        return await stated(
            connection,
            Behind(
                amount_minor=(
                    await sums.total(connection, selection, chosen)
                    if selection.payer is None and selection.through is None
                    else await lookups.total_behind(connection, selection, chosen)
                ),
                rows=await lookups.read_behind(
                    connection, selection, chosen, after=after, rows_max=page.rows_to_read
                ),
            ),
            as_of=selection.as_of,
        )


async def look_up(
    database: Database, sought: UUID | tuple[str, int, int], *, agency: str | None
) -> list[JournalEvent]:
    """The entry of an event: by its id, or by topic, partition and number."""
    async with database.reading() as connection:
        if isinstance(sought, UUID):
            return await lookups.read_by_event(connection, sought, agency=agency)
        return await lookups.read_by_source(connection, sought, agency=agency)


async def list_cut_off(
    database: Database, *, around: date, days: int, agency: str | None, page: PageParams
) -> Stated[list[Record]]:
    after = page.after(tuple[date, int]) or (date(1, 1, 1), 0)
    async with database.reading() as connection:
        rows = await lookups.read_cut_off(
            connection,
            around=around,
            days=days,
            agency=agency,
            after=after,
            rows_max=page.rows_to_read,
        )
        return await stated(connection, rows)


async def list_balances_by_day(
    database: Database,
    *,
    agency: str | None,
    on: date | None,
    as_of: date | None,
    page: PageParams,
) -> Stated[list[DatedBalance]]:
    after = page.after(tuple[int])
    async with database.reading() as connection:
        rows = await lookups.read_balances_by_day(
            connection,
            agency=agency,
            on=on,
            as_of=as_of,
            after=after[0] if after else 0,
            rows_max=page.rows_to_read,
        )
        return await stated(connection, rows, as_of=as_of)


def of_agency(selection: Selection, agency: str | None) -> Selection:
    return replace(selection, agency=agency)


async def _title(connection: Connection, selection: Selection) -> Title:
    is_complete = await lookups.has_all_openings(
        connection, agency=selection.agency, as_of=selection.as_of
    )
    return STATEMENT if is_complete else MANAGEMENT_VIEW


async def _chosen_accounts(connection: Connection, selection: Selection) -> list[int]:
    if selection.held_on is None:
        chosen = await sums.account_ids(connection, selection)
        if selection.payer is not None and selection.codes == MONEY:
            return await lookups.paid_accounts(connection, chosen, payer=selection.payer)
        return chosen
    at_any_time = replace(
        selection, value_from=None, value_to=None, period_from=None, period_to=None, only=None
    )
    on_that_day = at_any_time.up_to(selection.held_on, is_booked=selection.is_as_booked)
    sign = 1 if selection.held is Held.SOMETHING else -1
    rows = await sums.by_account(connection, on_that_day)
    return [row["account_id"] for row in rows if sign * row["amount_minor"] > 0]


def _account_sum(row: Record) -> AccountSum:
    return AccountSum(
        row["account_id"],
        row["agency"],
        AccountCode(row["code"]),
        FundKind(row["fund_kind"]),
        row["fund_code"],
        Channel(row["channel"]),
        row["amount_minor"],
        row["receipts_minor"],
    )
