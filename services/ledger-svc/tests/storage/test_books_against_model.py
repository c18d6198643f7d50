"""Books, lots and funds against a plain model: whatever is asked, however it is delivered.

The model knows nothing of SQL, batches or holds. Every batch is first cut off at each of its
statements, as by a crash, and then delivered with some of it said again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import pytest
from fundmix_events.channel import Channel
from fundmix_events.envelope import Actor
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Money, text_from_minor
from fundmix_events.roles import Role
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.auth import Principal
from fundmix_kit.database import Connection, Database
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.policy import Access, Scope
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet, incoming
from fundmix_kit.testing.schema import migrated_by
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.commands import Commands, Target
from ledger_svc.consumer import CODEC
from ledger_svc.domain.errors import LedgerError
from ledger_svc.domain.periods import period_of
from ledger_svc.domain.terms import (
    AnyTerms,
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    ReversalTerms,
)
from ledger_svc.main import PUBLISHED
from ledger_svc.testing.model import (
    CONTRACT,
    PURPOSE,
    Close,
    Contract,
    Gift,
    Income,
    Model,
    ModelLot,
    Spend,
    Step,
    Undo,
)
from pydantic import PostgresDsn

AGENCIES: Final = st.sampled_from([AGENCY, AGENCY, AGENCY, OTHER_AGENCY])
FUNDS: Final = st.sampled_from(["general", "general", PURPOSE, CONTRACT])
LAST_DAY: Final = date(2024, 1, 9)
DAYS: Final = st.dates(date(2024, 1, 1), date(2024, 1, 8))
AMOUNTS: Final = st.integers(1, 500)
PARTS: Final = st.integers(1, 250)
GIFT_CHANNELS: Final = st.sampled_from([Channel.ENTERPRISE, Channel.FOUNDATION])
STATEMENTS_MAX: Final = 60
BALANCES: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, b.amount_minor
    FROM balance b JOIN account a USING (account_id) WHERE b.amount_minor <> 0
"""
MOVED: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, m.value_on, sum(m.amount_minor)::bigint
    FROM movement m JOIN account a USING (account_id)
    GROUP BY a.agency, a.code, a.fund_code, a.channel, m.value_on HAVING sum(m.amount_minor) <> 0
