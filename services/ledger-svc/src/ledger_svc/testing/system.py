"""The real commands, consumer and database, with what they hear at hand, and how it may fail."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import count
from typing import Any, Final
from uuid import UUID

from asyncpg import exceptions
from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.envelope import Actor, Envelope
from fundmix_events.registry import OrganisationKind
from fundmix_events.roles import Role
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, BUYER, OTHER_AGENCY
from fundmix_kit.auth import Principal
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError
from fundmix_kit.inbox import Place
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.policy import Access, Scope
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet, incoming
from fundmix_kit.testing.schema import migrated_by
from pydantic import PostgresDsn

from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.commands import Commands, Target
from ledger_svc.consumer import CODEC
from ledger_svc.domain.errors import LedgerError
from ledger_svc.domain.request import Request
from ledger_svc.domain.terms import AnyTerms, CloseTerms
from ledger_svc.hold_commands import hold_lots
from ledger_svc.storage.holds import HoldTerms
from ledger_svc.testing.model import Closing, Fact
from ledger_svc.testing.steps import Deliver, End

ROWS_MAX: Final = 1_000
DECIDED: Final = {topics.LEDGER_REQUESTS: topics.PARTITIONS[topics.LEDGER_REQUESTS]}
FAILING: Final = {
    End.REFUSED: "SELECT FROM nowhere",
    End.CUT_OFF: "SELECT pg_terminate_backend(pg_backend_pid())",
}
SEQ_OF: Final = "SELECT seq FROM journal_entry WHERE event_id = $1"


class Fails(Enum):
    """At which of its statements a batch fails, and after the last one, before it is committed."""

    NOWHERE = "nowhere"
    AS_DRAWN = "as_drawn"
    EVERYWHERE = "everywhere"


class FailingDatabase(Database):
    """Fails in a transaction before its n-th statement, or before it is committed; 0: never."""

    end = End.REFUSED
    fail_at = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        async with super().transaction() as connection:
            if not self.fail_at:
                yield connection
                return
            failing = _Failing(connection, FAILING[self.end], self.fail_at)
            yield failing  # pyright: ignore[reportReturnType]  # it has the methods that are used
            await failing.count()


class _Failing:
    def __init__(self, connection: Connection, statement: str, fail_at: int) -> None:
        self._connection = connection
        self._statement = statement
        self._left = fail_at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def counted(*arguments: Any, **options: Any) -> Any:
            await self.count()
            return await method(*arguments, **options)

        return counted

    async def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            await self._connection.execute(self._statement)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message on a topic, and what its event does to the books; None: nothing."""

    message: Incoming
    event_id: UUID
    fact: Fact | Closing | None


