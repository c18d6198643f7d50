"""Of any states that follow each other, each is found again from the last one and the changes."""

from datetime import date
from itertools import pairwise

from fundmix_events.registry import Organisation, OrganisationKind
from fundmix_events.testing.samples import a_standing
from hypothesis import given
from hypothesis import strategies as st
from registry_svc.domain.history import FieldChange, as_it_was, changes_between

STATES = st.builds(
    Organisation,
    code=st.just("52441900AJC6XAY6DW"),
    name=st.sampled_from(["甲", "乙"]),
    kind=st.sampled_from(OrganisationKind),
    town=st.none() | st.sampled_from(["莞城街道", "南城街道"]),
    suspended_on=st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 3)),
    standing=st.none() | st.just(a_standing()),
)


def test_a_registration_brings_every_field_that_it_has() -> None:
    organisation = Organisation(
        code="52441900AJC6XAY6DW", name="甲", kind=OrganisationKind.AGENCY, town="莞城街道"
    )

    assert changes_between(None, organisation) == [
        FieldChange(field="name", before=None, after="甲"),
        FieldChange(field="kind", before=None, after="agency"),
        FieldChange(field="town", before=None, after="莞城街道"),
    ]


@given(st.lists(STATES, min_size=1, max_size=6))
def test_every_state_is_found_again(states: list[Organisation]) -> None:
    changes = [
        {change.field: change.before for change in changes_between(before, after)}
        for before, after in pairwise(states)
    ]

    for place, state in enumerate(states):
        later: dict[str, object] = {}
        for change in reversed(changes[place:]):
            later |= change
        assert as_it_was(states[-1], later.items()) == state