"""
LOTS: Final = "SELECT lot_id, amount_minor, drawn_minor, held_minor FROM lot"
HELD: Final = "SELECT count(*) FROM hold WHERE state = 'held'"


class CrashError(Exception):
    """The process ends here."""


# Mostly of one agency, so that steps meet; with something to spend before anybody spends it.
MONEY: Final[st.SearchStrategy[list[Step]]] = st.lists(
    st.one_of(
        st.builds(Gift, AGENCIES, st.booleans(), GIFT_CHANNELS, DAYS, AMOUNTS),
        st.builds(Contract, AGENCIES, st.integers(500, 900), st.integers(1, 500), DAYS),
    ),
    min_size=2,
    max_size=5,
)
USE: Final[st.SearchStrategy[list[Step]]] = st.lists(
    st.one_of(
        st.builds(Spend, AGENCIES, FUNDS, DAYS, PARTS),
        st.builds(Spend, AGENCIES, FUNDS, st.just(LAST_DAY), PARTS),
        st.builds(Gift, AGENCIES, st.booleans(), GIFT_CHANNELS, DAYS, AMOUNTS),
        st.builds(Income, AGENCIES, DAYS, AMOUNTS),
        st.builds(Undo, st.integers(0, 3)),
        st.just(Close()),
    ),
    max_size=10,
)
STEPS: Final = st.tuples(MONEY, USE).map(lambda both: [*both[0], *both[1]])


class CrashingDatabase(Database):
    """Ends a transaction at its n-th statement; 0: at none."""

    crash_at = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        async with super().transaction() as connection:
            yield _Crashing(connection, self.crash_at) if self.crash_at else connection  # pyright: ignore[reportReturnType]  # it has the methods that are used


class _Crashing:
    def __init__(self, connection: Connection, crash_at: int) -> None:
        self._connection = connection
        self._left = crash_at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def counted(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise CrashError
            return await method(*arguments, **options)

        return counted


class System:
    """The real commands, consumer and database."""

    def __init__(self, database: CrashingDatabase) -> None:
        self.database = database
        clock = FixedClock()
        # One handler for all: what it remembers has to survive what was rolled back.
        self._inlet = Inlet[Prepared](
            database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock
        )
        self._commands = Commands(
            outbox=Outbox(source="/ledger-svc", partitions=PUBLISHED, clock=clock), clock=clock
        )
        self._numbers: dict[tuple[str, int], int] = {}
        self._last: list[Incoming] = []

    async def hear(self, *events: Any) -> None:
        messages: list[Incoming] = []
        for said in events:
            number = self._numbers.get((said.topic, 0), 0) + 1
            self._numbers[said.topic, 0] = number
            messages.append(incoming(said, number=number))
        await self._deliver(messages)

    async def approve(self, terms: AnyTerms) -> UUID | None:
        """The id of the request; None when it is refused."""
        try:
            async with self.database.transaction() as connection:
                request = await self._commands.prepare(connection, _origin("accountant"), terms)
                target = Target(
                    request_id=request.request_id,
                    access=Access(principal=_principal(), scope=Scope.ANY),
                    expected_version=None,
                    is_close=isinstance(terms, CloseTerms),
                )
                await self._commands.approve(connection, _origin("reviewer"), target)
        except LedgerError:
            return None
        return request.request_id

    async def post_decided(self) -> None:
        async with self.database.session() as connection:
            rows = await OutboxSource().fresh(connection, rows_max=100)
        await self._deliver(
            [
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
        )

    async def _deliver(self, messages: list[Incoming]) -> None:
        if not messages:
            return
        for crash_at in range(1, STATEMENTS_MAX):
            self.database.crash_at = crash_at
            try:
                await self._inlet.deliver([*self._last, *messages])
            except CrashError:
                continue
            finally:
                self.database.crash_at = 0
            break
        else:
            pytest.fail("a batch has more statements than this test allows")
        await self._inlet.deliver([*messages[-2:], *self._last])
        self._last = messages


@asynccontextmanager
async def a_system(databases: FreshDatabases) -> AsyncGenerator[System]:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = CrashingDatabase(
            DatabaseSettings(url=PostgresDsn(fresh.url)), application="test"
        )
        await database.open()
        try:
            system = System(database)
            await system.hear(
                samples.organisation_registered(),
                samples.organisation_registered(code=OTHER_AGENCY),
            )
            yield system
        finally:
            await database.close()


class Trial:
    """Takes the same steps on both sides."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.model = Model()
        self._signed: set[str] = set()
        self._accepted: list[tuple[Any, Any]] = []
        self._count = 0
        self._is_closed = False

    async def take(self, step: Any) -> None:
        self._count += 1
        match step:
            case Gift():
                await self._give(step)
            case Contract() if step.agency not in self._signed:
                await self._contract(step)
            case Spend():
                await self._spend(step)
            case Income():
                await self._earn(step)
            case Undo() if step.place < len(self._accepted):
                await self._undo(step.place)
            case Close():
                await self._close()
            case _:
                return

    async def _give(self, gift: Gift) -> None:
        donation = samples.donation_received(
            text_from_minor(gift.amount),
            agency=gift.agency,
            channel=gift.channel,
            restricted_to="长者助餐" if gift.is_restricted else None,
            received_on=gift.received_on,
            given_on=gift.received_on,
            reference=f"DN-{self._count:03}",
        )
        await self._system.hear(donation)
        fund = PURPOSE if gift.is_restricted else "general"
        legs = {"BANK": gift.amount, "DONATION_INCOME": -gift.amount}
        self.model.post(gift.agency, fund, gift.channel, on=gift.received_on, **legs)
        if gift.is_restricted:
            legs = {"UNRESTRICTED": gift.amount, "RESTRICTED": -gift.amount}
            self.model.post(gift.agency, fund, gift.channel, on=gift.received_on, **legs)
        self._receive(donation.donation_id, gift.agency, fund, gift.channel, gift)

    def _receive(self, lot_id: UUID, agency: str, fund: str, channel: Channel, of: Any) -> None:
        lot = ModelLot(
            agency=agency,
            fund_code=fund,
            channel=channel,
            value_on=of.received_on,
            document=f"DN-{self._count:03}" if isinstance(of, Gift) else f"IN-{self._count:03}",
            left=of.amount,
            received=of.amount,
        )
        self.model.receive(lot_id, lot)

    async def _contract(self, step: Contract) -> None:
        self._signed.add(step.agency)
        contract_id = uuid4()
        paid = samples.instalment_paid(
            text_from_minor(step.paid),
            agency=step.agency,
            paid_on=step.paid_on,
            contract_id=contract_id,
        )
        signed = samples.contract_signed(
            text_from_minor(step.ceiling), agency=step.agency, contract_id=contract_id
        )
        await self._system.hear(signed, paid)
        post = self.model.post
        promised = step.ceiling - step.paid
        for amount, day in ((step.ceiling, signed.signed_on), (-step.paid, step.paid_on)):
            legs = {"CONTRACT_COMMITMENT": amount, "CONTRACT_COMMITMENT_COUNTER": -amount}
            post(step.agency, CONTRACT, Channel.GOVERNMENT, on=day, **legs)
        legs = {"BANK": step.paid, "ADVANCE_RECEIVED": -step.paid}
        post(step.agency, CONTRACT, Channel.GOVERNMENT, on=step.paid_on, **legs)
        self.model.unpaid[step.agency] += promised
        self.model.receive(
            _instalment_lot(contract_id),
            ModelLot(
                agency=step.agency,
                fund_code=CONTRACT,
                channel=Channel.GOVERNMENT,
                value_on=step.paid_on,
                document="DG-2024-0001/1",
                left=step.paid,
                received=step.paid,
            ),
        )

    async def _spend(self, step: Spend) -> None:
        terms = ExpenditureTerms(
            agency=step.agency,
            reference=f"EX-{self._count}",
            fund_code=step.fund_code,
            code=AccountCode.PROGRAMME_EXPENSES,
            spent_on=step.spent_on,
            amount=Money.of(step.amount),
        )
        is_fitting = step.amount <= self.model.available(step.agency, step.fund_code, step.spent_on)
        request_id = await self._system.approve(terms)

        event(f"{step.fund_code}: {'accepted' if is_fitting else 'refused'}")
        assert (request_id is not None) == is_fitting
        if is_fitting:
            taken = self.model.take(step)
            self.model.spend(step, taken, 1)
            self._accepted.append((step, (request_id, taken)))

    async def _earn(self, step: Income) -> None:
        terms = IncomeTerms(
            agency=step.agency,
            reference=f"IN-{self._count:03}",
            channel=Channel.OWN,
            code=AccountCode.SERVICE_INCOME,
            received_on=step.received_on,
            amount=Money.of(step.amount),
        )
        request_id = await self._system.approve(terms)
        assert request_id is not None
        # Income is there to be used once it is posted, not before.
        await self._system.post_decided()
        legs = {"BANK": step.amount, "SERVICE_INCOME": -step.amount}
        self.model.post(step.agency, "general", Channel.OWN, on=step.received_on, **legs)
        self._receive(request_id, step.agency, "general", Channel.OWN, step)
        self._accepted.append((step, (request_id, None)))

    async def _undo(self, place: int) -> None:
        step, (request_id, taken) = self._accepted[place]
        await self._system.post_decided()
        terms = ReversalTerms(
            agency=step.agency,
            reference=f"RV-{self._count}",
            seq=await _seq_of(self._system.database, request_id),
            reason="重复入账",
        )
        is_fitting = isinstance(step, Spend) or self._can_take_back(step, request_id)
        reversal = await self._system.approve(terms)

        event(f"undo {type(step).__name__}: {'accepted' if is_fitting else 'refused'}")
        assert (reversal is not None) == is_fitting
        if not is_fitting:
            return
        del self._accepted[place]
        await self._system.post_decided()
        if isinstance(step, Spend):
            self.model.spend(step, taken, -1)
            self.model.cash[step.agency, step.fund_code].append((step.spent_on, step.amount))
            for lot_id, _, part in taken:
                if lot_id is not None:
                    self.model.lots[lot_id].left += part
        else:
            legs = {"BANK": -step.amount, "SERVICE_INCOME": step.amount}
            self.model.post(step.agency, "general", Channel.OWN, on=step.received_on, **legs)
            self.model.cash[step.agency, "general"].append((step.received_on, -step.amount))
            lot = self.model.lots[request_id]
            lot.left -= step.amount
            lot.received -= step.amount

    async def _close(self) -> None:
        """Once; the books are what they are on every day, before and after."""
        request_id = await self._system.approve(CloseTerms(through=period_of(LAST_DAY)))
        await self._system.post_decided()

        assert (request_id is None) == self._is_closed
        self._is_closed = True

    def _can_take_back(self, step: Income, request_id: UUID) -> bool:
        available = self.model.available(step.agency, "general", step.received_on)
        return min(available, self.model.lots[request_id].left) >= step.amount


