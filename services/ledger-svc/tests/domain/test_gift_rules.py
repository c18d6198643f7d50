"""What happens to promises and gifts, leg by leg."""

from typing import Final
from uuid import UUID

import pytest
from fundmix_events.donations import DonationKind
from fundmix_events.money import AMOUNT_MINOR_MAX, Money, text_from_minor
from fundmix_events.testing import gift_samples, samples
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.journal import Entry
from ledger_svc.domain.posting_rules import PostableEvent, entry_for

Leg = tuple[str, str, int]

EVENT_ID: Final = UUID(int=1)
MEAL: Final = "长者助餐"
CHILDREN: Final = "困境儿童关爱"
AMOUNTS: Final = st.integers(1, AMOUNT_MINOR_MAX).map(text_from_minor)
PURPOSES: Final = st.none() | st.sampled_from([MEAL, CHILDREN])
BOOKED: Final = st.sampled_from([DonationKind.CASH, DonationKind.IN_KIND])


def entry_of(event: PostableEvent) -> Entry:
    entry = entry_for(event, event_id=EVENT_ID)
    assert isinstance(entry, Entry)
    return entry


def legs_of(event: PostableEvent) -> list[Leg]:
    return [(p.account.code, p.account.fund_code, p.amount_minor) for p in entry_of(event).postings]


def test_a_cancelled_pledge_takes_back_what_was_still_promised() -> None:
    assert legs_of(gift_samples.pledge_cancelled("30.00")) == [
        ("commitments:pledge", "general", -30_00),
        ("commitments:pledge_counter", "general", 30_00),
    ]


def test_a_refund_is_the_mirror_of_what_was_received() -> None:
    entry = entry_of(gift_samples.donation_refunded("30.00", restricted_to=MEAL))

    assert [(p.account.code, p.amount_minor) for p in entry.postings] == [
        ("assets:bank", -30_00),
        ("income:donation", 30_00),
        ("net_assets:unrestricted", -30_00),
        ("net_assets:restricted", 30_00),
    ]
    assert [lot.amount_minor for lot in entry.lots] == [-30_00]
    assert len(entry.hold_ids) == 1


def test_goods_that_go_back_are_in_no_lot() -> None:
    event = gift_samples.donation_refunded("30.00", kind="in_kind", hold_id=None)

    assert legs_of(event) == [
        ("assets:in_kind", "general", -30_00),
        ("income:donation", "general", 30_00),
    ]
    assert entry_of(event).lots == ()
    assert entry_of(event).hold_ids == ()


def test_a_changed_purpose_moves_money_and_its_restriction_and_is_no_income() -> None:
    event = gift_samples.purpose_changed("30.00", restricted_to=MEAL, new_restricted_to=CHILDREN)
    entry = entry_of(event)

    assert legs_of(event) == [
        ("assets:bank", f"purpose:{MEAL}", -30_00),
        ("assets:bank", f"purpose:{CHILDREN}", 30_00),
        ("net_assets:unrestricted", f"purpose:{MEAL}", -30_00),
        ("net_assets:restricted", f"purpose:{MEAL}", 30_00),
        ("net_assets:unrestricted", f"purpose:{CHILDREN}", 30_00),
        ("net_assets:restricted", f"purpose:{CHILDREN}", -30_00),
    ]
    assert [(lot.lot_id, lot.fund_code, lot.amount_minor) for lot in entry.lots] == [
        (event.lot_id, f"purpose:{MEAL}", -30_00),
        (event.change_id, f"purpose:{CHILDREN}", 30_00),
    ]


def test_a_freed_purpose_leaves_nothing_restricted() -> None:
    event = gift_samples.purpose_changed("30.00", restricted_to=MEAL, new_restricted_to=None)

    assert legs_of(event) == [
        ("assets:bank", f"purpose:{MEAL}", -30_00),
        ("assets:bank", "general", 30_00),
        ("net_assets:unrestricted", f"purpose:{MEAL}", -30_00),
        ("net_assets:restricted", f"purpose:{MEAL}", 30_00),
    ]


@pytest.mark.parametrize(
    "event",
    [
        samples.pledge_made(kind=DonationKind.SERVICE),
        samples.donation_received(kind=DonationKind.SERVICE),
        gift_samples.pledge_cancelled(kind=DonationKind.SERVICE),
        gift_samples.donation_reversed(kind=DonationKind.SERVICE),
    ],
)
def test_time_that_was_given_is_in_no_account(event: PostableEvent) -> None:
    assert entry_for(event, event_id=EVENT_ID) is None


@given(AMOUNTS, BOOKED, PURPOSES, st.none() | AMOUNTS.map(Money.parse))
def test_a_donation_and_its_reversal_leave_nothing_on_its_value_date(
    amount: str, kind: DonationKind, purpose: str | None, fulfils: Money | None
) -> None:
    gift = samples.donation_received(amount, kind=kind, restricted_to=purpose, fulfils=fulfils)
    undone = gift_samples.donation_reversed(
        amount,
        kind=kind,
        restricted_to=purpose,
        fulfils=fulfils,
        donation_id=gift.donation_id,
        lot_id=gift.donation_id,
    )
    totals: dict[object, int] = {}
    for event in (gift, undone):
        entry = entry_of(event)
        assert entry.value_on == gift.received_on
        for posting in entry.postings:
            totals[posting.account] = totals.get(posting.account, 0) + posting.amount_minor
        for lot in entry.lots:
            totals[lot.lot_id] = totals.get(lot.lot_id, 0) + lot.amount_minor

    assert set(totals.values()) == {0}
