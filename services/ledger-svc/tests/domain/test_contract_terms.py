"""Terms of contracts: of each fact the highest version counts, in whatever order events come."""

from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Any, Final
from uuid import UUID

from fundmix_events.testing import samples
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.contract_terms import ContractTerms, InstalmentState, TermsEvent, after

CONTRACT: Final = UUID("01932b5e-7c00-7000-8000-000000000001")


def known(version: int) -> dict[str, Any]:
    return {"contract_id": CONTRACT, "aggregate_version": version}


def of(number: int) -> dict[str, Any]:
    return {"instalment_number": number}


PARTS: Final = (
    samples.an_instalment("40000.00"),
    samples.an_instalment("30000.00", number=2, due_on=date(2024, 8, 9)),
    samples.an_instalment("30000.00", number=3, due_on=date(2024, 12, 9)),
)
SUPPLEMENT: Final = samples.an_instalment("5000.00", number=4, due_on=date(2024, 11, 1))
LIFE: Final[Sequence[TermsEvent]] = (
    samples.contract_signed(instalments=PARTS, **known(1)),
    samples.instalment_approved("40000.00", **of(1), **known(2)),
    samples.instalment_paid("40000.00", **of(1), **known(3)),
    samples.payment_reversed("40000.00", **of(1), **known(4)),
    samples.instalment_paid("40000.00", paid_on=date(2024, 4, 2), **of(1), **known(6)),
    samples.contract_amended(
        "-25000.00",
        ends_on=date(2024, 11, 30),
        instalments=(*PARTS[:2], SUPPLEMENT),
        lines=(),
        **known(8),
    ),
    samples.instalment_approved("30000.00", "1000.00", **of(2), **known(9)),
    samples.contract_terminated(cancelled=(4,), **known(11)).model_copy(
        update={"settlement": samples.an_instalment("700.00", number=5)}
    ),
)


def terms_of(events: Sequence[TermsEvent]) -> ContractTerms:
    terms = reduce(after, events, None)
    assert terms is not None
    return terms


def states(terms: ContractTerms) -> dict[int, tuple[str, int]]:
    return {
        i.number: (i.state, i.payable_minor)
        for i in terms.instalments.values()
        if terms.is_listed(i)
    }


def test_a_signed_contract_waits_for_all_its_instalments() -> None:
    terms = terms_of(LIFE[:1])

    assert states(terms) == {
        1: ("scheduled", 40_000_00),
        2: ("scheduled", 30_000_00),
        3: ("scheduled", 30_000_00),
    }
    assert (terms.town, terms.service_area, terms.payer_level) == (
        "厚街镇",
        "社区综合服务",
        "town",
    )


def test_a_reversed_payment_was_never_made() -> None:
    terms = terms_of(LIFE[:4])

    assert terms.instalments[1].state is InstalmentState.APPROVED
    assert terms.instalments[1].paid_on is None


def test_a_whole_life_ends_with_what_is_still_due() -> None:
    terms = terms_of(LIFE)

    assert states(terms) == {
        1: ("paid", 40_000_00),
        2: ("approved", 29_000_00),
        4: ("cancelled", 5_000_00),
        5: ("scheduled", 700_00),
    }
    assert terms.terminated_on == date(2024, 8, 1)


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=4))
def test_terms_do_not_depend_on_the_order_of_events_nor_on_repeats(
    events: list[TermsEvent], repeats: list[TermsEvent]
) -> None:
    terms = terms_of([*events, *repeats])

    expected = terms_of(LIFE)
    assert states(terms) == states(expected)
    assert terms.instalments[1] == expected.instalments[1]
    assert terms.agreed == expected.agreed
