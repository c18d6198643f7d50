"""Readings while batches are applied: each is one snapshot, and of the `seq` that it states."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from datetime import date
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import AccountCode
from fundmix_events.money import minor_from_text, text_from_minor
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.process import Process
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import AuthSettings, DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, serving
from fundmix_kit.testing.inlet import Inlet, incoming
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import MIGRATIONS, NAME
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.domain.selections import RECEIPT_KINDS
from ledger_svc.main import build_api
from ledger_svc.settings import Settings
from pydantic import HttpUrl, PostgresDsn

Json = dict[str, Any]

PLACES_MIN: Final = 12
BATCHES_MAX: Final = 400
EVENTS_OF_A_BATCH: Final = 40
CLOSES: Final = {5: 202401, 11: 202402}
CONTRACTS: Final = [UUID(int=number) for number in range(1, 7)]
FIRST, LAST = 202401, 202403
NOW: Final = "2199-12-31"
A_DAY: Final = date(2024, 2, 14)
QUESTIONS: Final[dict[str, tuple[str, Json]]] = {
    "reading": ("/v1/reading", {"year": 2024, "on": NOW}),
    "reading_on": ("/v1/reading", {"year": 2024, "on": str(A_DAY), "agency": AGENCY}),
    "mix": ("/v1/mix", {"year": 2024}),
    "mix_official": ("/v1/mix", {"year": 2024, "basis": "official", "agency": AGENCY}),
    "trial": ("/v1/trial-balance", {"from": FIRST, "to": LAST, "limit": 200}),
    "balances": ("/v1/balances", {"limit": 200}),
}
POSTINGS: Final = """
    SELECT p.seq, a.account_id, a.agency, a.code, a.channel, e.kind, e.value_on, e.period,
           p.amount_minor
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    ORDER BY p.seq, p.line
"""


class Posted(NamedTuple):
    seq: int
    account_id: int
    agency: str
    code: str
    channel: str
    kind: str
    value_on: date
    period: int
    amount: int

    @property
    def is_memo(self) -> bool:
        return self.code.startswith("commitments:")


@pytest.fixture
async def quiet(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    """A second ledger: nobody writes to it while it is asked."""
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as database:
        settings = Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
        )
        process = Process(NAME, settings)
        async with serving(process, build_api(process), tokens) as api:
            yield api


async def test_each_reading_beside_a_running_ingest_is_of_one_place_in_the_journal(
    api: Api, inlet: Inlet[Prepared], quiet: Api
) -> None:
    places: dict[str, dict[int, Json]] = {name: {} for name in QUESTIONS}
    batches, is_over = city_batches(), asyncio.Event()
    delivered: list[Sequence[Incoming]] = []

    async with asyncio.TaskGroup() as tasks:
        for name in QUESTIONS:
            tasks.create_task(read_on(api, name, places[name], until=is_over))
        while min(map(len, places.values())) < PLACES_MIN:
            assert len(delivered) < BATCHES_MAX, {n: len(found) for n, found in places.items()}
            delivered.append(next(batches))
            await inlet.deliver(delivered[-1])
        is_over.set()

    async with api.database.reading() as connection:
        postings = [Posted(*row) for row in await connection.fetch(POSTINGS)]
    for name, found in places.items():
        for seq, answer in found.items():
            SUMS[name](answer, [p for p in postings if p.seq <= seq])
    await assert_same_at_rest(quiet, delivered, places)


async def read_on(api: Api, name: str, found: dict[int, Json], *, until: asyncio.Event) -> None:
    """Asks again and again; answers of one place in the journal are the same answer."""
    while not until.is_set():
        answer = await ask(api, name)
        if answer["seq"]:
            before = found.setdefault(answer["seq"], answer)
            assert before == answer, f"{name} has two answers of {answer['seq']}"


async def ask(api: Api, name: str) -> Json:
    path, parameters = QUESTIONS[name]
    answer = await api.caller("auditor").get(path, **parameters)
    assert answer.is_success, answer.text
    body = answer.json()
    assert body.get("next_cursor") is None, "a page has all of it"
    return body


async def assert_same_at_rest(
    quiet: Api, delivered: Sequence[Sequence[Incoming]], places: dict[str, dict[int, Json]]
) -> None:
    """A ledger that has come so far, and is then left alone, says the same."""
    clock = FixedClock()
    inlet = Inlet[Prepared](
        quiet.database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock
    )
    compared = 0
    for batch in delivered:
        await inlet.deliver(batch)
        for name, found in places.items():
            answer = await ask(quiet, name)
            if (seen := found.get(answer["seq"])) is not None:
                assert seen == answer, f"{name} at {answer['seq']}"
                compared += 1
    assert compared == sum(map(len, places.values())), "an answer was of no batch's end"


def city_batches() -> Iterator[Sequence[Incoming]]:
    """Without end: gifts, contracts, uses, and closes with late facts behind them."""
    random, numbers = Random(20240214), defaultdict[str, int](int)
    count = 0
    while True:
        count += 1
        events = [an_event(random) for _ in range(random.randint(1, EVENTS_OF_A_BATCH))]
        if count in CLOSES:
            events.append(ledger_samples.close_approved(CLOSES[count]))
        messages: list[Incoming] = []
        for event in events:
            numbers[event.topic] += 1
            messages.append(incoming(event, number=numbers[event.topic]))
        yield messages


def an_event(random: Random) -> FundingEvent:
    day = date(2024, random.randint(1, 3), random.randint(1, 29))
    agency = random.choice([AGENCY, AGENCY, OTHER_AGENCY])
    amount = text_from_minor(random.randint(1, 1_000_000))
    contract_id = random.choice(CONTRACTS)
    of_contract: Json = {
        "contract_id": contract_id,
        "contract_number": f"DG-{contract_id.int}",
        "agency": (AGENCY, OTHER_AGENCY)[contract_id.int % 2],
        "aggregate_version": random.randint(1, 1_000),
    }
    channel = random.choice([Channel.ENTERPRISE, Channel.FOUNDATION, Channel.INDIVIDUAL])
    builders: tuple[Callable[[], FundingEvent], ...] = (
        lambda: samples.donation_received(
            amount,
            agency=agency,
            channel=channel,
            kind=random.choice([DonationKind.CASH, DonationKind.CASH, DonationKind.IN_KIND]),
            restricted_to=random.choice([None, "长者助餐"]),
            received_on=day,
        ),
        lambda: samples.pledge_made(amount, agency=agency, channel=channel, pledged_on=day),
        lambda: samples.contract_signed(amount, signed_on=day, **of_contract),
        lambda: samples.instalment_paid(amount, paid_on=day, **of_contract),
        lambda: samples.payment_reversed(amount, paid_on=day, **of_contract),
        lambda: samples.delivery_accepted(amount, accepted_on=day, **of_contract),
        lambda: ledger_samples.income_approved(amount, received_on=day),
        lambda: ledger_samples.expenditure_approved(amount, spent_on=day),
        lambda: ledger_samples.manual_entry_approved(amount, value_on=day),
    )
    return random.choice(builders)()


def by_channel(postings: Sequence[Posted], *, sign: int = 1) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for posted in postings:
        sums[posted.channel] += sign * posted.amount
    return {channel: amount for channel, amount in sums.items() if amount}


def receipts(postings: Sequence[Posted], code: AccountCode) -> list[Posted]:
    return [p for p in postings if p.code == code and p.kind in RECEIPT_KINDS]


def check_reading(answer: Json, postings: Sequence[Posted]) -> None:
    """All of it is of the year."""
    income = [p for p in postings if p.code.startswith("income:")]
    goods = {p.seq for p in postings if p.code == AccountCode.IN_KIND}
    for section, of_section, sign in (
        ("received", receipts(postings, AccountCode.BANK), 1),
        ("recognised", [p for p in income if p.seq not in goods], -1),
    ):
        amounts = by_channel(of_section, sign=sign)
        said = answer[section]
        found = {c: minor_from_text(part["amount"]) for c, part in said["by_channel"].items()}
        assert {c: amount for c, amount in found.items() if amount} == amounts
        positive = sum(amount for amount in amounts.values() if amount > 0)
        assert minor_from_text(said["total"]["amount"]) == positive
        worth = sum(p.amount for p in receipts(postings, AccountCode.IN_KIND))
        assert minor_from_text(said["in_kind"]["amount"]) == worth


def check_reading_on(answer: Json, postings: Sequence[Posted]) -> None:
    check_reading(answer, [p for p in postings if p.agency == AGENCY and p.value_on <= A_DAY])


def check_mix(answer: Json, postings: Sequence[Posted]) -> None:
    amounts = by_channel(receipts(postings, AccountCode.BANK))
    found = {c: minor_from_text(text) for c, text in answer["received_by_channel"].items()}
    assert found == amounts
    positive = sum(amount for amount in amounts.values() if amount > 0)
    worth = sum(p.amount for p in receipts(postings, AccountCode.IN_KIND))
    assert minor_from_text(answer["received_total"]) == positive
    assert minor_from_text(answer["in_kind_total"]) == worth


def check_mix_official(answer: Json, postings: Sequence[Posted]) -> None:
    """All of it is booked in the year."""
    check_mix(answer, [p for p in postings if p.agency == AGENCY])


def check_trial(answer: Json, postings: Sequence[Posted]) -> None:
    found = {
        line["account_id"]: tuple(
            minor_from_text(line[column]["amount"])
            for column in ("opening", "debit", "credit", "closing")
        )
        for line in answer["lines"]
    }
    wanted: dict[int, tuple[int, ...]] = {}
    for account_id in {p.account_id for p in postings}:
        own = [p for p in postings if p.account_id == account_id]
        within = [p.amount for p in own if FIRST <= p.period <= LAST]
        opening = sum(p.amount for p in own if p.period < FIRST)
        debit, credit = sum(a for a in within if a > 0), -sum(a for a in within if a < 0)
        if opening or debit or credit:
            wanted[account_id] = (opening, debit, credit, opening + debit - credit)
    assert found == wanted
    for part, is_memo in (("totals", False), ("memo_totals", True)):
        ids = {p.account_id for p in postings if p.is_memo is is_memo}
        debit = sum(wanted[account_id][1] for account_id in ids & wanted.keys())
        assert answer[part]["is_zero"]
        assert minor_from_text(answer[part]["debit"]) == debit
        assert minor_from_text(answer[part]["credit"]) == debit


def check_balances(answer: Json, postings: Sequence[Posted]) -> None:
    found = {
        item["account_id"]: (minor_from_text(item["amount"]["amount"]), item["last_seq"])
        for item in answer["items"]
    }
    assert found == {
        account_id: (
            sum(p.amount for p in postings if p.account_id == account_id),
            max(p.seq for p in postings if p.account_id == account_id),
        )
        for account_id in {p.account_id for p in postings}
    }


SUMS: Final[dict[str, Callable[[Json, Sequence[Posted]], None]]] = {
    "reading": check_reading,
    "reading_on": check_reading_on,
    "mix": check_mix,
    "mix_official": check_mix_official,
    "trial": check_trial,
    "balances": check_balances,
}
