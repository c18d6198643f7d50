"""Each event says in OCDS what it changed; merged, they say how the contract stands."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts_svc.domain.amending import (
    Amendment,
    Due,
    Termination,
    amend_contract,
    terminate_contract,
)
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.delivery import Acceptance, Delivery, accept_delivery, report_delivery
from contracts_svc.domain.open_contracting import Json, Recorded, releases_of
from contracts_svc.domain.paying import (
    Verdict,
    approve_instalment,
    pay_instalment,
    receive_recovery,
    reverse_payment,
)
from contracts_svc.domain.signing import sign_contract
from contracts_svc.testing.evaluations import AGENCY, BUYER, TODAY, some_terms
from fundmix_events.contracts import ContractEvent
from fundmix_events.money import Money
from fundmix_events.registry import Organisation, OrganisationKind
from ocdsmerge import Merger

DAY: Final = date(2024, 6, 28)
INSTANT: Final = "2024-06-28T00:00:00+08:00"
RULES: Final = {("parties", "roles"): "wholeListMerge", ("tag",): "omitWhenMerged"}
NO_DEDUCTION: Final = Verdict(deduction=Money.of(0), is_open=False)


class Telling:
    """A contract of 500.00, 100.00 and 400.00 yuan, and all that was said of it."""

    def __init__(self) -> None:
        self.contract, signed = sign_contract(
            some_terms(),
            contract_id=UUID(int=1),
            buyer=Organisation(code=BUYER, name="示例街道", kind=OrganisationKind.BUYER),
            agency=Organisation(code=AGENCY, name="示例甲", kind=OrganisationKind.AGENCY),
            today=TODAY,
        )
        self._events: list[ContractEvent] = [signed]

    def say(self, said: tuple[Contract, ContractEvent]) -> None:
        self.contract, event = said
        self._events.append(event)

    def pay(self, number: int, *, verdict: Verdict | None = None) -> None:
        self.say(
            approve_instalment(
                self.contract,
                instalment_number=number,
                verdict=verdict,
                approved_by="li.na",
                approved_on=DAY,
            )
        )
        self.say(
            pay_instalment(
                self.contract,
                instalment_number=number,
                amount=self.contract.instalment(number).payable,
                paid_on=DAY,
                bank_reference=f"BK-{number}",
                paid_by="wang.wei",
                today=TODAY,
            )
        )

    def accept(self, quantity: int = 1) -> None:
        delivery = Delivery(
            line_number=1, quantity=quantity, delivered_on=DAY, place="厚街镇", attendance=None
        )
        self.say(report_delivery(self.contract, delivery, today=TODAY))
        acceptance = Acceptance(
            line_number=1,
            quantity=quantity,
            accepted_on=DAY,
            recipients_invited=3,
            sample_size=2,
            responses=1,
        )
        self.say(
            accept_delivery(self.contract, acceptance, delivered_by_then=quantity, today=TODAY)
        )

    def amend(self, **values: Any) -> None:
        usual: dict[str, Any] = {
            "reason": "增加服务",
            "amended_on": DAY,
            "delta": Money.of(0),
            "amounts": {},
            "supplement": None,
            "recovery": None,
            "ends_on": None,
            "lines": (),
            "years": (),
        }
        self.say(amend_contract(self.contract, Amendment(**usual | values), today=TODAY))

    @property
    def releases(self) -> list[Json]:
        begin = datetime(2024, 2, 21, tzinfo=UTC)
        history = [
            Recorded(
                event_id=UUID(int=place), recorded_at=begin + timedelta(days=place), event=event
            )
            for place, event in enumerate(self._events)
        ]
        return releases_of(history, names={BUYER: "示例街道"}, ocid_prefix="ocds-test")

    @property
    def compiled(self) -> Json:
        return Merger(merge_rules=RULES).create_compiled_release(self.releases)

    @property
    def compiled_contract(self) -> Json:
        [contract] = self.compiled["contracts"]
        return contract

    @property
    def milestones(self) -> dict[str, Json]:
        found = self.compiled_contract["implementation"]["milestones"]
        return {milestone["id"]: milestone for milestone in found}

    @property
    def transactions(self) -> list[Json]:
        return self.compiled_contract["implementation"]["transactions"]


def test_a_signed_contract_is_an_award_and_a_contract() -> None:
    [release] = Telling().releases

    [award], [contract] = release["awards"], release["contracts"]
    assert release["ocid"] == "ocds-test-DG-2024-0001"
    assert release["tag"] == ["award", "contract"]
    assert award["id"] == contract["awardID"] == contract["id"] == "DG-2024-0001"
    assert contract["value"] == {"amount": 1000.0, "currency": "CNY"}
    assert contract["dateSigned"] == "2024-02-21T00:00:00+08:00"
    assert contract["items"] == [
        {"id": "1", "description": "社区综合服务", "quantity": 1, "unit": {"name": "项"}}
    ]


def test_a_party_that_has_no_name_here_goes_by_its_code() -> None:
    [release] = Telling().releases

    assert [party["name"] for party in release["parties"]] == ["示例街道", AGENCY]
    assert release["parties"][1]["roles"] == ["supplier", "payee"]


def test_an_instalment_is_a_milestone_that_its_payment_meets() -> None:
    telling = Telling()
    telling.pay(1)

    assert telling.releases[-1]["tag"] == ["implementation"]
    assert telling.milestones["payment-1"] == {
        "id": "payment-1",
        "title": "第1期合同款",
        "type": "payment",
        "code": "signing",
        "dueDate": "2024-03-12T00:00:00+08:00",
        "status": "met",
        "dateMet": INSTANT,
    }
    [transaction] = telling.transactions
    assert transaction["value"] == {"amount": 500.0, "currency": "CNY"}
    assert transaction["payer"]["id"].endswith(BUYER)
    assert transaction["payee"]["id"].endswith(AGENCY)


def test_a_deduction_meets_it_in_part() -> None:
    telling = Telling()
    telling.pay(3, verdict=Verdict(deduction=Money.of(20_000), is_open=False))

    assert telling.milestones["payment-3"]["status"] == "partiallyMet"
    assert telling.transactions[0]["value"]["amount"] == 200.0


def test_a_reversed_payment_is_one_of_nothing_and_the_next_is_another() -> None:
    telling = Telling()
    telling.pay(1)
    telling.say(
        reverse_payment(
            telling.contract,
            instalment_number=1,
            reason="记错合同",
            reversed_by="li.na",
            reversed_on=DAY,
        )
    )

    [reversed_one] = telling.transactions
    assert reversed_one["value"]["amount"] == 0.0
    assert telling.milestones["payment-1"]["status"] == "scheduled"
    assert "dateMet" not in telling.milestones["payment-1"]

    telling.say(
        pay_instalment(
            telling.contract,
            instalment_number=1,
            amount=Money.of(50_000),
            paid_on=DAY,
            bank_reference="BK-9",
            paid_by="wang.wei",
            today=TODAY,
        )
    )
    assert [t["value"]["amount"] for t in telling.transactions] == [0.0, 500.0]
    assert telling.milestones["payment-1"]["status"] == "met"


def test_a_contract_that_is_paid_off_is_closed() -> None:
    telling = Telling()
    telling.pay(1)
    telling.pay(2, verdict=NO_DEDUCTION)
    assert telling.compiled_contract["status"] == "active"

    telling.pay(3, verdict=NO_DEDUCTION)

    assert telling.releases[-1]["tag"] == ["implementationUpdate", "contractTermination"]
    assert telling.compiled_contract["status"] == "terminated"


def test_what_is_accepted_meets_its_line() -> None:
    telling = Telling()
    assert telling.releases[0]["contracts"][0]["implementation"]["milestones"][-1] == {
        "id": "delivery-1",
        "title": "社区综合服务",
        "type": "delivery",
        "status": "scheduled",
    }

    telling.accept()

    assert telling.milestones["delivery-1"]["status"] == "met"
    assert telling.milestones["delivery-1"]["dateMet"] == INSTANT


def test_an_amendment_says_why_and_what_the_contract_is_since() -> None:
    telling = Telling()
    telling.pay(1)
    telling.amend(
        delta=Money.of(5_000), supplement=Due(amount=Money.of(5_000), due_on=date(2024, 12, 20))
    )

    release = telling.releases[-1]
    assert release["tag"] == ["contractAmendment"]
    assert telling.compiled_contract["value"]["amount"] == 1050.0
    assert telling.compiled_contract["amendments"] == [
        {
            "id": "1",
            "date": INSTANT,
            "rationale": "增加服务",
            "amendsReleaseID": telling.releases[0]["id"],
            "releaseID": release["id"],
        }
    ]
    assert telling.milestones["payment-4"]["code"] == "supplement"
    # What was paid stays as it was.
    assert telling.milestones["payment-1"]["status"] == "met"


def test_an_instalment_that_is_amended_away_is_not_met() -> None:
    telling = Telling()
    telling.amend(delta=Money.of(-10_000), amounts={2: Money.of(0)})

    assert telling.milestones["payment-2"]["status"] == "notMet"


def test_money_that_comes_back_is_paid_by_the_agency() -> None:
    telling = Telling()
    telling.pay(1)
    telling.amend(
        delta=Money.of(-10_000), recovery=Due(amount=Money.of(10_000), due_on=date(2024, 12, 20))
    )
    telling.say(
        receive_recovery(
            telling.contract,
            recovery_number=1,
            amount=Money.of(10_000),
            received_on=DAY,
            bank_reference="BK-7",
            today=TODAY,
        )
    )

    back = telling.transactions[-1]
    assert back["value"]["amount"] == 100.0
    assert back["payer"]["id"].endswith(AGENCY)


def test_a_termination_ends_it_and_what_was_open_is_not_met() -> None:
    telling = Telling()
    telling.pay(1)
    termination = Termination(
        reason="停止服务",
        terminated_on=DAY,
        settlement=Due(amount=Money.of(7_000), due_on=DAY),
        recovery=None,
    )
    telling.say(terminate_contract(telling.contract, termination, worked_until=None, today=TODAY))
    telling.pay(4)

    contract, milestones = telling.compiled_contract, telling.milestones
    assert contract["status"] == "terminated"
    assert contract["period"]["endDate"] == INSTANT
    assert contract["value"]["amount"] == 570.0
    assert contract["amendments"][0]["rationale"] == "停止服务"
    assert {name: milestones[name]["status"] for name in milestones} == {
        "payment-1": "met",
        "payment-2": "notMet",
        "payment-3": "notMet",
        "payment-4": "met",
        "delivery-1": "notMet",
    }


def test_what_is_the_parties_own_business_is_no_release() -> None:
    telling = Telling()
    telling.say(
        approve_instalment(
            telling.contract,
            instalment_number=1,
            verdict=None,
            approved_by="li.na",
            approved_on=DAY,
        )
    )

    assert len(telling.releases) == 1
