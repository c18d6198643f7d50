"""A promise is fulfilled by what was promised, and never by more than was promised."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.domain.errors import (
    FutureDateError,
    NotReversibleError,
    PledgeMismatchError,
    PledgeNotOpenError,
    SuspendedAgencyError,
    UnknownOrganisationError,
)
from donations_svc.domain.pledge import (
    Cancellation,
    Pledge,
    PledgeState,
    PledgeTerms,
    fulfil_pledge,
    make_pledge,
    reverse_pledge,
)
from fundmix_events.channel import Channel
from fundmix_events.donations import CancellationReason, DonationKind, Donor, DonorKind, PledgeMade
from fundmix_events.money import AMOUNT_MINOR_MAX, Money
from fundmix_events.registry import Organisation, OrganisationKind
from hypothesis import given
from hypothesis import strategies as st

PLEDGE_ID: Final = UUID(int=7)
AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = Donor(kind=DonorKind.ENTERPRISE, code="91441900LX8R25H7GP")
OTHER_ENTERPRISE: Final = Donor(kind=DonorKind.ENTERPRISE, code="914419004601L7U6QD")
A_PERSON: Final = Donor(kind=DonorKind.INDIVIDUAL)
MARCH_1: Final = date(2025, 3, 1)

REGISTER: Final = {
    AGENCY: Organisation(code=AGENCY, name="甲中心", kind=OrganisationKind.AGENCY),
    "91441900LX8R25H7GP": Organisation(
        code="91441900LX8R25H7GP", name="示例企业", kind=OrganisationKind.ENTERPRISE
    ),
}
AMOUNTS: Final = st.integers(min_value=1, max_value=AMOUNT_MINOR_MAX)


def terms_of_a_pledge(**changes: Any) -> PledgeTerms:
    terms = PledgeTerms(
        reference="R-1",
        donor=ENTERPRISE,
        agency=AGENCY,
        kind=DonationKind.CASH,
        amount=Money.parse("100.00"),
        restricted_to="长者助餐",
        pledged_on=MARCH_1,
        is_anonymous=False,
    )
    return replace(terms, **changes)


def a_pledge(*, fulfilled: str = "0.00", **changes: Any) -> Pledge:
    pledge, _ = make_pledge(
        terms_of_a_pledge(**changes), pledge_id=PLEDGE_ID, register=REGISTER, today=MARCH_1
    )
    return replace(pledge, fulfilled=Money.parse(fulfilled))


def fulfil(pledge: Pledge, amount: Money, **changes: Any) -> tuple[Pledge, Money]:
    """By exactly what was promised, but for `changes`."""
    promised = pledge.terms
    same: dict[str, Any] = {
        "donor": promised.donor,
        "agency": promised.agency,
        "kind": promised.kind,
        "restricted_to": promised.restricted_to,
    }
    return fulfil_pledge(pledge, amount=amount, **{**same, **changes})


def test_a_pledge_is_a_promise_and_says_so() -> None:
    terms = terms_of_a_pledge(is_anonymous=True)

    pledge, event = make_pledge(terms, pledge_id=PLEDGE_ID, register=REGISTER, today=MARCH_1)

    assert pledge.state(today=MARCH_1) is PledgeState.PROMISED
    assert (pledge.version, pledge.outstanding) == (1, Money.parse("100.00"))
    assert event == PledgeMade(
        aggregate_version=1,
        pledge_id=PLEDGE_ID,
        reference="R-1",
        donor=ENTERPRISE,
        agency=AGENCY,
        channel=Channel.ENTERPRISE,
        kind=DonationKind.CASH,
        amount=Money.parse("100.00"),
        restricted_to="长者助餐",
        pledged_on=MARCH_1,
        is_anonymous=True,
    )


def test_nobody_has_promised_tomorrow() -> None:
    with pytest.raises(FutureDateError) as refusal:
        a_pledge(pledged_on=MARCH_1 + timedelta(days=1))

    assert refusal.value.pointer == "/pledged_on"


def test_a_pledge_is_made_by_those_in_the_register() -> None:
    with pytest.raises(UnknownOrganisationError):
        a_pledge(donor=OTHER_ENTERPRISE)


@pytest.mark.parametrize(
    ("came", "fulfils", "state", "outstanding"),
    [
        ("0.01", "0.01", PledgeState.PART_RECEIVED, "99.99"),
        ("99.99", "99.99", PledgeState.PART_RECEIVED, "0.01"),
        ("100.00", "100.00", PledgeState.RECEIVED, "0.00"),
        ("100.01", "100.00", PledgeState.RECEIVED, "0.00"),
    ],
)
def test_what_comes_fulfils_at_most_what_was_promised(
    came: str, fulfils: str, state: PledgeState, outstanding: str
) -> None:
    after, part = fulfil(a_pledge(), Money.parse(came))

    assert part == Money.parse(fulfils)
    assert (after.state(today=MARCH_1), after.outstanding) == (state, Money.parse(outstanding))
    assert after.version == 2


def test_nothing_fulfils_a_pledge_that_has_been_received() -> None:
    with pytest.raises(PledgeNotOpenError) as refusal:
        fulfil(a_pledge(fulfilled="100.00"), Money.parse("0.01"))

    assert refusal.value.pointer == "/pledge_id"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"donor": OTHER_ENTERPRISE}, "donor"),
        ({"donor": A_PERSON}, "donor"),
        ({"agency": OTHER_AGENCY}, "agency"),
        ({"kind": DonationKind.IN_KIND}, "kind"),
        ({"restricted_to": None}, "restricted_to"),
        ({"restricted_to": "社工培训"}, "restricted_to"),
        ({"donor": OTHER_ENTERPRISE, "restricted_to": None}, "donor, restricted_to"),
    ],
)
def test_only_what_was_promised_fulfils_a_pledge(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PledgeMismatchError, match=f"otherwise: {named}$") as refusal:
        fulfil(a_pledge(), Money.parse("1.00"), **change)

    assert refusal.value.pointer == "/pledge_id"


def test_what_a_person_has_promised_any_person_may_bring() -> None:
    after, _ = fulfil(a_pledge(donor=A_PERSON), Money.parse("100.00"))

    assert after.state(today=MARCH_1) is PledgeState.RECEIVED


@given(promised=AMOUNTS, donations=st.lists(AMOUNTS, max_size=20))
def test_the_parts_add_up_and_never_pass_the_promise(
    promised: int, donations: Sequence[int]
) -> None:
    pledge = a_pledge(amount=Money.of(promised))
    parts = list[int]()

    for amount in donations:
        if pledge.state(today=MARCH_1) is PledgeState.RECEIVED:
            break
        pledge, part = fulfil(pledge, Money.of(amount))
        assert 0 < part.amount_minor <= amount
        parts.append(part.amount_minor)

    assert sum(parts) == pledge.fulfilled.amount_minor == min(promised, sum(donations))
    assert pledge.outstanding.amount_minor == promised - sum(parts)
    assert pledge.version == 1 + len(parts)


@given(promised=AMOUNTS, came=AMOUNTS)
def test_the_state_says_how_much_has_come(promised: int, came: int) -> None:
    after, _ = fulfil(a_pledge(amount=Money.of(promised)), Money.of(came))

    is_whole = came >= promised
    assert after.state(today=MARCH_1) is (
        PledgeState.RECEIVED if is_whole else PledgeState.PART_RECEIVED
    )


def test_a_pledge_that_is_over_fulfilled_cannot_be_built() -> None:
    with pytest.raises(AssertionError, match="over-fulfilled"):
        a_pledge(fulfilled="100.01")


def test_a_pledge_that_was_an_error_was_never_made() -> None:
    after, said = reverse_pledge(
        a_pledge(), reversed_on=MARCH_1 + timedelta(days=9), reason="文件有误"
    )

    assert said is not None
    assert (said.cancelled_on, said.amount) == (MARCH_1, Money.parse("100.00"))
    assert (said.reason, said.remark) == (CancellationReason.RECORDED_IN_ERROR, "文件有误")
    assert (after.version, after.reversed_on) == (2, MARCH_1 + timedelta(days=9))
    assert after.state(today=MARCH_1) is PledgeState.CANCELLED


def test_what_was_cancelled_before_is_reversed_without_a_word() -> None:
    agreed = Cancellation(cancelled_on=MARCH_1, reason=CancellationReason.AGREED, remark=None)

    after, said = reverse_pledge(
        replace(a_pledge(), cancellation=agreed), reversed_on=MARCH_1, reason="文件有误"
    )

    assert (said, after.cancellation, after.reversed_on) == (None, agreed, MARCH_1)


@pytest.mark.parametrize("fulfilled", ["0.01", "100.00"])
def test_a_pledge_that_something_has_come_of_is_no_error(fulfilled: str) -> None:
    with pytest.raises(NotReversibleError, match="R-1"):
        reverse_pledge(a_pledge(fulfilled=fulfilled), reversed_on=MARCH_1, reason="文件有误")


@pytest.mark.parametrize("days_before", [0, 1])
def test_nothing_is_promised_to_an_agency_while_it_is_suspended(days_before: int) -> None:
    suspended_on = MARCH_1 - timedelta(days=days_before)
    suspended = REGISTER[AGENCY].model_copy(update={"suspended_on": suspended_on})

    with pytest.raises(SuspendedAgencyError) as refused:
        make_pledge(
            terms_of_a_pledge(),
            pledge_id=PLEDGE_ID,
            register=REGISTER | {AGENCY: suspended},
            today=MARCH_1,
        )

    assert refused.value.pointer == "/agency"


def test_what_was_promised_before_a_suspension_is_recorded_after_it() -> None:
    suspended = REGISTER[AGENCY].model_copy(update={"suspended_on": MARCH_1 + timedelta(days=1)})

    pledge, _ = make_pledge(
        terms_of_a_pledge(),
        pledge_id=PLEDGE_ID,
        register=REGISTER | {AGENCY: suspended},
        today=MARCH_1 + timedelta(days=9),
    )

    assert pledge.state(today=MARCH_1) is PledgeState.PROMISED
