"""The books as an export has them: one snapshot, in parts, in the order they are written."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from fundmix_kit import quarantine
from fundmix_kit.database import Connection, Database

from ledger_svc.domain.exports import Wanted, period_before
from ledger_svc.storage import exports
from ledger_svc.storage.exports import Barrier, EntryRow, Turnover

# What is read at once is written at once, while nobody else is served: a workbook has many cells.
ENTRIES_ROWS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What is exported, and its control totals; `span` None: the books are empty.

    `has_opening`: there may be something before the span, and it is carried forward.
    """

    seq: int
    closed_through: int
    quarantined: int
    agency: str | None
    span: tuple[int, int] | None
    has_opening: bool
    entries: int
    debit_minor: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts over the span, by agency, code, fund and channel."""

    rows: list[Turnover]


@dataclass(frozen=True, slots=True)
class Openings:
    """Accounts with what they held before the span: as `opening_minor`."""

    rows: list[Turnover]


@dataclass(frozen=True, slots=True)
class Opened:
    """All that is carried forward has been told: its sum, which is nothing."""

    total_minor: int


@dataclass(frozen=True, slots=True)
class Entries:
    rows: list[EntryRow]


@dataclass(frozen=True, slots=True)
class Closings:
    """Accounts with what they held at the end of a posting period: the `opening_minor` after it."""

    period: int
    rows: list[Turnover]


@dataclass(frozen=True, slots=True)
class End:
    """What was read on the way: as much as the head has said."""

    entries: int
    debit_minor: int


Part = Head | Accounts | Openings | Opened | Entries | Barrier | Closings | End


async def read_books(
    database: Database, wanted: Wanted, *, with_accounts: bool, with_closings: bool
) -> AsyncGenerator[Part]:
    """The head, accounts, what is carried forward, then month by month, and the end."""
    async with database.reading() as connection:
        head = await _head(connection, wanted)
        yield head
        count, debit_minor = 0, 0
        if head.span is not None:
            async with aclosing(
                _parts(
                    connection,
                    head,
                    head.span,
                    with_accounts=with_accounts,
                    with_closings=with_closings,
                )
            ) as parts:
                async for part in parts:
                    if isinstance(part, Entries):
                        count += len(part.rows)
                        debit_minor += _debit(part.rows)
                    yield part
        assert (count, debit_minor) == (head.entries, head.debit_minor), (
            f"{count} entries with debits of {debit_minor} are not what balances say: {head}"
        )
        yield End(count, debit_minor)


async def _head(connection: Connection, wanted: Wanted) -> Head:
    seq, closed_through = await exports.read_head(connection)
    span = await exports.read_span(connection, wanted)
    entries, debit_minor = 0, 0
    if span is not None:
        entries, debit_minor = await exports.count(
            connection, first=span[0], last=span[1], agency=wanted.agency
        )
    return Head(
        seq=seq,
        closed_through=closed_through,
        quarantined=await quarantine.count_open(connection),
        agency=wanted.agency,
        span=span,
        has_opening=wanted.first is not None,
        entries=entries,
        debit_minor=debit_minor,
    )


async def _parts(
    connection: Connection,
    head: Head,
    span: tuple[int, int],
    *,
    with_accounts: bool,
    with_closings: bool,
) -> AsyncGenerator[Part]:
    first, last = span
    if with_accounts:
        async for rows in exports.turnovers(
            connection,
            first=first,
            last=last,
            closed_through=head.closed_through,
            agency=head.agency,
        ):
            yield Accounts(rows)
    if with_closings and head.has_opening:
        total_minor = 0
        async for part in _closings(connection, head, period_before(first)):
            total_minor += sum(row.opening_minor for row in part.rows)
            yield Openings(part.rows)
        yield Opened(total_minor)
    shown = period_before(first)
    for month in await exports.read_months(connection, first=first, last=last):
        async for page in exports.entries_of(
            connection, month, agency=head.agency, rows_max=ENTRIES_ROWS
        ):
            yield Entries(page)
        async for part in _month_end(
            connection, head, month.period, after=shown, with_closings=with_closings
        ):
            yield part
        shown = month.period
    if shown != last:
        async for part in _month_end(
            connection, head, last, after=shown, with_closings=with_closings
        ):
            yield part


async def _month_end(
    connection: Connection, head: Head, period: int, *, after: int, with_closings: bool
) -> AsyncGenerator[Part]:
    for barrier in await exports.read_barriers(connection, after=after, last=period):
        yield barrier
    if with_closings:
        async for part in _closings(connection, head, period):
            yield part


async def _closings(connection: Connection, head: Head, period: int) -> AsyncGenerator[Closings]:
    async for rows in exports.closings(
        connection, period, closed_through=head.closed_through, agency=head.agency
    ):
        yield Closings(period, rows)


def _debit(rows: list[EntryRow]) -> int:
    return sum(leg.amount_minor for row in rows for leg in row.legs if leg.amount_minor > 0)
