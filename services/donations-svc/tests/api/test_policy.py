"""Every route of donations-svc with every role, on the caller's own row and on another's."""

from typing import Any, Final

import pytest
from donations_svc.api.policy import POLICY
from fundmix_events.roles import Role
from fundmix_kit.ids import uuid7
from fundmix_kit.policy import Scope
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.policy import (
    Owner,
    PolicyRows,
    PolicyTrials,
    Trial,
    WrongTokenTrial,
    trials,
    wrong_token_trials,
)

AGENCY: Final = {Owner.OURS: "52441900AJC6XAY6DW", Owner.THEIRS: "52441900DNF0KCB4UQ"}
DONOR: Final = {Owner.OURS: "91441900LX8R25H7GP", Owner.THEIRS: "914419004601L7U6QD"}

TRIALS: Final = trials(POLICY, Role)

Json = dict[str, Any]


def a_pledge(owner: Owner) -> Json:
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "agency": AGENCY[owner],
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "pledged_on": "2025-03-01",
    }


def a_donation(owner: Owner) -> Json:
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "agency": AGENCY[owner],
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
    }


async def ids(api: Api, owner: Owner) -> dict[str, str]:
    """Of a pledge and a donation between the owner's agency and donor."""
    agency = api.caller(Role.AGENCY, org=AGENCY[owner])
    pledge = await agency.post("/v1/pledges", a_pledge(owner))
    donation = await agency.post("/v1/donations", a_donation(owner))
    return {
        "pledge_id": pledge.json()["pledge_id"],
        "donation_id": donation.json()["donation_id"],
    }


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    rows = PolicyRows(
        organisations={Role.AGENCY: AGENCY[Owner.OURS], Role.DONOR: DONOR[Owner.OURS]},
        parameters={owner: await ids(shared_api, owner) for owner in Owner},
        bodies={("POST", "/v1/pledges"): a_pledge, ("POST", "/v1/donations"): a_donation},
        lists={
            ("GET", "/v1/pledges"): "pledge_id",
            ("GET", "/v1/donations"): "donation_id",
            ("GET", "/v1/todo"): "pledge_id",
        },
    )
    return PolicyTrials(shared_api, rows)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold(trial)


@pytest.mark.parametrize(
    "trial", [t for t in TRIALS if t.scope is Scope.OWN and not t.has_grant], ids=str
)
async def test_who_calls_for_no_organisation_owns_nothing(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold_without_organisation(trial)


@pytest.mark.parametrize("trial", wrong_token_trials(POLICY, Role), ids=str)
async def test_no_route_takes_a_wrong_token(
    trial: WrongTokenTrial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold_with_wrong_token(trial)


async def test_every_route_has_a_row_and_every_row_a_route(shared_api: Api) -> None:
    assert POLICY.missing(shared_api.app) == set()
    assert POLICY.stale(shared_api.app) == set()
