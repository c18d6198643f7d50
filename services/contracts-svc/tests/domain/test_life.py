"""A contract between signature and end: delivered, amended, reversed, paid back, terminated."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from contracts_svc.domain.amending import (
    Amendment,
    Due,
    Termination,
    amend_contract,
    terminate_contract,
)
from contracts_svc.domain.contract import Contract, ContractState, InstalmentState
from contracts_svc.domain.delivery import (
    Acceptance,
    Delivery,
    accept_delivery,
    report_delivery,
)
from contracts_svc.domain.errors import (
    ContractClosedError,
    DeliveryError,
    FutureDateError,
    InstalmentStateError,
    InvoiceError,
    LineNotFoundError,
    PaymentConfirmedError,
    PaymentDateError,
    PaymentMismatchError,
    RecoveryNotFoundError,
    RecoveryStateError,
    SamePersonError,
    SupplementLimitError,
    TermsError,
)
from contracts_svc.domain.paying import (
    Verdict,
    approve_instalment,
    confirm_payment,
    pay_instalment,
    receive_recovery,
    record_invoice,
    reverse_payment,
)
from contracts_svc.domain.signing import Terms, sign_contract
from fundmix_events.contracts import (
    Condition,
    ContractLine,
    PurchaseMode,
    ScheduledInstalment,
)
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind

TODAY: Final = date(2024, 12, 30)
SIGNED: Final = date(2024, 2, 21)
BUYER: Final = Organisation(code="11441900AHP4983MNR", name="示例街道", kind=OrganisationKind.BUYER)
AGENCY: Final = Organisation(code="52441900AJC6XAY6DW", name="示例甲", kind=OrganisationKind.AGENCY)


def fen(amount_minor: int) -> Money:
    return Money.of(amount_minor)


def line(number: int, quantity: int, amount_minor: int) -> ContractLine:
    return ContractLine(
        number=number, title="小组活动", unit="节", quantity=quantity, amount=fen(amount_minor)
    )


def signed(
    *amounts_minor: int, lines: Sequence[ContractLine] = (), posts: int | None = None, **values: Any
) -> Contract:
    amounts = amounts_minor or (600, 400)
    last = len(amounts) - 1
    usual: dict[str, Any] = {
        "number": "DG-2024-0001",
        "title": "社区综合服务",
        "purchase_mode": PurchaseMode.PROJECT if posts is None else PurchaseMode.POST,
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": Level.TOWN,
        "posts": posts,
        "signed_on": SIGNED,
        "published_on": None,
        "filed_on": None,
        "starts_on": date(2024, 3, 1),
        "ends_on": date(2024, 12, 20),
        "ceiling": fen(sum(amounts)),
        "instalments": [
            ScheduledInstalment(
                number=place + 1,
                due_on=date(2024, 3, 12),
                amount=fen(minor),
                condition=Condition.FINAL if place == last else Condition.SIGNING,
            )
            for place, minor in enumerate(amounts)
        ],
        "lines": lines,
    }
    contract, _ = sign_contract(
        Terms(**usual | values), contract_id=UUID(int=1), buyer=BUYER, agency=AGENCY, today=TODAY
    )
    return contract


def approved(contract: Contract, number: int, *, deduction_minor: int = 0) -> Contract:
    after, _ = approve_instalment(
        contract,
        instalment_number=number,
        verdict=Verdict(deduction=fen(deduction_minor), is_open=False),
        approved_by="li.na",
        approved_on=TODAY,
    )
    return after


def paid(contract: Contract, number: int, *, deduction_minor: int = 0) -> Contract:
    before = approved(contract, number, deduction_minor=deduction_minor)
    after, _ = pay_instalment(
        before,
        instalment_number=number,
        amount=before.instalment(number).payable,
        paid_on=date(2024, 3, 18),
        bank_reference=f"BK-{number}",
        paid_by="wang.wei",
        today=TODAY,
    )
    return after


def a_delivery(quantity: int, number: int = 1, **values: Any) -> Delivery:
    usual: dict[str, Any] = {"delivered_on": TODAY, "place": "厚街镇", "attendance": None}
    return Delivery(line_number=number, quantity=quantity, **usual | values)


def an_acceptance(quantity: int, number: int = 1, **values: Any) -> Acceptance:
    usual: dict[str, Any] = {
        "accepted_on": TODAY,
        "recipients_invited": 80,
        "sample_size": 60,
        "responses": 54,
    }
    return Acceptance(line_number=number, quantity=quantity, **usual | values)


def accepted(contract: Contract, quantity: int, number: int = 1) -> Contract:
    done, _ = report_delivery(contract, a_delivery(quantity, number), today=TODAY)
    return accept_delivery(
        done, an_acceptance(quantity, number), delivered_by_then=quantity, today=TODAY
    )[0]


def an_amendment(delta_minor: int = 0, **values: Any) -> Amendment:
    usual: dict[str, Any] = {
        "reason": "调整服务",
        "amended_on": TODAY,
        "delta": fen(delta_minor),
        "amounts": {},
        "supplement": None,
        "recovery": None,
        "ends_on": None,
        "lines": (),
        "years": (),
    }
    return Amendment(**usual | values)


def amended(contract: Contract, amendment: Amendment) -> Contract:
    return amend_contract(contract, amendment, today=TODAY)[0]


def due(amount_minor: int) -> Due:
    return Due(amount=fen(amount_minor), due_on=TODAY)


def terminated(
    contract: Contract, *, settlement_minor: int = 0, recovery_minor: int = 0
) -> Contract:
    termination = Termination(
        reason="停止服务",
        terminated_on=TODAY,
        settlement=due(settlement_minor) if settlement_minor else None,
        recovery=due(recovery_minor) if recovery_minor else None,
    )
    return terminate_contract(contract, termination, worked_until=None, today=TODAY)[0]


def books(contract: Contract) -> tuple[int, int, int, int]:
    """Paid, recognised, receivable, advance received; in fen."""
    return (
        contract.paid.amount_minor,
        contract.recognised.amount_minor,
        contract.receivable.amount_minor,
        contract.advance_received.amount_minor,
    )


def test_what_is_paid_before_acceptance_is_an_advance() -> None:
    assert books(paid(signed(600, 400), 1)) == (600, 0, 0, 600)


def test_what_is_accepted_before_payment_is_a_receivable() -> None:
    assert books(accepted(signed(600, 400), 1)) == (0, 1000, 1000, 0)


def test_the_last_unit_earns_what_is_left() -> None:
    contract = signed(600, 400, lines=[line(1, 3, 1000)])

    earned = [books(accepted(contract, quantity))[1] for quantity in (1, 2, 3)]

    assert earned == [333, 666, 1000]


def test_a_deduction_takes_off_what_was_earned() -> None:
    contract = accepted(paid(signed(600, 400), 1), 1)
    before = books(contract)

    after, event = approve_instalment(
        contract,
        instalment_number=2,
        verdict=Verdict(deduction=fen(200), is_open=False),
        approved_by="li.na",
        approved_on=TODAY,
    )

    assert (before, books(after)) == ((600, 1000, 400, 0), (600, 800, 200, 0))
    assert event.recognition is not None
    assert event.recognition.income == event.recognition.receivable == fen(-200)
    assert books(paid(contract, 2, deduction_minor=200)) == (800, 800, 0, 0)


def test_no_more_is_accepted_than_was_delivered_nor_delivered_than_agreed() -> None:
    contract = signed(lines=[line(1, 3, 1000)])
    done, _ = report_delivery(contract, a_delivery(2), today=TODAY)

    with pytest.raises(DeliveryError):
        report_delivery(done, a_delivery(2), today=TODAY)
    with pytest.raises(DeliveryError):
        accept_delivery(done, an_acceptance(3), delivered_by_then=3, today=TODAY)
    with pytest.raises(LineNotFoundError):
        report_delivery(contract, a_delivery(1, 2), today=TODAY)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"sample_size": 81}, "/sample_size"),
        ({"responses": 61}, "/responses"),
        ({"accepted_on": date(2024, 2, 20)}, "/accepted_on"),
        ({"accepted_on": TODAY + timedelta(days=1)}, "/accepted_on"),
    ],
)
def test_an_acceptance_that_cannot_be_is_refused(values: Mapping[str, Any], pointer: str) -> None:
    done, _ = report_delivery(signed(), a_delivery(1), today=TODAY)

    with pytest.raises((DeliveryError, FutureDateError)) as refused:
        accept_delivery(done, an_acceptance(1, **values), delivered_by_then=1, today=TODAY)

    assert refused.value.pointer == pointer


def test_an_invoice_sets_thirty_days_running_but_not_before_the_instalment_is_due() -> None:
    contract = signed()

    late, event = record_invoice(
        contract,
        instalment_number=1,
        invoice_number="2444",
        invoiced_on=date(2024, 3, 1),
        today=TODAY,
    )
    early, _ = record_invoice(
        contract, instalment_number=1, invoice_number="2444", invoiced_on=SIGNED, today=TODAY
    )

    assert event.pay_by == late.instalment(1).pay_by == date(2024, 3, 31)
    assert early.instalment(1).pay_by == date(2024, 3, 22)
    with pytest.raises(InvoiceError):
        record_invoice(
            paid(contract, 1),
            instalment_number=1,
            invoice_number="2444",
            invoiced_on=TODAY,
            today=TODAY,
        )


def test_a_payment_recorded_in_error_is_reversed_and_made_again() -> None:
    before = accepted(paid(signed(600, 400), 1), 1)

    after, event = reverse_payment(
        before, instalment_number=1, reason="记错", reversed_by="li.na", reversed_on=TODAY
    )

    assert after.instalment(1).state is InstalmentState.APPROVED
    assert books(after) == (0, 1000, 1000, 0)
    assert event.recognition.receivable == fen(600)
    assert (event.payable, event.bank_reference) == (fen(600), "BK-1")
    with pytest.raises(SamePersonError):
        reverse_payment(
            before, instalment_number=1, reason="记错", reversed_by="wang.wei", reversed_on=TODAY
        )


def confirmed(contract: Contract, arrived_on: date) -> Contract:
    after, _ = confirm_payment(
        contract,
        instalment_number=1,
        arrived_on=arrived_on,
        confirmed_by="treasurer",
        today=TODAY,
    )
    return after


def test_what_has_arrived_is_not_reversed_and_not_confirmed_again() -> None:
    arrived = confirmed(paid(signed(), 1), date(2024, 3, 19))

    with pytest.raises(PaymentConfirmedError):
        reverse_payment(
            arrived, instalment_number=1, reason="记错", reversed_by="li.na", reversed_on=TODAY
        )
    with pytest.raises(PaymentConfirmedError):
        confirmed(arrived, TODAY)


def test_money_arrives_after_it_was_paid() -> None:
    with pytest.raises(PaymentDateError):
        confirmed(paid(signed(), 1), date(2024, 3, 17))
    with pytest.raises(InstalmentStateError):
        confirmed(signed(), TODAY)


def test_a_supplement_is_a_further_instalment() -> None:
    after = amended(paid(signed(600, 400), 1), an_amendment(100, supplement=due(100)))

    assert (after.ceiling, after.original_ceiling) == (fen(1100), fen(1000))
    assert after.instalment(3).condition is Condition.SUPPLEMENT
    assert after.lines[0].agreed.amount == after.years[0].amount == fen(1100)


def test_supplements_together_are_a_tenth_at_most() -> None:
    first = amended(signed(600, 400), an_amendment(60, supplement=due(60)))
    less = amended(first, an_amendment(-60, amounts={2: fen(340)}))

    with pytest.raises(SupplementLimitError):
        amended(less, an_amendment(41, supplement=due(41)))
    assert amended(less, an_amendment(40, supplement=due(40))).ceiling == fen(1040)


def test_what_is_approved_or_paid_is_never_edited() -> None:
    for contract in (approved(signed(), 1), paid(signed(), 1)):
        with pytest.raises(InstalmentStateError):
            amended(contract, an_amendment(-100, amounts={1: fen(500)}))


def test_nothing_cancels_an_instalment() -> None:
    after = amended(signed(600, 400), an_amendment(-400, amounts={2: fen(0)}))

    assert after.instalment(2).state is InstalmentState.CANCELLED
    assert after.ceiling == fen(600)


def test_the_parts_of_an_amendment_sum_to_its_delta() -> None:
    with pytest.raises(TermsError) as refused:
        amended(signed(600, 400), an_amendment(-50, amounts={2: fen(300)}))

    assert refused.value.pointer == "/delta/amount"


def test_several_lines_and_years_are_given_anew() -> None:
    contract = signed(600, 400, lines=[line(1, 2, 500), line(2, 2, 500)])

    with pytest.raises(TermsError) as refused:
        amended(contract, an_amendment(50, supplement=due(50)))
    assert refused.value.pointer == "/lines"
    after = amended(
        contract,
        an_amendment(50, supplement=due(50), lines=[line(1, 2, 500), line(2, 3, 550)]),
    )
    assert [part.agreed.amount for part in after.lines] == [fen(500), fen(550)]


def test_a_line_is_not_cut_below_what_was_delivered() -> None:
    contract = accepted(signed(600, 400, lines=[line(1, 3, 1000)]), 2)

    with pytest.raises(TermsError) as refused:
        amended(contract, an_amendment(lines=[line(1, 1, 1000)]))

    assert refused.value.pointer == "/lines/0/quantity"


def test_an_amendment_after_payment_makes_a_recovery() -> None:
    contract = accepted(paid(paid(signed(600, 400), 1), 2), 1)

    after, event = amend_contract(contract, an_amendment(-150, recovery=due(150)), today=TODAY)

    assert after.instalments == contract.instalments
    assert (after.ceiling, after.committed) == (fen(850), fen(850))
    assert books(after) == (1000, 850, 0, 150)
    assert after.state(today=TODAY) is ContractState.ACTIVE
    assert event.recovery is not None
    assert (event.recovery.amount, event.commitment) == (fen(150), fen(0))
    back = received(after, 150)
    assert books(back) == (850, 850, 0, 0)
    assert back.state(today=TODAY) is ContractState.COMPLETED


def received(contract: Contract, amount_minor: int, number: int = 1) -> Contract:
    after, _ = receive_recovery(
        contract,
        recovery_number=number,
        amount=fen(amount_minor),
        received_on=TODAY,
        bank_reference="BK-9",
        today=TODAY,
    )
    return after


def test_a_recovery_is_received_once_and_whole() -> None:
    owing = amended(paid(signed(600, 400), 1), an_amendment(-50, recovery=due(50)))

    with pytest.raises(PaymentMismatchError):
        received(owing, 49)
    with pytest.raises(RecoveryStateError):
        received(received(owing, 50), 50)
    with pytest.raises(RecoveryNotFoundError):
        received(owing, 50, 2)


def test_only_what_was_paid_can_come_back() -> None:
    with pytest.raises(TermsError) as refused:
        amended(signed(600, 400), an_amendment(-1, recovery=due(1)))

    assert refused.value.pointer == "/recovery/amount/amount"


def test_a_payment_of_which_something_comes_back_is_not_reversed() -> None:
    owing = amended(paid(signed(600, 400), 1), an_amendment(-50, recovery=due(50)))

    with pytest.raises(RecoveryStateError):
        reverse_payment(
            owing, instalment_number=1, reason="记错", reversed_by="li.na", reversed_on=TODAY
        )


def test_a_termination_settles_what_is_open() -> None:
    contract = approved(paid(accepted(signed(500, 300, 200, posts=10), 6), 1), 2)

    after = terminated(contract, settlement_minor=120)

    assert [i.state for i in after.instalments] == [
        InstalmentState.PAID,
        InstalmentState.CANCELLED,
        InstalmentState.CANCELLED,
        InstalmentState.SCHEDULED,
    ]
    assert (after.ceiling, after.committed) == (fen(620), fen(500))
    assert books(after) == (500, 620, 120, 0)
    assert after.state(today=TODAY) is ContractState.TERMINATED
    assert books(paid(after, 4)) == (620, 620, 0, 0)


def test_a_termination_may_want_money_back() -> None:
    after = terminated(paid(signed(600, 400), 1), recovery_minor=600)

    assert after.ceiling == fen(0)
    assert books(after) == (600, 0, 0, 600)
    assert books(received(after, 600)) == (0, 0, 0, 0)


def test_a_settlement_stays_within_the_ceiling() -> None:
    with pytest.raises(TermsError) as refused:
        terminated(paid(signed(600, 400), 1), settlement_minor=401)

    assert refused.value.pointer == "/settlement/amount/amount"


def test_what_is_over_is_not_changed() -> None:
    over = terminated(signed())

    with pytest.raises(ContractClosedError):
        terminated(over)
    with pytest.raises(ContractClosedError):
        amended(over, an_amendment())
    with pytest.raises(ContractClosedError):
        report_delivery(over, a_delivery(1), today=TODAY)
    with pytest.raises(TermsError):
        terminated(paid(paid(signed(600, 400), 1), 2))
