"""The rules of the register, without anything around them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from fundmix_events.credit_code import check_character
from fundmix_events.registry import Level, Organisation
from registry_svc.domain.errors import (
    AlreadyRegisteredError,
    ChangeRequestNeededError,
    FutureDateError,
    NameConflictError,
)
from registry_svc.domain.registration import (
    Registration,
    change_organisation,
    refusal_of_known,
    register_organisation,
)

TODAY: Final = date(2025, 3, 3)
TOMORROW: Final = TODAY + timedelta(days=1)


def a_code(prefix: str = "52") -> str:
    first_seventeen = f"{prefix}441900AJC6XAY6D"
    return first_seventeen + check_character(first_seventeen)


def an_organisation(**values: Any) -> Organisation:
    usual = {"code": a_code(), "name": "东莞市示例甲社会工作服务中心", "kind": "agency"}
    return Organisation.model_validate(usual | values)


def a_registration(*, version: int = 1, **values: Any) -> Registration:
    return Registration(organisation=an_organisation(**values), version=version)


def test_the_event_of_a_registration_carries_the_whole_organisation() -> None:
    organisation = an_organisation(level="city", town="莞城街道", registered_on="2009-01-15")

    registration, event = register_organisation(organisation, today=TODAY)

    assert registration == Registration(organisation=organisation, version=1)
    assert event.organisation == organisation
    assert event.aggregate_version == 1
    assert event.key == organisation.code


def test_an_organisation_may_be_registered_on_the_day_it_was_founded() -> None:
    register_organisation(an_organisation(registered_on=TODAY), today=TODAY)


def test_an_organisation_was_not_founded_tomorrow() -> None:
    with pytest.raises(FutureDateError) as refused:
        register_organisation(an_organisation(registered_on=TOMORROW), today=TODAY)

    assert refused.value.pointer == "/registered_on"


def test_another_name_for_a_known_code_is_a_conflict() -> None:
    refused = refusal_of_known(a_registration(name="甲"), an_organisation(name="乙"))

    assert isinstance(refused, NameConflictError)
    assert refused.pointer == "/name"
    assert "甲" in str(refused)


def test_what_is_registered_is_not_registered_again() -> None:
    refused = refusal_of_known(a_registration(town="莞城街道"), an_organisation())

    assert isinstance(refused, AlreadyRegisteredError)
    assert refused.pointer == "/code"


def test_a_change_is_the_next_version_and_its_event_carries_the_whole_organisation() -> None:
    before = a_registration(version=4, level="town", town="莞城街道")
    wanted = before.organisation.model_copy(update={"level": Level.CITY, "town": None})

    after, event = change_organisation(before, wanted=wanted, today=TODAY)

    assert after == Registration(organisation=wanted, version=5)
    assert event is not None
    assert event.organisation == wanted
    assert event.aggregate_version == 5


def test_what_stays_the_same_is_no_change_and_no_event() -> None:
    before = a_registration(version=4)

    assert change_organisation(before, wanted=an_organisation(), today=TODAY) == (before, None)


def test_the_day_of_founding_is_not_changed_to_tomorrow() -> None:
    wanted = an_organisation(registered_on=TOMORROW)

    with pytest.raises(FutureDateError):
        change_organisation(a_registration(), wanted=wanted, today=TODAY)


def test_one_person_alone_changes_no_name() -> None:
    wanted = an_organisation(name="乙")

    with pytest.raises(ChangeRequestNeededError) as refused:
        change_organisation(a_registration(), wanted=wanted, today=TODAY)

    assert refused.value.pointer == "/name"


@pytest.mark.parametrize("other", [{"code": a_code("51")}, {"kind": "university"}])
def test_a_change_makes_no_other_organisation_of_it(other: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        change_organisation(a_registration(), wanted=an_organisation(**other), today=TODAY)


def test_a_registration_is_never_changed_in_place() -> None:
    before = a_registration()
    kept = replace(before)

    change_organisation(before, wanted=an_organisation(town="乙镇"), today=TODAY)

    assert before == kept
