"""A kind that seldom has such a code is told, and never refused."""

from typing import Final

import pytest
from fundmix_events.credit_code import KIND_BY_PREFIX, check_character
from fundmix_events.registry import Organisation, OrganisationKind
from registry_svc.domain.plausibility import KINDS_BY_FORM, doubts_about

KIND_AND_PREFIX: Final = [
    ("agency", "52"),
    ("agency", "51"),
    ("buyer", "11"),
    ("buyer", "12"),
    ("enterprise", "91"),
    ("foundation", "53"),
    ("social_group", "51"),
    ("university", "12"),
    ("university", "52"),
    ("university", "91"),
]


def an_organisation(kind: str, prefix: str) -> Organisation:
    first_seventeen = f"{prefix}441900AJC6XAY6D"
    code = first_seventeen + check_character(first_seventeen)
    return Organisation(code=code, name="示例", kind=OrganisationKind(kind))


@pytest.mark.parametrize(("kind", "prefix"), KIND_AND_PREFIX)
def test_there_is_no_doubt_about_the_codes_that_a_kind_can_have(kind: str, prefix: str) -> None:
    assert doubts_about(an_organisation(kind, prefix)) == []


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        (kind, prefix)
        for kind in OrganisationKind
        for prefix in KIND_BY_PREFIX
        if (kind, prefix) not in KIND_AND_PREFIX
    ],
)
def test_there_is_a_doubt_about_the_code_of_another_kind(kind: str, prefix: str) -> None:
    [doubt] = doubts_about(an_organisation(kind, prefix))

    assert (doubt.pointer, doubt.code) == ("/kind", "implausible_kind")
    assert KIND_BY_PREFIX[prefix] in doubt.detail


@pytest.mark.parametrize("kind", OrganisationKind)
def test_a_code_of_a_form_unknown_to_us_says_nothing_about_the_kind(kind: str) -> None:
    assert doubts_about(an_organisation(kind, "13")) == []


def test_every_form_that_codes_tell_says_which_kinds_it_can_be() -> None:
    assert KINDS_BY_FORM.keys() == set(KIND_BY_PREFIX.values())
