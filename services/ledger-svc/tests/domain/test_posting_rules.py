"""Each event's legs and signs, and what holds for every event there could be."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, get_args
from uuid import UUID

import pytest
from fundmix_events import topics
from fundmix_events.catalogue import EVENT_CLASSES
from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    ContractAmended,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    InstalmentApproved,
    InstalmentPaid,
    PaymentReversed,
    Recognition,
    RecoveryReceived,
)
from fundmix_events.day import FIRST_DAY
from fundmix_events.donations import (
    DonationKind,
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    PledgeCancelled,
    PledgeMade,
    PurposeChanged,
)
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import (
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)
from fundmix_events.money import AMOUNT_MINOR_MAX, Money, text_from_minor
from fundmix_events.testing import gift_samples, ledger_samples, samples
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.journal import Close, Entry, total_by_currency
from ledger_svc.domain.posting_rules import PostableEvent, entry_for

Leg = tuple[str, str, int]
"""Code, fund, and minor units: debit positive, credit negative."""

EVENT_ID: Final = UUID(int=1)
CONTRACT_FUND: Final = "contract:DG-2024-0001"
FUNDS: Final = st.sampled_from(["general", CONTRACT_FUND, "purpose:长者助餐"])
# Three of them are an amount too.
PARTS: Final = st.integers(1, AMOUNT_MINOR_MAX // 3)
SIGNED: Final = PARTS | PARTS.map(lambda part: -part)
AMOUNTS: Final = st.integers(1, AMOUNT_MINOR_MAX).map(text_from_minor)
AGENCIES: Final = st.sampled_from([samples.AGENCY, samples.OTHER_AGENCY])
# Time that was given is in no account.
BOOKED: Final = (DonationKind.CASH, DonationKind.IN_KIND)
CHANNELS: Final = st.sampled_from(Channel)
PURPOSES: Final = st.none() | st.sampled_from(["长者助餐", "困境儿童关爱"])
MEMO_CODES: Final = frozenset(code for code in AccountCode if code.startswith("commitments:"))


def entry_of(event: PostableEvent) -> Entry:
    entry = entry_for(event, event_id=EVENT_ID)
    assert isinstance(entry, Entry)
    return entry


def legs_of(event: PostableEvent) -> list[Leg]:
    return [(p.account.code, p.account.fund_code, p.amount_minor) for p in entry_of(event).postings]


def balance_of(codes: Iterable[AccountCode], *events: PostableEvent) -> int:
    return sum(
        posting.amount_minor
        for event in events
        for posting in entry_of(event).postings
        if posting.account.code in codes
    )


@st.composite
def contracts(draw: st.DrawFn) -> ContractSigned:
    ceiling = draw(st.integers(1, AMOUNT_MINOR_MAX))
    return samples.contract_signed(
        text_from_minor(ceiling),
        signed_on=draw(st.dates(min_value=FIRST_DAY)),
        channel=draw(CHANNELS),
    )


@st.composite
def payments(draw: st.DrawFn) -> InstalmentPaid:
    scheduled = draw(st.integers(1, AMOUNT_MINOR_MAX))
    deduction = draw(st.integers(0, scheduled) | st.just(scheduled))
    return samples.instalment_paid(
        text_from_minor(scheduled),
        text_from_minor(deduction),
        paid_on=draw(st.dates(min_value=FIRST_DAY)),
        agency=draw(AGENCIES),
    )


@st.composite
def pledges(draw: st.DrawFn) -> PledgeMade:
    return samples.pledge_made(
        draw(AMOUNTS),
        kind=draw(st.sampled_from(BOOKED)),
        restricted_to=draw(PURPOSES),
        channel=draw(CHANNELS),
    )


@st.composite
def donations(draw: st.DrawFn) -> DonationReceived:
    return samples.donation_received(
        draw(AMOUNTS),
        kind=draw(st.sampled_from(BOOKED)),
        restricted_to=draw(PURPOSES),
        fulfils=draw(st.none() | AMOUNTS.map(Money.parse)),
        agency=draw(AGENCIES),
    )


def a_recognition(income: int, receivable: int, *, paid_back: int = 0) -> Recognition:
    """What is earned was claimed, or paid before."""
    advance = receivable - income - paid_back
    return samples.a_recognition(*map(text_from_minor, (income, receivable, advance)))


@st.composite
def payment_reversals(draw: st.DrawFn) -> PaymentReversed:
    payable = draw(PARTS)
    recognition = a_recognition(draw(PARTS), draw(PARTS), paid_back=payable)
    return samples.payment_reversed(text_from_minor(payable), recognition=recognition)


@st.composite
def approvals(draw: st.DrawFn) -> InstalmentApproved:
    """Of an instalment whose deduction takes off what was earned."""
    recognition = a_recognition(-draw(PARTS), -draw(PARTS))
    return samples.instalment_approved(recognition=recognition)


@st.composite
def recoveries(draw: st.DrawFn) -> RecoveryReceived:
    amount = draw(PARTS)
    recognition = a_recognition(draw(PARTS), draw(PARTS), paid_back=amount)
    return samples.recovery_received(text_from_minor(amount), recognition=recognition)


@st.composite
def acceptances(draw: st.DrawFn) -> DeliveryAccepted:
    return samples.delivery_accepted(recognition=a_recognition(draw(PARTS), draw(PARTS)))


@st.composite
def amendments(draw: st.DrawFn) -> ContractAmended:
    return samples.contract_amended(
        commitment=Money.of(draw(SIGNED)), recognition=a_recognition(draw(PARTS), draw(SIGNED))
    )


@st.composite
def terminations(draw: st.DrawFn) -> ContractTerminated:
    return samples.contract_terminated(
        commitment=Money.of(draw(SIGNED)), recognition=a_recognition(draw(PARTS), draw(SIGNED))
    )


@st.composite
def expenditures(draw: st.DrawFn) -> ExpenditureApproved:
    """Out of a lot, an advance, or both; a gift has no advance."""
    fund_code = draw(FUNDS)
    amount = draw(PARTS)
    advance = draw(st.integers(0, amount)) if fund_code == CONTRACT_FUND else 0
    used = text_from_minor(amount - advance)
    draws = (ledger_samples.a_lot_movement(used, fund_code=fund_code),)
    return ledger_samples.expenditure_approved(
        text_from_minor(amount),
        fund_code=fund_code,
        draws=draws if amount > advance else (),
        advance=Money.of(advance),
    )


@st.composite
def purpose_changes(draw: st.DrawFn) -> PurposeChanged:
    before, after, _ = draw(st.permutations([None, "长者助餐", "困境儿童关爱"]))
    return gift_samples.purpose_changed(
        draw(AMOUNTS), restricted_to=before, new_restricted_to=after
    )


MOVING: Final[Mapping[type[PostableEvent], st.SearchStrategy[Any]]] = {
    ContractSigned: contracts(),
    ContractAmended: amendments(),
    ContractTerminated: terminations(),
    InstalmentApproved: approvals(),
    InstalmentPaid: payments(),
    PaymentReversed: payment_reversals(),
    DeliveryAccepted: acceptances(),
    RecoveryReceived: recoveries(),
    PledgeMade: pledges(),
    PledgeCancelled: st.builds(gift_samples.pledge_cancelled, AMOUNTS, restricted_to=PURPOSES),
    DonationReceived: donations(),
    DonationRefunded: st.builds(gift_samples.donation_refunded, AMOUNTS, restricted_to=PURPOSES),
    DonationReversed: st.builds(gift_samples.donation_reversed, AMOUNTS, restricted_to=PURPOSES),
    PurposeChanged: purpose_changes(),
    ExpenditureApproved: expenditures(),
    IncomeApproved: st.builds(
        ledger_samples.income_approved, AMOUNTS, fund_code=FUNDS, channel=CHANNELS
    ),
    ManualEntryApproved: st.builds(ledger_samples.manual_entry_approved, AMOUNTS),
    OpeningBalanceApproved: st.builds(ledger_samples.opening_balance_approved, AMOUNTS),
    ReversalApproved: st.builds(ledger_samples.reversal_approved, AMOUNTS),
}
EVENTS: Final = st.one_of(*MOVING.values())
STILL: Final[tuple[PostableEvent, ...]] = (
    samples.organisation_registered(),
    samples.organisation_changed(),
    samples.instalment_approved(),
    samples.invoice_recorded(),
    samples.payment_confirmed(),
    samples.delivery_reported(),
    samples.evaluation_published(),
    samples.objection_raised(),
    samples.result_accepted(),
    samples.deduction_decided(),
    samples.obligation_met(),
    samples.obligation_overdue(),
    gift_samples.goods_stated(),
    ledger_samples.goal_status_changed(),
)


def test_a_contract_is_a_promise_beside_the_books() -> None:
    assert legs_of(samples.contract_signed("1000.00")) == [
        ("commitments:contract", CONTRACT_FUND, 1000_00),
        ("commitments:contract_counter", CONTRACT_FUND, -1000_00),
    ]


def test_a_payment_is_cash_in_advance_and_shrinks_the_promise() -> None:
    assert legs_of(samples.instalment_paid("400.00")) == [
        ("assets:bank", CONTRACT_FUND, 400_00),
        ("liabilities:advance_received", CONTRACT_FUND, -400_00),
        ("commitments:contract", CONTRACT_FUND, -400_00),
        ("commitments:contract_counter", CONTRACT_FUND, 400_00),
    ]


def test_a_deduction_is_no_cash_and_no_promise_any_more() -> None:
    assert legs_of(samples.instalment_paid("400.00", "150.00")) == [
        ("assets:bank", CONTRACT_FUND, 250_00),
        ("liabilities:advance_received", CONTRACT_FUND, -250_00),
        ("commitments:contract", CONTRACT_FUND, -400_00),
        ("commitments:contract_counter", CONTRACT_FUND, 400_00),
    ]


def test_an_instalment_that_is_deducted_whole_moves_no_cash() -> None:
    assert legs_of(samples.instalment_paid("400.00", "400.00")) == [
        ("commitments:contract", CONTRACT_FUND, -400_00),
        ("commitments:contract_counter", CONTRACT_FUND, 400_00),
    ]


def test_a_pledge_is_a_promise_beside_the_books() -> None:
    assert legs_of(samples.pledge_made("50.00", restricted_to="长者助餐")) == [
        ("commitments:pledge", "purpose:长者助餐", 50_00),
        ("commitments:pledge_counter", "purpose:长者助餐", -50_00),
    ]


def test_a_donation_is_income_when_it_has_come() -> None:
    assert legs_of(samples.donation_received("50.00")) == [
        ("assets:bank", "general", 50_00),
        ("income:donation", "general", -50_00),
    ]


def test_goods_are_booked_apart_from_cash() -> None:
    assert legs_of(samples.donation_received("50.00", kind=DonationKind.IN_KIND)) == [
        ("assets:in_kind", "general", 50_00),
        ("income:donation", "general", -50_00),
    ]


def test_a_restricted_gift_moves_net_assets_too() -> None:
    assert legs_of(samples.donation_received("50.00", restricted_to="长者助餐")) == [
        ("assets:bank", "purpose:长者助餐", 50_00),
        ("income:donation", "purpose:长者助餐", -50_00),
        ("net_assets:unrestricted", "purpose:长者助餐", 50_00),
        ("net_assets:restricted", "purpose:长者助餐", -50_00),
    ]


def test_a_donation_shrinks_the_pledge_by_what_it_fulfils_of_it() -> None:
    assert legs_of(samples.donation_received("50.00", fulfils=Money.parse("30.00"))) == [
        ("assets:bank", "general", 50_00),
        ("income:donation", "general", -50_00),
        ("commitments:pledge", "general", -30_00),
        ("commitments:pledge_counter", "general", 30_00),
    ]


@pytest.mark.parametrize("event", STILL, ids=lambda event: event.type)
def test_what_moves_nothing_has_no_entry(event: PostableEvent) -> None:
    assert entry_for(event, event_id=EVENT_ID) is None


def test_a_contract_that_is_paid_in_full_leaves_no_promise() -> None:
    signed = samples.contract_signed("1000.00")
    paid = [samples.instalment_paid("600.00", "50.00"), samples.instalment_paid("400.00")]

    assert balance_of([AccountCode.CONTRACT_COMMITMENT], signed, *paid) == 0
    assert balance_of([AccountCode.CONTRACT_COMMITMENT_COUNTER], signed, *paid) == 0
    assert balance_of([AccountCode.BANK], signed, *paid) == 950_00


def test_a_gift_occurred_when_it_was_given_and_counts_when_it_came() -> None:
    entry = entry_of(
        samples.donation_received(given_on=date(2024, 12, 30), received_on=date(2025, 1, 2))
    )

    assert (entry.occurred_on, entry.value_on) == (date(2024, 12, 30), date(2025, 1, 2))


def test_a_close_is_a_barrier_and_no_entry() -> None:
    event = ledger_samples.close_approved(202405)

    assert entry_for(event, event_id=EVENT_ID) == Close(
        event_id=EVENT_ID, kind=event.type, through=202405
    )


def test_the_laws_below_are_tried_on_every_event_that_moves_anything() -> None:
    still = {type(event) for event in STILL} - {InstalmentApproved}

    assert {*MOVING, *still, CloseApproved} == set(get_args(PostableEvent))
    assert still.isdisjoint(MOVING)


def test_every_event_on_the_topics_the_ledger_reads_has_its_rule() -> None:
    heard = {topics.REGISTRY, topics.CONTRACTS, topics.DONATIONS, topics.LEDGER_REQUESTS}

    assert set(get_args(PostableEvent)) == {c for c in EVENT_CLASSES if c.topic in heard}


@given(EVENTS)
def test_any_event_moves_accounts_of_its_agency_alone_and_balances(event: Any) -> None:
    entry = entry_of(event)

    assert set(total_by_currency(entry.postings).values()) == {0}
    assert {p.account.agency for p in entry.postings} == {entry.agency} == {event.agency}
    assert all(p.amount_minor != 0 for p in entry.postings)
    assert entry.event_id == EVENT_ID
    assert entry.kind == event.type


@given(EVENTS)
def test_promises_balance_apart_from_the_books(event: Any) -> None:
    assert balance_of(MEMO_CODES, event) == 0
    assert balance_of(set(AccountCode) - MEMO_CODES, event) == 0


@given(EVENTS)
def test_restricted_net_assets_are_those_of_purpose_funds(event: Any) -> None:
    postings = entry_of(event).postings
    funds = {p.account.fund_code for p in postings if p.account.code is AccountCode.RESTRICTED}

    assert all(fund_code.startswith("purpose:") for fund_code in funds)


@given(donations())
def test_of_gifts_only_restricted_ones_touch_them(event: DonationReceived) -> None:
    is_restricted = event.restricted_to is not None

    assert (balance_of([AccountCode.RESTRICTED], event) != 0) == is_restricted


@given(EVENTS)
def test_the_same_event_gives_the_same_entry(event: Any) -> None:
    assert entry_of(event) == entry_of(event)
