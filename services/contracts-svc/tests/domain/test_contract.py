"""The rules of a contract from signature to payment, without anything around them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from contracts_svc.domain.contract import Contract, ContractState, InstalmentState
from contracts_svc.domain.errors import (
    ContractsError,
    DeductionTooLargeError,
    EvaluationMissingError,
    FutureDateError,
    InstalmentNotFoundError,
    InstalmentStateError,
    OutcomeOpenError,
    PaymentMismatchError,
    SamePersonError,
    SuspendedPartyError,
    TermsError,
    WrongPartyError,
)
from contracts_svc.domain.paying import Verdict, approve_instalment, pay_instalment
from contracts_svc.domain.signing import Terms, sign_contract
from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    Condition,
    ContractLine,
    PurchaseMode,
    ScheduledInstalment,
    YearShare,
)
from fundmix_events.money import AMOUNT_MINOR_MAX, Money
from fundmix_events.registry import Level, Organisation, OrganisationKind

CONTRACT_ID: Final = UUID(int=1)
TODAY: Final = date(2025, 3, 3)
TOMORROW: Final = TODAY + timedelta(days=1)

BUYER: Final = Organisation(
    code="11441900AHP4983MNR", name="示例街道", kind=OrganisationKind.BUYER, level=Level.TOWN
)
AGENCY: Final = Organisation(
    code="52441900AJC6XAY6DW", name="示例甲", kind=OrganisationKind.AGENCY, level=Level.CITY
)


def instalments(*amounts_minor: int) -> list[ScheduledInstalment]:
    """The last one is final: what an evaluation takes off, it takes off that one."""
    last = len(amounts_minor) - 1
    return [
        ScheduledInstalment(
            number=place + 1,
            due_on=date(2024, 3, 12),
            amount=Money.of(minor),
            condition=Condition.FINAL if place == last else Condition.SIGNING,
        )
        for place, minor in enumerate(amounts_minor)
    ]


def terms(*amounts_minor: int, **values: Any) -> Terms:
    amounts = amounts_minor or (60_000, 40_000)
    usual: dict[str, Any] = {
        "number": "DG-2024-0001",
        "title": "社区综合服务",
        "purchase_mode": PurchaseMode.PROJECT,
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": Level.TOWN,
        "posts": None,
        "signed_on": date(2024, 2, 21),
        "published_on": None,
        "filed_on": None,
        "starts_on": date(2024, 3, 2),
        "ends_on": date(2024, 12, 20),
        "ceiling": Money.of(min(sum(amounts), AMOUNT_MINOR_MAX)),
        "instalments": instalments(*amounts),
    }
    return Terms(**usual | values)


def signed(
    agreed: Terms, *, buyer: Organisation = BUYER, agency: Organisation = AGENCY
) -> Contract:
    contract, _ = sign_contract(
        agreed, contract_id=CONTRACT_ID, buyer=buyer, agency=agency, today=TODAY
    )
    return contract


def verdict(deduction_minor: int = 0, *, is_open: bool = False) -> Verdict:
    return Verdict(deduction=Money.of(deduction_minor), is_open=is_open)


def approved(
    contract: Contract, number: int = 1, *, deduction_minor: int = 0, by: str = "li.na"
) -> Contract:
    after, _ = approve_instalment(
        contract,
        instalment_number=number,
        verdict=verdict(deduction_minor),
        approved_by=by,
        approved_on=TODAY,
    )
    return after


def paid(contract: Contract, number: int = 1, **values: Any) -> Contract:
    usual: dict[str, Any] = {
        "amount": contract.instalment(number).payable,
        "paid_on": TODAY,
        "bank_reference": f"BK-{number}",
        "paid_by": "wang.wei",
        "today": TODAY,
    }
    after, _ = pay_instalment(contract, instalment_number=number, **usual | values)
    return after


def test_a_signed_contract_owes_nothing_yet_and_says_its_terms() -> None:
    agreed = terms(60_000, 40_000)

    contract, event = sign_contract(
        agreed, contract_id=CONTRACT_ID, buyer=BUYER, agency=AGENCY, today=TODAY
    )

    assert (contract.version, contract.state(today=date(2024, 3, 1))) == (1, ContractState.SIGNED)
    assert (contract.committed, contract.paid) == (Money.of(0), Money.of(0))
    assert [i.state for i in contract.instalments] == [InstalmentState.SCHEDULED] * 2
    assert (event.aggregate_version, event.key) == (1, str(CONTRACT_ID))
    assert (event.contract_number, event.ceiling) == (agreed.number, Money.of(100_000))
    assert list(event.instalments) == agreed.instalments


@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        (OrganisationKind.BUYER, Channel.GOVERNMENT),
        (OrganisationKind.ENTERPRISE, Channel.ENTERPRISE),
        (OrganisationKind.FOUNDATION, Channel.FOUNDATION),
        (OrganisationKind.UNIVERSITY, Channel.UNIVERSITY),
        (OrganisationKind.SOCIAL_GROUP, Channel.OTHER),
    ],
)
def test_the_channel_follows_the_kind_of_the_buyer(
    kind: OrganisationKind, channel: Channel
) -> None:
    buyer = BUYER.model_copy(update={"kind": kind})

    assert signed(terms(), buyer=buyer).channel is channel


def test_an_agency_sells_and_does_not_buy() -> None:
    with pytest.raises(WrongPartyError) as refused:
        signed(terms(), buyer=AGENCY)

    assert refused.value.pointer == "/buyer"


@pytest.mark.parametrize("kind", sorted(set(OrganisationKind) - {OrganisationKind.AGENCY}))
def test_only_an_agency_sells(kind: OrganisationKind) -> None:
    with pytest.raises(WrongPartyError) as refused:
        signed(terms(), agency=AGENCY.model_copy(update={"kind": kind}))

    assert refused.value.pointer == "/agency"


@pytest.mark.parametrize("pointer", ["/buyer", "/agency"])
def test_nothing_new_is_signed_with_who_is_suspended(pointer: str) -> None:
    suspended = {"suspended_on": date(2024, 2, 21)}
    parties = {"/buyer": BUYER, "/agency": AGENCY}
    parties[pointer] = parties[pointer].model_copy(update=suspended)
    buyer, agency = parties.values()
    signed(terms(signed_on=date(2024, 2, 20)), buyer=buyer, agency=agency)

    with pytest.raises(SuspendedPartyError) as refused:
        signed(terms(signed_on=date(2024, 2, 21)), buyer=buyer, agency=agency)

    assert refused.value.pointer == pointer


@pytest.mark.parametrize("name", ["signed_on", "published_on", "filed_on"])
def test_what_has_happened_happened_today_at_the_latest(name: str) -> None:
    signed(terms(**{name: TODAY}))

    with pytest.raises(FutureDateError) as refused:
        signed(terms(**{name: TOMORROW}))

    assert refused.value.pointer == f"/{name}"


@pytest.mark.parametrize("name", ["published_on", "filed_on"])
def test_a_contract_is_published_and_filed_after_it_is_signed(name: str) -> None:
    signed(terms(**{"signed_on": TODAY, name: TODAY}))

    with pytest.raises(TermsError) as refused:
        signed(terms(**{"signed_on": TODAY, name: TODAY - timedelta(days=1)}))

    assert refused.value.pointer == f"/{name}"


@pytest.mark.parametrize(
    ("starts_on", "last_day"),
    [
        (date(2024, 1, 1), date(2026, 12, 31)),
        (date(2024, 3, 1), date(2027, 2, 28)),
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2025, 3, 1), date(2028, 2, 29)),
        (date(9996, 1, 1), date(9998, 12, 31)),
    ],
)
def test_a_term_is_three_years_at_most(starts_on: date, last_day: date) -> None:
    shares = [YearShare(year=starts_on.year, amount=Money.of(100_000))]
    long: dict[str, Any] = {"starts_on": starts_on, "years": shares, "term_reason": "三年规划"}
    signed(terms(**long, ends_on=last_day))

    with pytest.raises(TermsError) as refused:
        signed(terms(**long, ends_on=last_day + timedelta(days=1)))

    assert refused.value.pointer == "/ends_on"


def test_a_term_at_the_end_of_the_calendar_is_a_term() -> None:
    signed(terms(starts_on=date.max, ends_on=date.max))


def test_a_term_is_a_day_at_least() -> None:
    signed(terms(starts_on=TODAY, ends_on=TODAY))

    with pytest.raises(TermsError) as refused:
        signed(terms(starts_on=TODAY, ends_on=TODAY - timedelta(days=1)))

    assert refused.value.pointer == "/ends_on"


def test_posts_are_counted_where_posts_are_bought() -> None:
    signed(terms(purchase_mode=PurchaseMode.POST, posts=9))

    with pytest.raises(TermsError) as refused:
        signed(terms(purchase_mode=PurchaseMode.PROJECT, posts=9))

    assert refused.value.pointer == "/posts"


@pytest.mark.parametrize("ceiling_minor", [99_999, 100_001])
def test_instalments_sum_to_the_ceiling_to_the_fen(ceiling_minor: int) -> None:
    with pytest.raises(TermsError) as refused:
        signed(terms(60_000, 40_000, ceiling=Money.of(ceiling_minor)))

    assert refused.value.pointer == "/instalments"


def test_instalments_that_sum_to_more_than_any_amount_are_over_the_ceiling() -> None:
    with pytest.raises(TermsError) as refused:
        signed(terms(AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX))

    assert "over the ceiling" in str(refused.value)


def test_the_largest_ceiling_is_the_largest_amount() -> None:
    assert signed(terms(AMOUNT_MINOR_MAX)).ceiling == Money.of(AMOUNT_MINOR_MAX)


@pytest.mark.parametrize("numbers", [(2, 1), (1, 1), (1, 3), (2, 3)])
def test_instalments_are_numbered_from_one_in_order(numbers: tuple[int, int]) -> None:
    renumbered = [
        i.model_copy(update={"number": n}) for i, n in zip(instalments(1, 1), numbers, strict=True)
    ]

    with pytest.raises(TermsError) as refused:
        signed(terms(1, 1, instalments=renumbered))

    assert refused.value.pointer is not None
    assert refused.value.pointer.endswith("/number")


def line(number: int, amount_minor: int) -> ContractLine:
    return ContractLine(
        number=number, title="小组活动", unit="节", quantity=1, amount=Money.of(amount_minor)
    )


def test_a_contract_without_lines_is_one_line() -> None:
    [project] = signed(terms()).lines
    [posts] = signed(terms(purchase_mode=PurchaseMode.POST, posts=9)).lines

    assert (project.agreed.quantity, project.agreed.unit) == (1, "项")
    assert (posts.agreed.quantity, posts.agreed.unit) == (9, "岗位")
    assert project.agreed.amount == posts.agreed.amount == Money.of(100_000)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"lines": [line(1, 99_999)]}, "/lines"),
        ({"lines": [line(2, 100_000)]}, "/lines/0/number"),
        ({"years": [YearShare(year=2024, amount=Money.of(99_999))]}, "/years"),
        ({"years": [YearShare(year=2026, amount=Money.of(100_000))]}, "/years/0/year"),
        ({"ends_on": date(2025, 3, 1)}, "/years"),
        ({"ends_on": date(2025, 3, 2)}, "/term_reason"),
    ],
)
def test_terms_that_contradict_one_another_are_refused(
    values: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(TermsError) as refused:
        signed(terms(**values))

    assert refused.value.pointer == pointer


def test_a_contract_has_one_final_instalment() -> None:
    finals = [i.model_copy(update={"condition": Condition.FINAL}) for i in instalments(1, 1)]

    with pytest.raises(TermsError) as refused:
        signed(terms(1, 1, instalments=finals))

    assert refused.value.pointer == "/instalments/1/condition"


def test_an_approval_commits_what_is_left_after_the_deduction() -> None:
    contract, event = approve_instalment(
        signed(terms(60_000, 40_000)),
        instalment_number=2,
        verdict=verdict(15_000),
        approved_by="li.na",
        approved_on=TODAY,
    )

    assert contract.instalment(2).state is InstalmentState.APPROVED
    assert (contract.committed, contract.paid) == (Money.of(25_000), Money.of(0))
    assert (contract.version, event.aggregate_version) == (2, 2)
    assert (event.scheduled, event.deduction, event.payable) == (
        Money.of(40_000),
        Money.of(15_000),
        Money.of(25_000),
    )


def test_a_deduction_takes_all_of_an_instalment_at_most() -> None:
    assert approved(signed(terms()), 2, deduction_minor=40_000).committed == Money.of(0)

    with pytest.raises(DeductionTooLargeError):
        approved(signed(terms()), 2, deduction_minor=40_001)


@pytest.mark.parametrize("condition", [Condition.MIDTERM, Condition.FINAL])
def test_midterm_and_final_wait_for_an_evaluation(condition: Condition) -> None:
    [instalment] = instalments(60_000)
    waiting = signed(
        terms(60_000, instalments=[instalment.model_copy(update={"condition": condition})])
    )

    with pytest.raises(EvaluationMissingError):
        approve_instalment(
            waiting, instalment_number=1, verdict=None, approved_by="li.na", approved_on=TODAY
        )
    with pytest.raises(OutcomeOpenError):
        approve_instalment(
            waiting,
            instalment_number=1,
            verdict=verdict(is_open=True),
            approved_by="li.na",
            approved_on=TODAY,
        )


def test_an_officer_approves_the_amount_he_expects() -> None:
    with pytest.raises(PaymentMismatchError) as refused:
        approve_instalment(
            signed(terms()),
            instalment_number=2,
            verdict=verdict(1),
            approved_by="li.na",
            approved_on=TODAY,
            expected=Money.of(40_000),
        )

    assert refused.value.pointer == "/payable/amount"


def test_an_instalment_is_approved_only_once() -> None:
    with pytest.raises(InstalmentStateError):
        approved(approved(signed(terms())))


def test_a_payment_is_what_was_approved_on_the_day_the_bank_says() -> None:
    before = approved(signed(terms(40_000, 60_000)), 2, deduction_minor=10_000)

    contract, event = pay_instalment(
        before,
        instalment_number=2,
        amount=Money.of(50_000),
        paid_on=date(2024, 3, 18),
        bank_reference="BK-1",
        paid_by="wang.wei",
        today=TODAY,
    )

    assert contract.instalment(2).state is InstalmentState.PAID
    assert (contract.committed, contract.paid) == (Money.of(50_000), Money.of(50_000))
    assert contract.version == event.aggregate_version == 3
    assert (event.scheduled, event.deduction, event.payable) == (
        Money.of(60_000),
        Money.of(10_000),
        Money.of(50_000),
    )
    assert (event.paid_on, event.bank_reference) == (date(2024, 3, 18), "BK-1")


@pytest.mark.parametrize("amount_minor", [0, 59_999, 60_001])
def test_nothing_else_is_paid_than_was_approved(amount_minor: int) -> None:
    with pytest.raises(PaymentMismatchError) as refused:
        paid(approved(signed(terms())), amount=Money.of(amount_minor))

    assert refused.value.pointer == "/amount/amount"


def test_who_approved_does_not_pay() -> None:
    with pytest.raises(SamePersonError):
        paid(approved(signed(terms()), by="wang.wei"))


def test_an_instalment_is_paid_only_after_its_approval() -> None:
    with pytest.raises(InstalmentStateError):
        paid(signed(terms()))


def test_an_instalment_is_paid_only_once() -> None:
    with pytest.raises(InstalmentStateError):
        paid(paid(approved(signed(terms()))))


def test_a_paid_instalment_is_not_approved_again() -> None:
    with pytest.raises(InstalmentStateError):
        approved(paid(approved(signed(terms()))))


def test_a_bank_has_not_paid_tomorrow() -> None:
    with pytest.raises(FutureDateError) as refused:
        paid(approved(signed(terms())), paid_on=TOMORROW)

    assert refused.value.pointer == "/paid_on"


@pytest.mark.parametrize("number", [0, 3, 99])
def test_a_contract_has_only_its_own_instalments(number: int) -> None:
    with pytest.raises(InstalmentNotFoundError):
        approved(signed(terms()), number)
    with pytest.raises(InstalmentNotFoundError):
        paid(signed(terms()), number, amount=Money.of(1))


def test_a_contract_is_completed_when_its_last_instalment_is_paid() -> None:
    halfway = paid(approved(signed(terms()), 2), 2)
    assert halfway.state(today=TODAY) is ContractState.ACTIVE

    assert paid(approved(halfway, 1), 1).state(today=TODAY) is ContractState.COMPLETED


def test_a_contract_is_never_changed_in_place() -> None:
    before = signed(terms())
    kept = replace(before)

    paid(approved(before))

    assert before == kept


def test_a_contract_that_contradicts_itself_cannot_be_made() -> None:
    contract = signed(terms())

    with pytest.raises(AssertionError):
        replace(contract, ceiling=Money.of(1))
    with pytest.raises(AssertionError):
        replace(contract, instalments=contract.instalments[:1])


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [error.code for error in ContractsError.__subclasses__()]

    assert len(set(codes)) == len(codes)
