"""Whatever is done with gifts, in whatever order: it adds up, and the lots say the same."""

import asyncio
from collections import Counter
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
from ledger_svc.testing import cny

from tests.gifts.conftest import a_site
from tests.gifts.model import Lot, Model
from tests.gifts.site import AGENCY, ENTERPRISE, Site, a_change, a_donation

pytestmark = pytest.mark.timeout(900)

Json = dict[str, Any]

GOODS: Final = {
    "description": "大米",
    "quantity": "12.5",
    "unit": "袋",
    "proof_kind": "invoice",
    "proof_sha256": "0" * 64,
}
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
    GIVE_GOODS = "give_goods"
    SPLIT = "split"
    ASK_BACK = "ask_back"
    PAY_BACK = "pay_back"
    KEEP = "keep"
    SPEND = "spend"
    CHANGE = "change"
    REVERSE = "reverse"
    ISSUE = "issue"
    WITHDRAW = "withdraw"
    RACE = "race"
    RACE_TO_END = "race_to_end"
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
    Step(Kind.SPLIT, share=900),
    Step(Kind.GIVE_GOODS),
    Step(Kind.FOLLOW),
]
OFTEN: Final = (
    *(Kind.ASK_BACK, Kind.SPEND, Kind.CHANGE, Kind.ISSUE),
    *(Kind.RACE, Kind.RACE_TO_END, Kind.PAY_BACK, Kind.FOLLOW),
)
STEPS: Final = st.builds(
    Step,
    kind=st.sampled_from([*Kind, *OFTEN, *OFTEN]),
    number=st.integers(0, 5),
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
A_LIFE_WITH_GOODS: Final = [
    Step(Kind.ISSUE, number=4),
    Step(Kind.ASK_BACK, number=4, share=300),
    Step(Kind.ISSUE, number=2),
    Step(Kind.REVERSE, number=2),
    Step(Kind.WITHDRAW),
    Step(Kind.ASK_BACK, number=4, share=300),
    Step(Kind.ISSUE, number=4),
    Step(Kind.FOLLOW),
    Step(Kind.PAY_BACK),
    Step(Kind.WITHDRAW),
    Step(Kind.REVERSE, number=2),
    Step(Kind.ASK_BACK, number=3, share=500),
    Step(Kind.RACE_TO_END),
]


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
        self.model.add(gift, gift["donation_id"], purpose, amount, is_cash=True)
        self.unposted.add(gift["donation_id"])
        if gift["fulfils"] is not None:
            self.model.pledges[gift["pledge_id"]][0] -= _fen(gift["fulfils"])
        return True

    async def _give_goods(self, step: Step) -> bool:
        purpose = self.model.purposes[step.purpose]
        amount = max(1, 100_00 * step.share // 1_000)
        money = a_donation(text_from_minor(amount), restricted_to=purpose)
        body = money | {"kind": "in_kind", "goods": GOODS, "bank_reference": None}
        answer = await self.site.treasurer.post("/v1/donations", body)
        assert answer.is_success, answer.text
        gift = answer.json()
        self.model.add(gift, gift["donation_id"], purpose, amount, is_cash=False)
        return True

    async def _split(self, step: Step) -> bool:
        """One deposit for both purposes."""
        amounts = [max(1, 100_00 * step.share // 3_000), max(1, 100_00 * step.share // 7_000)]
        usual = a_donation(text_from_minor(sum(amounts)))
        lines = [
            {
                "reference": str(uuid7()),
                "agency": usual["agency"],
                "amount": cny(text_from_minor(amount)),
                "restricted_to": purpose,
            }
            for purpose, amount in zip(self.model.purposes, amounts, strict=True)
        ]
        said_once = {k: usual[k] for k in ("donor", "amount", "received_on", "bank_reference")}
        answer = await self.site.treasurer.post("/v1/deposits", {**said_once, "lines": lines})
        assert answer.is_success, answer.text
        for gift in answer.json()["donations"]:
            lot_id, amount = gift["donation_id"], _fen(gift["amount"])
            self.model.add(gift, lot_id, gift["restricted_to"], amount, is_cash=True)
            self.unposted.add(lot_id)
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
        self._assert_no_receipt(lot.gift)
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
        refund, _ = self.model.refunds[refund_id]
        answer = await (self._paid(refund) if is_paid else self._cancelled(refund))
        assert answer.is_success, answer.text
        self._ended(refund_id, is_paid=is_paid)
        return True

    async def _race_to_end(self, step: Step) -> bool:
        """A refund is paid and cancelled at once: it is one of the two."""
        if (refund_id := _picked(list(self.model.refunds), step.number)) is None:
            return False
        refund, _ = self.model.refunds[refund_id]
        paid, cancelled = await asyncio.gather(self._paid(refund), self._cancelled(refund))
        assert _is_done(paid) is not _is_done(cancelled), f"{paid.text}, {cancelled.text}"
        self._ended(refund_id, is_paid=paid.is_success)
        return True

    async def _paid(self, refund: Json) -> httpx2.Response:
        is_cash = self.model.lots[refund["lot_id"]].is_cash
        body = {
            "refunded_on": refund["held_on"],
            "bank_reference": str(uuid7()) if is_cash else None,
        }
        return await self.site.treasurer.post(f"/v1/refunds/{refund['refund_id']}/pay", body)

    async def _cancelled(self, refund: Json) -> httpx2.Response:
        return await self.site.treasurer.post(f"/v1/refunds/{refund['refund_id']}/cancel", None)

    def _ended(self, refund_id: str, *, is_paid: bool) -> None:
        refund, amount = self.model.refunds.pop(refund_id)
        lot = self.model.lots[refund["lot_id"]]
        lot.held -= amount
        if is_paid:
            lot.amount -= amount
            self.model.count("refunded", lot, amount)

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
        self._assert_no_receipt(lot.gift)
        self.unposted.add(answer.json()["change_id"])
        lot.amount -= amount
        self.model.count("moved", lot, -amount)
        moved = self.model.lots[answer.json()["change_id"]] = Lot(lot.gift, other, amount)
        self.model.count("moved", moved, amount)
        return True

    async def _reverse(self, step: Step) -> bool:
        if (gift := _picked(self.model.gifts, step.number)) is None:
            return False
        path = f"/v1/donations/{gift['donation_id']}/reverse"
        answer = await self.site.treasurer.post(path, {"reason": "录入有误"})
        if not self._is_done_with(answer, gift["donation_id"]):
            return False
        lot = self.model.lots[gift["donation_id"]]
        self._assert_no_receipt(lot.gift)
        self.model.count("reversed", lot, lot.amount)
        lot.amount = 0
        if gift["fulfils"] is not None:
            state = (await self.site.treasurer.get(f"/v1/pledges/{gift['pledge_id']}")).json()
            if state["state"] != "cancelled":
                self.model.pledges[gift["pledge_id"]][0] += _fen(gift["fulfils"])
        return True

    async def _issue(self, step: Step) -> bool:
        if (gift := _picked(self.model.gifts, step.number)) is None:
            return False
        drafted = await self.site.treasurer.post(
            "/v1/receipts", {"donation_id": gift["donation_id"]}
        )
        if not _is_done(drafted):
            return False
        receipt_id = drafted.json()["receipt_id"]
        issued = await self.site.treasurer.post(f"/v1/receipts/{receipt_id}/issue", None)
        assert issued.is_success, issued.text
        number = self.model.gifts.index(gift)
        self._assert_no_receipt(number)
        self.model.receipts[number] = receipt_id
        return True

    async def _withdraw(self, step: Step) -> bool:
        if (number := _picked(list(self.model.receipts), step.number)) is None:
            return False
        path = f"/v1/receipts/{self.model.receipts.pop(number)}/withdraw"
        answer = await self.site.treasurer.post(path, {"reason": "wrong"})
        assert answer.is_success, answer.text
        return True

    def _assert_no_receipt(self, gift: int) -> None:
        assert gift not in self.model.receipts, "its receipt stands"

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
        await self.assert_books()
        return True

    def _is_done_with(self, answer: httpx2.Response, lot_id: str) -> bool:
        """What the ledger has not posted is asked for again later."""
        if lot_id in self.unposted and answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        return _is_done(answer)

    async def assert_books(self) -> None:
        await self.site.follow()
        self.unposted.clear()
        totals = await self._totals()
        for which, purpose in enumerate(self.model.purposes):
            await self._assert_lots(purpose)
            await self._assert_balances(purpose, which)
            self._assert_totals(purpose, totals.get(f"purpose:{purpose}"))
        for pledge_id, (outstanding, _) in self.model.pledges.items():
            pledge = (await self.site.treasurer.get(f"/v1/pledges/{pledge_id}")).json()
            assert _fen(pledge["outstanding"]) == outstanding

    async def _assert_lots(self, purpose: str) -> None:
        """Lot by lot, and what was spent of all of them."""
        lots = {lot["lot_id"]: lot for lot in await self.site.lots(f"purpose:{purpose}")}
        found = {i: (_fen(lot["received"]), _fen(lot["held"])) for i, lot in lots.items()}
        assert found == {
            lot_id: (lot.amount, lot.held)
            for lot_id, lot in self.model.lots.items()
            if lot.purpose == purpose and lot.is_cash
        }
        assert sum(_fen(lot["used"]) for lot in lots.values()) == self.model.spent.get(purpose, 0)
        assert sum(_fen(lot["left"]) for lot in lots.values()) == self.model.left(purpose)

    async def _assert_balances(self, purpose: str, which: int) -> None:
        balances = await self._balances(f"purpose:{purpose}")
        cash = self.model.kept(purpose, is_cash=True) - self.model.spent.get(purpose, 0)
        goods = self.model.kept(purpose, is_cash=False)
        open_minor = sum(p[0] for p in self.model.pledges.values() if p[1] == which)
        assert balances.get(AccountCode.BANK, 0) == cash
        assert balances.get(AccountCode.IN_KIND, 0) == goods
        assert balances.get(AccountCode.RESTRICTED, 0) == -(cash + goods)
        assert balances.get(AccountCode.PLEDGE_COMMITMENT, 0) == open_minor

    async def _totals(self) -> dict[str, Json]:
        answer = await self.site.books.auditor().get(
            "/v1/gift-totals", donor=ENTERPRISE, agency=AGENCY
        )
        assert answer.is_success, answer.text
        return {total["fund_code"]: total for total in answer.json()["totals"]}

    def _assert_totals(self, purpose: str, total: Json | None) -> None:
        """What the donor is told of its money."""
        expected = self.model.totals.get(purpose, Counter[str]())
        if total is None:
            assert not expected, f"nothing is told of {purpose}"
            return
        for what in ("given", "moved", "refunded", "reversed"):
            assert _fen(total[what]) == expected[what], f"{what} of {purpose}"
        spent = self.model.spent.get(purpose, 0)
        assert sum(map(_fen, total["used"].values())) == spent
        # What a refund holds is there until it is paid.
        assert _fen(total["left"]) == self.model.kept(purpose, is_cash=True) - spent

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
@example(A_LIFE_WITH_GOODS)
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
