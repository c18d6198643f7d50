"""Whatever is done with a contract, in whatever order: it adds up, and the ledger says the same."""

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx2
import pytest
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller
from hypothesis import HealthCheck, example, given, settings

from tests.laws.ledger import Ledger
from tests.laws.steps import (
    A_LIFE,
    AGENCY,
    AN_END,
    BUYER,
    DIMENSIONS,
    KINDS,
    LATER,
    SCORES,
    SIGNED_ON,
    Json,
    Step,
    amounts,
    fen,
    quantities,
    steps,
    yuan,
)

pytestmark = pytest.mark.timeout(900)

REFUSALS: Final = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
)


@dataclass(frozen=True)
class Trial:
    api: Api
    path: str

    def officer(self, person: int) -> Caller:
        return self.api.caller("finance_officer", subject=("li.na", "wang.wei")[person], org=BUYER)

    @property
    def agency(self) -> Caller:
        return self.api.caller("agency", subject="treasurer", org=AGENCY)

    async def contract(self) -> Json:
        answer = await self.officer(0).get(self.path)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    async def carry_out(self, step: Step) -> bool:
        """Whether it was done; a refusal is an answer too, anything else is not."""
        answer = await getattr(self, f"_{step.kind}")(step, await self.contract())
        assert answer.is_success or answer.status_code in REFUSALS, answer.text
        return answer.is_success

    async def _post(self, caller: Caller, path: str, body: Json) -> httpx2.Response:
        return await caller.post(f"{self.path}/{path}", body)

    async def _amend(self, step: Step, **values: Any) -> httpx2.Response:
        body = {"reason": "调整服务", "amended_on": LATER, **values}
        return await self._post(self.officer(step.person), "amendments", body)

    async def _amend_up(self, step: Step, contract: Json) -> httpx2.Response:
        more = fen(contract["original_ceiling"]) * step.share // 10_000
        supplement = {"amount": yuan(more), "due_on": LATER}
        return await self._amend(step, delta=yuan(more), supplement=supplement)

    async def _amend_down(self, step: Step, contract: Json) -> httpx2.Response:
        amount = _instalment_amount(contract, step.number)
        rest = amount - amount * step.share // 1_000
        changed = [{"number": step.number, "amount": yuan(rest)}]
        return await self._amend(step, delta=yuan(rest - amount), instalments=changed)

    async def _amend_back(self, step: Step, contract: Json) -> httpx2.Response:
        less = fen(contract["paid"]) * step.share // 1_000
        recovery = {"amount": yuan(less), "due_on": LATER}
        return await self._amend(step, delta=yuan(-less), recovery=recovery)

    async def _deliver(self, step: Step, contract: Json) -> httpx2.Response:
        body = {
            "line_number": 1,
            "quantity": max(1, contract["lines"][0]["quantity"] * step.share // 1_000),
            "delivered_on": LATER,
            "place": "厚街镇",
        }
        return await self._post(self.agency, "deliveries", body)

    async def _accept(self, step: Step, contract: Json) -> httpx2.Response:
        body = {
            "line_number": 1,
            "quantity": max(1, contract["lines"][0]["delivered"] * step.share // 1_000),
            "accepted_on": LATER,
            "recipients_invited": 3,
            "sample_size": 2,
            "responses": 1,
        }
        return await self._post(self.officer(step.person), "acceptances", body)

    async def _invoice(self, step: Step, _: Json) -> httpx2.Response:
        body = {"invoice_number": str(uuid7()), "invoiced_on": LATER}
        return await self._post(self.agency, f"instalments/{step.number}/invoice", body)

    async def _approve(self, step: Step, _: Json) -> httpx2.Response:
        path = f"instalments/{step.number}/approve"
        return await self._post(self.officer(step.person), path, {})

    async def _pay(self, step: Step, contract: Json) -> httpx2.Response:
        found = [i for i in contract["instalments"] if i["number"] == step.number]
        body = {
            "amount": found[0]["payable"] if found else yuan(1),
            "paid_on": LATER,
            "bank_reference": str(uuid7()),
        }
        return await self._post(
            self.officer(1 - step.person), f"instalments/{step.number}/pay", body
        )

    async def _confirm(self, step: Step, _: Json) -> httpx2.Response:
        body = {"arrived_on": LATER}
        return await self._post(self.agency, f"instalments/{step.number}/confirm", body)

    async def _reverse(self, step: Step, _: Json) -> httpx2.Response:
        path = f"instalments/{step.number}/reverse"
        return await self._post(self.officer(step.person), path, {"reason": "记错"})

    async def _pay_back(self, step: Step, contract: Json) -> httpx2.Response:
        found = contract["recoveries"][-1:]
        body = {
            "amount": found[0]["amount"] if found else yuan(1),
            "received_on": LATER,
            "bank_reference": str(uuid7()),
        }
        path = f"recoveries/{len(contract['recoveries']) or 1}/receive"
        return await self._post(self.officer(step.person), path, body)

    async def _terminate(self, step: Step, contract: Json) -> httpx2.Response:
        open_minor = fen(contract["ceiling"]) - fen(contract["committed"])
        settlement = open_minor * step.share // 1_000
        body: Json = {"reason": "停止服务", "terminated_on": LATER}
        if settlement > 0:
            body["settlement"] = {"amount": yuan(settlement), "due_on": LATER}
        return await self._post(self.officer(step.person), "terminate", body)

    async def _evaluate(self, step: Step, _: Json) -> httpx2.Response:
        score = SCORES[step.number - 1]
        for role, dimension in DIMENSIONS.items():
            caller = self._scorer(role)
            body = {"dimension": dimension, "score": score}
            await self._post(caller, "evaluations/final/scores", body)
        ratings = {"ratings": [{"score": score, "count": 3}]}
        await self._post(self.officer(0), "evaluations/final/ratings", ratings)
        body = {"evaluated_on": LATER}
        return await self._post(self.officer(step.person), "evaluations/final/publish", body)

    def _scorer(self, role: str) -> Caller:
        if role == "agency":
            return self.agency
        return self.officer(0) if role == "finance_officer" else self.api.caller("evaluator")

    async def _object(self, _: Step, __: Json) -> httpx2.Response:
        body = {"grounds": "样本太小"}
        return await self._post(self.agency, "evaluations/final/objection", body)

    async def _agree(self, _: Step, __: Json) -> httpx2.Response:
        return await self._post(self.agency, "evaluations/final/accept", {})

    async def _decide(self, step: Step, contract: Json) -> httpx2.Response:
        last = _instalment_amount(contract, len(contract["instalments"]))
        body = {"deduction": yuan(last * step.share // 2_000), "reason": "复核"}
        path = "evaluations/final/decision"
        return await self._post(self.officer(1 - step.person), path, body)


def _instalment_amount(contract: Json, number: int) -> int:
    found = [i for i in contract["instalments"] if i["number"] == number]
    return fen(found[0]["amount"]) if found else 100


async def sign(api: Api, amounts_minor: list[int], *, quantity: int) -> Trial:
    ceiling = sum(amounts_minor)
    last = len(amounts_minor)
    body = {
        "number": str(uuid7()),
        "title": "社区综合服务",
        "buyer": BUYER,
        "agency": AGENCY,
        "purchase_mode": "project",
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": "town",
        "signed_on": SIGNED_ON,
        "starts_on": "2024-03-02",
        "ends_on": "2024-12-20",
        "ceiling": yuan(ceiling),
        "instalments": [
            {
                "number": place,
                "due_on": "2024-03-12",
                "amount": yuan(minor),
                "condition": "final" if place == last else "signing",
            }
            for place, minor in enumerate(amounts_minor, start=1)
        ],
        "lines": [
            {
                "number": 1,
                "title": "小组活动",
                "unit": "节",
                "quantity": quantity,
                "amount": yuan(ceiling),
            }
        ],
    }
    officer = api.caller("finance_officer", subject="li.na", org=BUYER)
    answer = await officer.post("/v1/contracts", body)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return Trial(api, f"/v1/contracts/{answer.json()['contract_id']}")


def assert_it_adds_up(contract: Json) -> None:
    scheduled = sum(fen(i["amount"]) for i in contract["instalments"] if i["state"] != "cancelled")
    to_recover = sum(fen(r["amount"]) for r in contract["recoveries"])
    promised = sum(
        fen(i["payable"]) for i in contract["instalments"] if i["state"] in ("approved", "paid")
    )
    assert scheduled - to_recover == fen(contract["ceiling"])
    assert promised - to_recover == fen(contract["committed"]) <= fen(contract["ceiling"])
    assert fen(contract["receivable"]) == 0 or fen(contract["advance_received"]) == 0
    assert fen(contract["paid"]) - fen(contract["recognised"]) == fen(
        contract["advance_received"]
    ) - fen(contract["receivable"])


def assert_the_ledger_says_the_same(contract: Json, balances: dict[str, int]) -> None:
    unpaid = sum(
        fen(i["amount"]) for i in contract["instalments"] if i["state"] in ("scheduled", "approved")
    )
    expected = {
        "assets:bank": fen(contract["paid"]),
        "assets:receivable": fen(contract["receivable"]),
        "liabilities:advance_received": -fen(contract["advance_received"]),
        "income:service": -fen(contract["recognised"]),
        "commitments:contract": unpaid,
        "commitments:contract_counter": -unpaid,
    }
    assert {code: amount for code, amount in balances.items() if amount} == {
        code: amount for code, amount in expected.items() if amount
    }


@pytest.fixture(scope="module")
def done() -> Counter[str]:
    """How often each kind of step was carried out."""
    return Counter()


@example(amounts_minor=[60_000, 40_001], quantity=3, tried=A_LIFE)
@example(amounts_minor=[60_000, 40_001], quantity=3, tried=AN_END)
@given(amounts_minor=amounts, quantity=quantities, tried=steps)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
async def test_a_contract_adds_up_and_its_fund_in_the_ledger_too(
    contracts_api: Api,
    ledger: Ledger,
    done: Counter[str],
    *,
    amounts_minor: list[int],
    quantity: int,
    tried: list[Step],
) -> None:
    trial = await sign(contracts_api, amounts_minor, quantity=quantity)
    for step in tried:
        if not await trial.carry_out(step):
            continue
        done[step.kind] += 1
        contract = await trial.contract()
        assert_it_adds_up(contract)

        await ledger.follow()
        balances = await ledger.balances(f"contract:{contract['number']}")
        assert_the_ledger_says_the_same(contract, balances)
    assert await ledger.quarantined() == 0


def test_everything_was_done_at_least_once(done: Counter[str]) -> None:
    assert set(KINDS) - done.keys() == set()
