"""Whatever is done with gifts, in whatever order: it adds up, and the lots say the same."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import httpx2
import pytest
from fundmix_events.ledger import AccountCode
from fundmix_events.money import minor_from_text, text_from_minor
from fundmix_kit.ids import uuid7
from fundmix_kit.testing import FreshDatabases, TokenSigner
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.gifts.conftest import a_site
from tests.gifts.site import Site, a_change, a_donation

pytestmark = pytest.mark.timeout(600)

Json = dict[str, Any]

REFUSALS: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
BALANCES: Final = """
    SELECT a.code, sum(b.amount_minor)::bigint AS amount_minor
    FROM balance b JOIN account a USING (account_id) WHERE a.fund_code = $1 GROUP BY a.code
"""


class Kind(StrEnum):
    PLEDGE = "pledge"
    CANCEL_PLEDGE = "cancel_pledge"
    GIVE = "give"
    GIVE_AS_PLEDGED = "give_as_pledged"
    ASK_BACK = "ask_back"
    PAY_BACK = "pay_back"
    KEEP = "keep"
    SPEND = "spend"
    CHANGE = "change"
    REVERSE = "reverse"
    RACE = "race"
    FOLLOW = "follow"


@dataclass(frozen=True)
class Step:
    """`number` picks a gift, a lot, a refund or a pledge of those there are; `share` an amount."""

    kind: Kind
    number: int = 0
    share: int = 1_000
    purpose: int = 0


# What every life begins with: without a gift there is nothing to do.
BEGINNING: Final = [
    Step(Kind.PLEDGE),
    Step(Kind.GIVE),
    Step(Kind.GIVE_AS_PLEDGED, share=600),
    Step(Kind.GIVE, purpose=1),
    Step(Kind.FOLLOW),
]
OFTEN: Final = (Kind.ASK_BACK, Kind.SPEND, Kind.CHANGE, Kind.RACE, Kind.PAY_BACK, Kind.FOLLOW)
STEPS: Final = st.builds(
    Step,
    kind=st.sampled_from([*Kind, *OFTEN, *OFTEN]),
    number=st.integers(0, 3),
    share=st.sampled_from([1, 300, 500, 1_000, 1_001]),
    purpose=st.integers(0, 1),
)
A_LIFE: Final = [
    Step(Kind.SPEND, share=300),
    Step(Kind.ASK_BACK, number=1, share=500),
    Step(Kind.PAY_BACK),
    Step(Kind.CHANGE, number=1, share=300),
    Step(Kind.FOLLOW),
    Step(Kind.RACE, number=2),
    Step(Kind.REVERSE),
    Step(Kind.CANCEL_PLEDGE),
]


@dataclass
class Lot:
    """In fen: what of a gift is kept for one purpose, and what of it refunds hold."""

    gift: int
    purpose: str
    amount: int
    held: int = 0


@dataclass
class Model:
    """Gifts as a plain book would have them."""

    purposes: tuple[str, str]
    pledges: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    gifts: list[Json] = field(default_factory=list[Json])
    lots: dict[str, Lot] = field(default_factory=dict[str, Lot])
    refunds: dict[str, tuple[Json, int]] = field(default_factory=dict[str, tuple[Json, int]])
    spent: dict[str, int] = field(default_factory=dict[str, int])
    promised: dict[str, int] = field(default_factory=dict[str, int])

    def left(self, purpose: str) -> int:
        """What nobody has used, held or taken back."""
        kept = sum(lot.amount - lot.held for lot in self.lots.values() if lot.purpose == purpose)
        return kept - self.spent.get(purpose, 0)


@dataclass
class Trial:
    """Carries steps out on the services, and in the model when they were accepted.

    `unposted` are lots that the ledger has not heard of.
    """

    site: Site
    model: Model
    unposted: set[str] = field(default_factory=set[str])

    async def carry_out(self, step: Step) -> None:
        done = await getattr(self, f"_{step.kind}")(step)
        event(f"{step.kind}: {'done' if done else 'refused or nothing to do'}")
        for purpose in self.model.purposes:
            assert self.model.left(purpose) >= 0, f"{step} took more than there was"

    async def _pledge(self, step: Step) -> bool:
        purpose = self.model.purposes[step.purpose]
        body = a_donation("100.00", restricted_to=purpose)
        del body["received_on"], body["bank_reference"]
        answer = await self.site.treasurer.post("/v1/pledges", {**body, "pledged_on": "2025-03-01"})
        assert answer.is_success, answer.text
        self.model.pledges[answer.json()["pledge_id"]] = [100_00, step.purpose]
        return True

    async def _cancel_pledge(self, step: Step) -> bool:
        if (pledge_id := _picked(list(self.model.pledges), step.number)) is None:
            return False
        path = f"/v1/pledges/{pledge_id}/cancel"
        answer = await self.site.treasurer.post(path, {"reason": "agreed"})
        if not _is_done(answer):
            return False
        self.model.pledges[pledge_id][0] = 0
        return True

    async def _give(self, step: Step, pledge_id: str | None = None) -> bool:
        purpose = self.model.purposes[step.purpose]
        amount = max(1, 100_00 * step.share // 1_000)
        body = a_donation(text_from_minor(amount), restricted_to=purpose, pledge_id=pledge_id)
        answer = await self.site.treasurer.post("/v1/donations", body)
        if not _is_done(answer):
            return False
        gift = answer.json()
        self.model.gifts.append(gift)
        self.model.lots[gift["donation_id"]] = Lot(len(self.model.gifts) - 1, purpose, amount)
        self.unposted.add(gift["donation_id"])
        if gift["fulfils"] is not None:
            self.model.pledges[gift["pledge_id"]][0] -= _fen(gift["fulfils"])
        return True

    async def _give_as_pledged(self, step: Step) -> bool:
        if (pledge_id := _picked(list(self.model.pledges), step.number)) is None:
            return False
        purpose = self.model.pledges[pledge_id][1]
        return await self._give(Step(step.kind, share=step.share, purpose=purpose), pledge_id)

    async def _ask_back(self, step: Step) -> bool:
        if (lot_id := _picked(list(self.model.lots), step.number)) is None:
            return False
        lot = self.model.lots[lot_id]
        amount = max(1, lot.amount * step.share // 1_000)
        answer = await self.site.ask_back(
            self.model.gifts[lot.gift], text_from_minor(amount), lot_id=lot_id
        )
        if not self._is_done_with(answer, lot_id):
            return False
        lot.held += amount
        self.model.refunds[answer.json()["refund_id"]] = (answer.json(), amount)
        return True

    async def _pay_back(self, step: Step) -> bool:
        return await self._end_refund(step, is_paid=True)

    async def _keep(self, step: Step) -> bool:
        return await self._end_refund(step, is_paid=False)

    async def _end_refund(self, step: Step, *, is_paid: bool) -> bool:
        if (refund_id := _picked(list(self.model.refunds), step.number)) is None:
            return False
        refund, amount = self.model.refunds[refund_id]
        if is_paid:
            answer = await self.site.pay_back(refund)
        else:
            answer = await self.site.treasurer.post(f"/v1/refunds/{refund_id}/cancel", None)
        assert answer.is_success, answer.text
        lot = self.model.lots[refund["lot_id"]]
        lot.held -= amount
        lot.amount -= amount if is_paid else 0
        del self.model.refunds[refund_id]
        return True

    async def _spend(self, step: Step) -> bool:
        purpose = self.model.purposes[step.purpose]
        amount = max(1, self.model.left(purpose) * step.share // 1_000)
        answer = await self.site.spend(text_from_minor(amount), f"purpose:{purpose}")
        if not _is_done(answer):
            return False
        self.model.spent[purpose] = self.model.spent.get(purpose, 0) + amount
        return True

    async def _change(self, step: Step) -> bool:
        if (lot_id := _picked(list(self.model.lots), step.number)) is None:
            return False
        lot = self.model.lots[lot_id]
        first, second = self.model.purposes
        other = second if lot.purpose == first else first
        amount = max(1, lot.amount * step.share // 1_000)
        gift = self.model.gifts[lot.gift]
        body = a_change(gift, text_from_minor(amount), other, lot_id=lot_id)
        answer = await self.site.treasurer.post("/v1/purpose-changes", body)
        if not self._is_done_with(answer, lot_id):
            return False
        self.unposted.add(answer.json()["change_id"])
        lot.amount -= amount
        self.model.lots[answer.json()["change_id"]] = Lot(lot.gift, other, amount)
        return True

    async def _reverse(self, step: Step) -> bool:
        if (gift := _picked(self.model.gifts, step.number)) is None:
            return False
        path = f"/v1/donations/{gift['donation_id']}/reverse"
        answer = await self.site.treasurer.post(path, {"reason": "录入有误"})
        if not self._is_done_with(answer, gift["donation_id"]):
            return False
        lot = self.model.lots[gift["donation_id"]]
        lot.amount = 0
        if gift["fulfils"] is not None:
            state = (await self.site.treasurer.get(f"/v1/pledges/{gift['pledge_id']}")).json()
            if state["state"] != "cancelled":
                self.model.pledges[gift["pledge_id"]][0] += _fen(gift["fulfils"])
        return True

    async def _race(self, step: Step) -> bool:
        """A refund and expenditures at once, each for all that is left."""
        if (lot_id := _picked(list(self.model.lots), step.number)) is None:
            return False
        purpose = self.model.lots[lot_id].purpose
        which = self.model.purposes.index(purpose)
        wanted = Step(Kind.RACE, number=step.number, share=1_000, purpose=which)
        done = await asyncio.gather(
            self._ask_back(wanted), self._spend(wanted), self._spend(wanted)
        )
        return any(done)

    async def _follow(self, _: Step) -> bool:
        await self.site.follow()
        self.unposted.clear()
        return True

    def _is_done_with(self, answer: httpx2.Response, lot_id: str) -> bool:
        """What the ledger has not posted is asked for again later."""
        if lot_id in self.unposted and answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        return _is_done(answer)

    async def assert_books(self) -> None:
        await self.site.follow()
        for which, purpose in enumerate(self.model.purposes):
            fund_code = f"purpose:{purpose}"
            lots = {lot["lot_id"]: lot for lot in await self.site.lots(fund_code)}
            expected = {i: lot for i, lot in self.model.lots.items() if lot.purpose == purpose}
            found = {i: (_fen(lot["received"]), _fen(lot["held"])) for i, lot in lots.items()}
            assert found == {i: (lot.amount, lot.held) for i, lot in expected.items()}
            used = sum(_fen(lot["used"]) for lot in lots.values())
            left = sum(_fen(lot["left"]) for lot in lots.values())
            assert used == self.model.spent.get(purpose, 0)
            assert left == self.model.left(purpose)
            balances = await self._balances(fund_code)
            cash = sum(lot.amount for lot in expected.values()) - used
            open_minor = sum(p[0] for p in self.model.pledges.values() if p[1] == which)
            assert balances.get(AccountCode.BANK, 0) == cash
            assert balances.get(AccountCode.RESTRICTED, 0) == -cash
            assert balances.get(AccountCode.PLEDGE_COMMITMENT, 0) == open_minor
        for pledge_id, (outstanding, _) in self.model.pledges.items():
            pledge = (await self.site.treasurer.get(f"/v1/pledges/{pledge_id}")).json()
            assert _fen(pledge["outstanding"]) == outstanding

    async def _balances(self, fund_code: str) -> dict[str, int]:
        async with self.site.books.api.database.reading() as connection:
            rows = await connection.fetch(BALANCES, fund_code)
        return {row["code"]: row["amount_minor"] for row in rows}


@pytest.fixture(scope="module")
async def shared_site(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Site]:
    async with a_site(databases, tokens, jwks_url) as site:
        yield site


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=6, max_size=24))
@example(A_LIFE)
@example([Step(Kind.RACE), Step(Kind.PAY_BACK), Step(Kind.REVERSE, number=1)])
async def test_any_steps_add_up_and_the_ledgers_lots_say_the_same(
    shared_site: Site, steps: list[Step]
) -> None:
    trial = Trial(shared_site, Model(purposes=(f"甲{uuid7()}", f"乙{uuid7()}")))
    for step in [*BEGINNING, *steps]:
        await trial.carry_out(step)
    await trial.assert_books()


def _is_done(answer: httpx2.Response) -> bool:
    """A refusal is an answer, too; anything else is not."""
    assert answer.is_success or answer.status_code in REFUSALS, answer.text
    return answer.is_success


def _picked(items: list[Any], number: int) -> Any:
    return items[number % len(items)] if items else None


def _fen(money: Json) -> int:
    return minor_from_text(money["amount"])
