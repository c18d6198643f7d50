"""A change of a name or a kind: two persons, one decision, on what was asked for."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from fundmix_events.envelope import Actor
from fundmix_events.registry import Organisation, OrganisationKind
from registry_svc.domain.change_request import (
    ChangeRequest,
    Decision,
    Evidence,
    RequestState,
    Wanted,
    approve,
    ask_for_change,
    reject,
)
from registry_svc.domain.errors import (
    ChangeOutdatedError,
    ChangeRequestDecidedError,
    NoChangeError,
    SamePersonError,
)
from registry_svc.domain.registration import Registration

CODE: Final = "52441900AJC6XAY6DW"
NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)
TREASURER: Final = Actor(subject="treasurer", role="agency", org=CODE)
OFFICER: Final = Actor(subject="officer", role="finance_officer")
DOCUMENT: Final = Evidence(name="更名批复", sha256="0" * 64, issued_by="民政局", issued_on=None)


def a_registration(*, version: int = 1, **values: Any) -> Registration:
    usual = {"code": CODE, "name": "甲", "kind": "agency", "town": "莞城街道"}
    return Registration(organisation=Organisation.model_validate(usual | values), version=version)


def a_request(name: str | None = "乙", kind: OrganisationKind | None = None) -> ChangeRequest:
    return ask_for_change(
        a_registration(),
        request_id=UUID(int=1),
        wanted=Wanted(name=name, kind=kind),
        reason="改名",
        evidence=(DOCUMENT,),
        by=TREASURER,
        at=NOW,
    )


def a_decision(by: Actor = OFFICER) -> Decision:
    return Decision(by=by, at=NOW, reason=None)


def test_a_request_keeps_what_is_to_be_different_and_what_it_was() -> None:
    request = a_request(name="乙", kind=OrganisationKind.AGENCY)

    assert request.wanted == Wanted(name="乙")
    assert request.before == Wanted(name="甲")
    assert (request.state, request.version) == (RequestState.OPEN, 1)


def test_nothing_is_asked_for_that_is_so_already() -> None:
    with pytest.raises(NoChangeError):
        a_request(name="甲", kind=OrganisationKind.AGENCY)


def test_an_approval_changes_only_what_was_asked_for() -> None:
    meanwhile = a_registration(version=7, town="南城街道")

    decided, (after, event) = approve(
        a_request(kind=OrganisationKind.SOCIAL_GROUP), meanwhile, decision=a_decision()
    )

    wanted = {"name": "乙", "kind": OrganisationKind.SOCIAL_GROUP}
    assert after.organisation == meanwhile.organisation.model_copy(update=wanted)
    assert after.version == 8
    assert event is not None
    assert event.organisation == after.organisation
    assert (decided.state, decided.version) == (RequestState.APPROVED, 2)
    assert decided.decision == a_decision()


def test_who_asks_does_not_decide() -> None:
    decision = a_decision(by=TREASURER)

    with pytest.raises(SamePersonError):
        approve(a_request(), a_registration(), decision=decision)
    with pytest.raises(SamePersonError):
        reject(a_request(), decision=decision)


def test_what_was_changed_meanwhile_is_not_overwritten() -> None:
    with pytest.raises(ChangeOutdatedError) as refused:
        approve(a_request(), a_registration(name="丙"), decision=a_decision())

    assert refused.value.pointer == "/changes/name"


def test_a_rejection_changes_the_request_only() -> None:
    rejected = reject(a_request(), decision=a_decision())

    assert (rejected.state, rejected.version) == (RequestState.REJECTED, 2)


def test_a_request_is_decided_once() -> None:
    rejected = reject(a_request(), decision=a_decision())

    with pytest.raises(ChangeRequestDecidedError):
        approve(rejected, a_registration(), decision=a_decision())
    with pytest.raises(ChangeRequestDecidedError):
        reject(rejected, decision=a_decision())
