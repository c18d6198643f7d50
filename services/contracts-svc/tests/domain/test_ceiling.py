"""The law of every contract: paid and approved never pass the ceiling, whatever is tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from contracts_svc.domain.contract import Contract, InstalmentState
from contracts_svc.domain.errors import ContractsError, TermsError
from contracts_svc.domain.paying import Verdict, approve_instalment, pay_instalment
from contracts_svc.domain.signing import Terms, sign_contract
from fundmix_events.contracts import (
    Condition,
    InstalmentApproved,
    InstalmentPaid,
    PurchaseMode,
    ScheduledInstalment,
)
from fundmix_events.money import AMOUNT_MINOR_MAX, Money
from fundmix_events.registry import Level, Organisation, OrganisationKind
from hypothesis import given
from hypothesis import strategies as st

TODAY: Final = date(2025, 3, 3)
PEOPLE: Final = ("li.na", "wang.wei", "chen.jing")
BUYER: Final = Organisation(code="11441900AHP4983MNR", name="示例街道", kind=OrganisationKind.BUYER)
AGENCY: Final = Organisation(code="52441900AJC6XAY6DW", name="示例甲", kind=OrganisationKind.AGENCY)


@dataclass(frozen=True)
class Approving:
    number: int
    by: str
    # Of the instalment; more than a thousand is more than it has.
    deduction_permille: int


@dataclass(frozen=True)
class Paying:
    number: int
    by: str
    # None: what was approved, which is what the rule asks for.
    amount_minor: int | None


Attempt = Approving | Paying

amounts: Final = st.lists(st.integers(1, AMOUNT_MINOR_MAX // 4), min_size=1, max_size=4)
numbers: Final = st.sampled_from([1, 1, 2, 2, 3, 4, 5])
people: Final = st.sampled_from(PEOPLE)
attempts: Final = st.lists(
    st.builds(Approving, numbers, people, st.just(0) | st.integers(0, 1_200))
    | st.builds(Paying, numbers, people, st.none() | st.integers(0, AMOUNT_MINOR_MAX)),
    min_size=10,
    max_size=40,
)


def signed(amounts_minor: Sequence[int], *, ceiling_minor: int) -> Contract:
    last = len(amounts_minor) - 1
    contract, _ = sign_contract(
        Terms(
            number="DG-2024-0001",
            title="社区综合服务",
            purchase_mode=PurchaseMode.PROJECT,
            service_area="社区综合服务",
            people_served="社区居民",
            town="厚街镇",
            payer_level=Level.TOWN,
            posts=None,
            signed_on=TODAY,
            published_on=None,
            filed_on=None,
            starts_on=TODAY,
            ends_on=TODAY,
            ceiling=Money.of(ceiling_minor),
            instalments=[
                ScheduledInstalment(
                    number=place + 1,
                    due_on=TODAY,
                    amount=Money.of(minor),
                    condition=Condition.FINAL if place == last else Condition.SIGNING,
                )
                for place, minor in enumerate(amounts_minor)
            ],
        ),
        contract_id=UUID(int=1),
        buyer=BUYER,
        agency=AGENCY,
        today=TODAY,
    )
    return contract


def carry_out(
    contract: Contract, attempt: Attempt
) -> tuple[Contract, InstalmentApproved | InstalmentPaid]:
    match attempt:
        case Approving():
            amount_minor = contract.instalment(attempt.number).amount.amount_minor
            return approve_instalment(
                contract,
                instalment_number=attempt.number,
                verdict=Verdict(
                    deduction=Money.of(amount_minor * attempt.deduction_permille // 1_000),
                    is_open=False,
                ),
                approved_by=attempt.by,
                approved_on=TODAY,
            )
        case Paying():
            given_minor = attempt.amount_minor
            return pay_instalment(
                contract,
                instalment_number=attempt.number,
                amount=contract.instalment(attempt.number).payable
                if given_minor is None
                else Money.of(given_minor),
                paid_on=TODAY,
                bank_reference="BK-1",
                paid_by=attempt.by,
                today=TODAY,
            )


@given(amounts, attempts)
def test_paid_and_approved_never_pass_the_ceiling(
    amounts_minor: list[int], tried: list[Attempt]
) -> None:
    contract = signed(amounts_minor, ceiling_minor=sum(amounts_minor))
    paid_minor: dict[int, int] = {}
    for attempt in tried:
        try:
            after, event = carry_out(contract, attempt)
        except ContractsError:
            continue
        assert after.version == event.aggregate_version == contract.version + 1
        if isinstance(event, InstalmentPaid):
            assert event.instalment_number not in paid_minor
            paid_minor[event.instalment_number] = event.payable.amount_minor
        contract = after

        assert contract.paid.amount_minor == sum(paid_minor.values())
        assert contract.paid.amount_minor <= contract.committed.amount_minor
        assert contract.committed.amount_minor <= contract.ceiling.amount_minor
        assert contract.scheduled == contract.ceiling


@given(amounts, attempts)
def test_no_instalment_is_paid_by_who_approved_it(
    amounts_minor: list[int], tried: list[Attempt]
) -> None:
    contract = signed(amounts_minor, ceiling_minor=sum(amounts_minor))
    for attempt in tried:
        try:
            contract, _ = carry_out(contract, attempt)
        except ContractsError:
            continue

    for instalment in contract.instalments:
        is_approved = instalment.state is not InstalmentState.SCHEDULED
        is_paid = instalment.state is InstalmentState.PAID
        assert (instalment.approved_by is not None) is is_approved
        assert (instalment.paid_by is not None) is is_paid
        assert not is_paid or instalment.paid_by != instalment.approved_by


@given(
    amounts_minor=st.lists(st.integers(1, AMOUNT_MINOR_MAX), min_size=1, max_size=99),
    ceiling_minor=st.integers(1, AMOUNT_MINOR_MAX),
    is_ceiling_right=st.booleans(),
)
def test_a_contract_is_signed_exactly_when_its_instalments_sum_to_its_ceiling(
    amounts_minor: list[int], ceiling_minor: int, *, is_ceiling_right: bool
) -> None:
    total_minor = sum(amounts_minor)
    if is_ceiling_right and total_minor <= AMOUNT_MINOR_MAX:
        ceiling_minor = total_minor
    try:
        contract = signed(amounts_minor, ceiling_minor=ceiling_minor)
    except TermsError:
        assert total_minor != ceiling_minor
    else:
        assert total_minor == ceiling_minor == contract.scheduled.amount_minor