class System:
    """Of one ledger. Events wait in `logs` until a batch is delivered."""

    def __init__(self, database: FailingDatabase) -> None:
        self.database = database
        self.clock = FixedClock()
        self.logs: dict[Place, list[Said]] = {}
        self.heard: set[UUID] = set()
        self._due: dict[Place, int] = {}
        # One handler for all: what it remembers has to survive what was rolled back.
        self._inlet = Inlet[Prepared](
            database, codec=CODEC, handler=LedgerHandler(clock=self.clock), clock=self.clock
        )
        self._commands = Commands(
            outbox=Outbox(source="/ledger-svc", partitions=DECIDED, clock=self.clock),
            clock=self.clock,
        )

    def hear(self, said: FundingEvent, fact: Fact | None, *, partition: int = 0) -> None:
        """An event of another service is on its topic."""
        log = self.logs.setdefault((said.topic, partition), [])
        message = incoming(said, number=len(log) + 1, partition=partition)
        log.append(Said(message=message, event_id=_id_of(message), fact=fact))

    def hear_again(self, event: FundingEvent, earlier: Said) -> None:
        """The same event, under the next number."""
        message = earlier.message
        log = self.logs[message.topic, message.partition]
        again = incoming(
            event, number=len(log) + 1, partition=message.partition, event_id=earlier.event_id
        )
        log.append(Said(message=again, event_id=earlier.event_id, fact=earlier.fact))

    async def approve(self, terms: AnyTerms) -> Request | None:
        """Prepared by one person and approved by another; None when it is refused."""
        try:
            async with self.database.transaction() as connection:
                request = await self._commands.prepare(connection, _origin("accountant"), terms)
                target = Target(
                    request_id=request.request_id,
                    access=_access(),
                    expected_version=None,
                    is_close=isinstance(terms, CloseTerms),
                )
                return await self._commands.approve(connection, _origin("reviewer"), target)
        except LedgerError:
            return None

    async def collect(self, approved: Request, fact: Fact | Closing) -> UUID:
        """What was approved last is on its topic; the id of its event."""
        (message,) = await self._sent()
        event_id = _id_of(message)
        assert event_id == approved.event_id, "one thing is approved at a time"
        log = self.logs.setdefault((message.topic, message.partition), [])
        log.append(Said(message=message, event_id=event_id, fact=fact))
        return event_id

    async def post_decided(self) -> None:
        """Whatever was approved is on its topic, and delivered."""
        await self._inlet.deliver(await self._sent())

    async def _sent(self) -> list[Incoming]:
        """What the relay would send now."""
        async with self.database.session() as connection:
            rows = await OutboxSource().fresh(connection, rows_max=ROWS_MAX)
        return [
            Incoming(
                topic=row.topic,
                partition=row.partition,
                offset=row.number - 1,
                number=row.number,
                key=row.key,
                headers=list(row.headers),
                value=row.value,
            )
            for row in rows
        ]

    async def hold(self, terms: HoldTerms, lot_id: UUID) -> bool:
        async def command(connection: Connection) -> object:
            return await self._commands.hold(connection, _origin("donor"), terms, lot_ids=[lot_id])

        return await self._is_done(command)

    async def hold_all(self, wanted: Sequence[tuple[HoldTerms, UUID]]) -> bool:
        """All of them or none."""

        async def command(connection: Connection) -> object:
            return await hold_lots(connection, _origin("donor"), wanted, clock=self.clock)

        return await self._is_done(command)

    async def release(self, hold_id: UUID) -> None:
        async with self.database.transaction() as connection:
            await self._commands.release(connection, hold_id, access=_access())

    async def seq_of(self, event_id: UUID) -> int | None:
        async with self.database.session() as connection:
            return await connection.fetchval(SEQ_OF, event_id)

    async def deliver(self, step: Deliver, *, fails: Fails) -> list[Fact | Closing]:
        """It fails at first, and is said again; what it then brought to the books, in its order."""
        batch = self._batch(step)
        self.clock.advance(timedelta(days=step.days_later))
        for fail_at in _places(step, fails):
            self.database.end, self.database.fail_at = step.end, fail_at
            try:
                await self._inlet.deliver(batch)
            except (exceptions.UndefinedTableError, DatabaseUnavailableError):
                continue
            finally:
                self.database.fail_at = 0
            # It has no more statements than that.
            return self._taken(batch)
        await self._inlet.deliver(batch)
        return self._taken(batch)

    def _batch(self, step: Deliver) -> list[Incoming]:
        places = sorted(self.logs)
        turn = step.turn % len(places)
        fresh: list[Incoming] = []
        past: list[Incoming] = []
        for place in (*places[turn:], *places[:turn]):
            due = self._due.get(place, 1) - 1
            messages = [said.message for said in self.logs[place]]
            past += messages[:due]
            fresh += messages[due : due + step.rows_max]
        before = [past[pick % len(past)] for pick in step.before] if past else []
        return [*before, *fresh, *fresh[: step.again]]

    def _taken(self, batch: Sequence[Incoming]) -> list[Fact | Closing]:
        """Place by place, each number and each event once."""
        places = dict.fromkeys((message.topic, message.partition) for message in batch)
        taken: list[Fact | Closing] = []
        for place in places:
            for message in batch:
                due = self._due.get(place, 1)
                if (message.topic, message.partition) != place or message.number != due:
                    continue
                self._due[place] = due + 1
                said = self.logs[place][due - 1]
                if said.event_id not in self.heard and said.fact is not None:
                    taken.append(said.fact)
                self.heard.add(said.event_id)
        return taken

    async def _is_done(self, command: Callable[[Connection], Awaitable[object]]) -> bool:
        try:
            async with self.database.transaction() as connection:
                await command(connection)
        except LedgerError:
            return False
        return True


@asynccontextmanager
async def a_system(databases: FreshDatabases) -> AsyncGenerator[System]:
    """With its parties in the register."""
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = FailingDatabase(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            system = System(database)
            for code, kind in (
                (AGENCY, OrganisationKind.AGENCY),
                (OTHER_AGENCY, OrganisationKind.AGENCY),
                (BUYER, OrganisationKind.BUYER),
            ):
                system.hear(samples.organisation_registered(code=code, kind=kind), None)
            batch = Deliver(ROWS_MAX, 0, (), 0, 0, (), End.REFUSED)
            await system.deliver(batch, fails=Fails.NOWHERE)
            yield system
        finally:
            await database.close()


def _places(step: Deliver, fails: Fails) -> Iterable[int]:
    match fails:
        case Fails.NOWHERE:
            return ()
        case Fails.AS_DRAWN:
            return step.fail_at
        case Fails.EVERYWHERE:
            return count(1)


def _id_of(message: Incoming) -> UUID:
    return Envelope.from_headers(message.headers).id


def _origin(subject: str) -> Origin:
    return Origin(
        actor=Actor(subject=subject, role=Role.AGENCY, org=AGENCY), correlation_id="a-trial"
    )


def _access() -> Access:
    principal = Principal(subject="reviewer", role=Role.AGENCY, org=AGENCY)
    return Access(principal=principal, scope=Scope.ANY)