def _instalment_lot(contract_id: UUID) -> UUID:
    return uuid5(contract_id, "instalment:1")


def _origin(subject: str) -> Origin:
    return Origin(
        actor=Actor(subject=subject, role=Role.AGENCY, org=AGENCY), correlation_id="a-trial"
    )


def _principal() -> Principal:
    return Principal(subject="reviewer", role=Role.AGENCY, org=AGENCY)


async def _seq_of(database: Database, request_id: UUID) -> int:
    async with database.session() as connection:
        return await connection.fetchval(
            "SELECT seq FROM journal_entry JOIN request USING (event_id) WHERE request_id = $1",
            request_id,
        )


async def assert_same(database: Database, model: Model) -> None:
    async with database.reading() as connection:
        found = {tuple(key): amount for *key, amount in await connection.fetch(BALANCES)}
        moved = {tuple(key): amount for *key, amount in await connection.fetch(MOVED)}
        lots = {row["lot_id"]: row for row in await connection.fetch(LOTS)}
        held = await connection.fetchval(HELD)
    assert found == {key: amount for key, amount in model.balances.items() if amount}
    assert moved == {key: amount for key, amount in model.moved.items() if amount}
    assert sum(found.values()) == 0
    assert {i: (r["amount_minor"], r["drawn_minor"], r["held_minor"]) for i, r in lots.items()} == {
        i: (lot.received, lot.received - lot.left, 0) for i, lot in model.lots.items()
    }
    assert held == 0
    for (_, fund), moves in model.cash.items():
        if fund != CONTRACT:
            days = sorted({day for day, _ in moves})
            assert all(sum(a for on, a in moves if on <= day) >= 0 for day in days)


@settings(max_examples=25, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(steps=STEPS)
async def test_books_lots_and_funds_are_those_of_a_plain_model(
    databases: FreshDatabases, steps: Sequence[Step]
) -> None:
    async with a_system(databases) as system:
        trial = Trial(system)
        for step in steps:
            await trial.take(step)
        await system.post_decided()

        await assert_same(system.database, trial.model)
