"""Donations come in as a file: all of its rows that are new, as one batch, or nothing.

The rows stream through one transaction in batches, so that a long file takes no more memory than a
short one. What an earlier row has booked, a later one finds in the database, as it finds what was
there before; a dry run does all of it and takes it back.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final
from uuid import UUID

from fundmix_events.money import AMOUNT_MINOR_MAX, Currency, Money
from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.table_file.reader import TableFile, open_table
from fundmix_kit.table_file.rows import FileInfo, Row, TableLimits, UnreadableFileError

from donations_svc.domain.errors import (
    ControlMismatchError,
    HeaderError,
    ImportNotReadyError,
    ImportRunningError,
)
from donations_svc.domain.import_file import (
    HEADERS,
    CellFault,
    Columns,
    ImportRow,
    RowError,
    columns_of,
    read_row,
)
from donations_svc.domain.import_plan import Booked, ImportTerms, Known, Suspected, Unbooked, decide
from donations_svc.domain.pledge import Pledge
from donations_svc.storage import import_batches, organisations, pledges
from donations_svc.storage.import_batches import Batch, Share

# Titles and the like stand above a header; further down nobody looks for one.
HEADER_ROWS_MAX: Final = 10
# Who has more of them has another file in hand than he thinks.
SHOWN_MAX: Final = 1_000
ORGANISATIONS_KEPT_MAX: Final = 5_000
ROWS_BETWEEN_YIELDS: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRequest:
    """What is asked; `own_agency` is None where somebody records for agencies, and says why."""

    source: str
    file: BinaryIO
    file_sha256: bytes
    is_dry_run: bool
    control_count: int | None
    control_total: Money | None
    accepted: Collection[str]
    left_out: Collection[str]
    own_agency: str | None
    org: str | None
    delegation: str | None


@dataclass(kw_only=True, slots=True)
class Imported:
    """What became of the rows; of errors and suspected rows there may be more than are kept."""

    info: FileInfo
    columns: Columns
    batch_id: UUID | None = None
    rows: int = 0
    total_minor: int = 0
    booked_minor: int = 0
    counted: Counter[str] = field(default_factory=Counter[str])
    errors: list[RowError] = field(default_factory=list[RowError])
    suspected: list[Suspected] = field(default_factory=list[Suspected])
    shares: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    @property
    def is_ready(self) -> bool:
        return not self.counted["errors"] and not self.counted["suspected"]

    def add_errors(self, errors: Sequence[RowError]) -> None:
        self.counted["failed"] += 1
        self.counted["errors"] += len(errors)
        self.errors += errors[: SHOWN_MAX - len(self.errors)]

    def add(self, row: ImportRow, outcome: Booked | Unbooked | Suspected | list[RowError]) -> None:
        match outcome:
            case Booked():
                share = self.shares.setdefault(row.agency, Counter())
                share["donations"] += outcome.donation is not None
                share["pledges"] += outcome.is_new_pledge
                share["amount_minor"] += row.amount.amount_minor
                self.booked_minor += row.amount.amount_minor
            case Unbooked():
                self.counted[outcome] += 1
            case Suspected():
                self.counted["suspected"] += 1
                if len(self.suspected) < SHOWN_MAX:
                    self.suspected.append(outcome)
            case _:
                self.add_errors(outcome)


@dataclass(kw_only=True, slots=True)
class _Work:
    """One import while its rows come; `register` has what was looked up of it so far."""

    connection: Connection
    origin: Origin
    terms: ImportTerms
    imported: Imported
    is_dry_run: bool
    register: dict[str, Organisation] = field(default_factory=dict[str, Organisation])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """The rows of a batch by their numbers, and what is wrong in the others."""

    rows: Sequence[tuple[int, ImportRow]]
    refused: Sequence[list[RowError]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _LookedUp:
    """A batch, and what there is that its rows may be about."""

    read: _Read
    known: Known
    there_before: set[UUID]

    def join(self, before: "_Decided") -> None:
        """What was booked of the batch before, and was not to be found yet."""
        for booked in before.booked:
            self.known.join(booked)
            if booked.pledge is not None:
                self.there_before.add(booked.pledge.pledge_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Decided:
    """What of a batch is to be written; `there_before` are the pledges that only change."""

    booked: Sequence[Booked]
    there_before: Collection[UUID]


class ImportCommands:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock, limits: TableLimits) -> None:
        self._outbox = outbox
        self._clock = clock
        self._limits = limits

    async def import_file(
        self, connection: Connection, origin: Origin, request: ImportRequest
    ) -> Imported:
        """Raises UnreadableFileError, HeaderError, ImportRunningError.

        Unless it is a dry run, also ImportNotReadyError and ControlMismatchError.
        """
        if not await import_batches.try_lock(connection):
            raise ImportRunningError("another import is being booked; ask again in a while")
        trial = connection.transaction() if request.is_dry_run else None
        if trial is not None:
            await trial.start()
        imported = await self._import(connection, origin, request)
        if trial is not None:
            await trial.rollback()
            imported.batch_id = None
            return imported
        _check_ready(imported)
        _check_control(imported, request)
        if not imported.shares:
            # All of it was there before: nothing is left that a batch could have.
            imported.batch_id = None
            return imported
        await import_batches.insert(connection, self._batch(imported, origin, request))
        return imported

    async def _import(
        self, connection: Connection, origin: Origin, request: ImportRequest
    ) -> Imported:
        remembered = await import_batches.read_mapping(
            connection, agency=request.own_agency, source=request.source
        )
        async with open_table(request.file, self._limits) as table:
            columns, first = await _find_header(
                table, remembered, has_agency=request.own_agency is not None
            )
            terms = ImportTerms(
                batch_id=uuid7(),
                today=self._clock.today(),
                by=origin.actor.subject,
                delegation=request.delegation,
                own_agency=request.own_agency,
                accepted=frozenset(request.accepted),
                left_out=frozenset(request.left_out),
                new_id=uuid7,
            )
            imported = Imported(info=table.info, columns=columns, batch_id=terms.batch_id)
            work = _Work(
                connection=connection,
                origin=origin,
                terms=terms,
                imported=imported,
                is_dry_run=request.is_dry_run,
            )
            await self._book_all(work, first, table)
        return imported

    async def _book_all(self, work: _Work, first: Sequence[Row], table: TableFile) -> None:
        """A batch is looked up while the one before it is decided, and read while that is written.

        So what the database has is older by one batch than what is decided: that one joins it.
        """
        running: asyncio.Task[Any] | None = None  # on the connection, one after the other
        before: _LookedUp | None = None
        try:
            async for batch in _with_end(first, table):
                read = None if batch is None else await _read_rows(batch, work)
                if running is not None:
                    await running
                looking = None if read is None else asyncio.create_task(_look_up(work, read))
                running = looking
                decided = None if before is None else await _decide(work, before)
                before = None if looking is None else await looking
                if decided is not None:
                    if before is not None:
                        before.join(decided)
                    running = asyncio.create_task(self._write(work, decided))
            if running is not None:
                await running
        finally:
            # The transaction is not to be ended under a statement.
            if running is not None and not running.done():
                running.cancel()
                await asyncio.wait([running])

    async def _write(self, work: _Work, decided: _Decided) -> None:
        """All of a batch, by one statement of each kind."""
        connection, now = work.connection, self._clock.now()
        # Of a pledge that several rows are about, as the last of them leaves it.
        latest: dict[UUID, Pledge] = {
            one.pledge.pledge_id: one.pledge for one in decided.booked if one.pledge is not None
        }
        there_before = decided.there_before
        if new := [pledge for pledge in latest.values() if pledge.pledge_id not in there_before]:
            await pledges.insert_all(connection, new, recorded_at=now)
        if changed := [pledge for pledge in latest.values() if pledge.pledge_id in there_before]:
            await pledges.save_all(connection, changed)
        if received := [one.donation for one in decided.booked if one.donation is not None]:
            await import_batches.insert_donations(connection, received, recorded_at=now)
        if not work.is_dry_run:
            events = [(event, work.origin) for one in decided.booked for event in one.events]
            await self._outbox.append_all(connection, events)

    def _batch(self, imported: Imported, origin: Origin, request: ImportRequest) -> Batch:
        assert imported.batch_id is not None, "something was booked"
        shares = [
            Share(
                agency=agency,
                donations=share["donations"],
                pledges=share["pledges"],
                amount=Money.of(share["amount_minor"]),
            )
            for agency, share in sorted(imported.shares.items())
        ]
        return Batch(
            batch_id=imported.batch_id,
            source=request.source,
            file_sha256=request.file_sha256,
            format=imported.info.format,
            rows=imported.rows,
            donations=sum(share.donations for share in shares),
            pledges=sum(share.pledges for share in shares),
            duplicates=imported.counted[Unbooked.DUPLICATE],
            left_out=imported.counted[Unbooked.LEFT_OUT],
            control_total=Money.of(imported.total_minor),
            booked=Money.of(imported.booked_minor),
            org=request.org,
            recorded_by=origin.actor.subject,
            delegation=request.delegation,
            recorded_at=self._clock.now(),
            shares=shares,
        )


def is_control_met(imported: Imported, request: ImportRequest) -> bool:
    """True also where nothing was said that the file should have."""
    try:
        _check_control(imported, request)
    except ControlMismatchError:
        return False
    return True


def _check_control(imported: Imported, request: ImportRequest) -> None:
    """Raises ControlMismatchError."""
    if request.control_count is not None and request.control_count != imported.rows:
        raise ControlMismatchError(
            f"the file has {imported.rows} rows, not {request.control_count}; nothing was booked",
            pointer="#query/control_count",
        )
    total = Money.of(imported.total_minor, Currency.CNY)
    if request.control_total is not None and request.control_total != total:
        raise ControlMismatchError(
            f"its rows sum to {total}, not to {request.control_total}; nothing was booked",
            pointer="#query/control_total",
        )


def _check_ready(imported: Imported) -> None:
    """Raises ImportNotReadyError, with the first of each kind; a dry run tells all."""
    if imported.is_ready:
        return
    parts = [
        f"row {e.row}, {e.column or e.field or 'whole'}: {e.detail}" for e in imported.errors[:3]
    ]
    parts += [
        f"row {s.row}: {s.reference} looks like {s.alike}, accept it or leave it out"
        for s in imported.suspected[:3]
    ]
    raise ImportNotReadyError(f"{'; '.join(parts)}. Nothing was booked; a dry run tells all")


async def _find_header(
    table: TableFile, remembered: Mapping[str, str], *, has_agency: bool
) -> tuple[Columns, list[Row]]:
    """The header, and the rows of its batch that come after it. Raises HeaderError."""
    first: list[Row] = await anext(table.batches, list[Row]())
    found = [columns_of(row.cells, remembered) for row in first[:HEADER_ROWS_MAX]]
    for place, columns in enumerate(found):
        is_header = not columns.missing and (
            has_agency or "agency" in columns.field_by_place.values()
        )
        if not is_header:
            continue
        if columns.repeated:
            raise HeaderError(f"the header has {', '.join(columns.repeated)} more than once")
        if first[place].faults:
            raise HeaderError(f"of the header, {first[place].faults[0].detail}")
        return columns, first[place + 1 :]
    if not found:
        raise HeaderError("there is nothing in it but a header")
    nearest = min(found, key=lambda columns: len(columns.missing))
    missing = nearest.missing
    if not has_agency and "agency" not in nearest.field_by_place.values():
        missing.append("agency")
    names = ", ".join(f"{name} ({HEADERS[name][-1]})" for name in missing)
    raise HeaderError(f"the header lacks {names}")


async def _with_end(first: Sequence[Row], table: TableFile) -> AsyncGenerator[Sequence[Row] | None]:
    """All batches; None when the last one has still to be decided and written."""
    yield first
    async for batch in table.batches:
        yield batch
    yield None


async def _read_rows(batch: Sequence[Row], work: _Work) -> _Read:
    imported, own_agency = work.imported, work.terms.own_agency
    rows: list[tuple[int, ImportRow]] = []
    refused: list[list[RowError]] = []
    for count, row in enumerate(batch):
        faults = {
            fault.column: CellFault(code=fault.code, detail=fault.detail) for fault in row.faults
        }
        read = read_row(
            row.number, row.cells, faults, columns=imported.columns, own_agency=own_agency
        )
        if isinstance(read, ImportRow):
            rows.append((row.number, read))
            imported.total_minor += read.amount.amount_minor
            if imported.total_minor > AMOUNT_MINOR_MAX:
                raise UnreadableFileError(
                    f"up to row {row.number} its amounts sum to more than an amount can be"
                )
        else:
            refused.append(read)
        if count % ROWS_BETWEEN_YIELDS == 0:
            await asyncio.sleep(0)
    imported.rows += len(batch)
    return _Read(rows=rows, refused=refused)


async def _look_up(work: _Work, read: _Read) -> _LookedUp:
    # Of rows that are refused as another agency's nothing is looked up, and nothing locked.
    own_agency = work.terms.own_agency
    own = [row for _, row in read.rows if own_agency in (None, row.agency)]
    await _learn(work, own)
    known = Known(register=work.register)
    await import_batches.read_known(work.connection, own, known)
    there_before = {pledge.pledge_id for pledge in known.pledges.values()}
    return _LookedUp(read=read, known=known, there_before=there_before)


async def _decide(work: _Work, looked_up: _LookedUp) -> _Decided:
    """One row after the other. Raises ImportNotReadyError, unless it is a dry run."""
    imported, known = work.imported, looked_up.known
    for errors in looked_up.read.refused:
        imported.add_errors(errors)
    booked: list[Booked] = []
    for count, (number, row) in enumerate(looked_up.read.rows):
        outcome = decide(number, row, known, terms=work.terms, columns=imported.columns)
        imported.add(row, outcome)
        if isinstance(outcome, Booked):
            booked.append(outcome)
        if count % ROWS_BETWEEN_YIELDS == 0:
            # Others are served in between.
            await asyncio.sleep(0)
    if not work.is_dry_run:
        _check_ready(imported)
    return _Decided(booked=booked, there_before=looked_up.there_before)


async def _learn(work: _Work, rows: Sequence[ImportRow]) -> None:
    """What the register has of those that the rows name, and not of all that were named before."""
    if len(work.register) > ORGANISATIONS_KEPT_MAX:
        # Another one: the batch before is being decided by that one.
        work.register = {}
    codes = {code for row in rows for code in (row.agency, row.donor_code) if code}
    wanted = sorted(codes - work.register.keys())
    if wanted:
        work.register.update(await organisations.read(work.connection, wanted))
