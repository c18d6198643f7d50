"""Every route of the register with every role, on the caller's own row and on another's."""

from typing import Final

import pytest
from fundmix_events.roles import Role
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
from registry_svc.api.policy import POLICY

CODE: Final = {Owner.OURS: "52441900AJC6XAY6DW", Owner.THEIRS: "52441900DNF0KCB4UQ"}

ROWS: Final = PolicyRows(
    organisations=dict.fromkeys(Role, CODE[Owner.OURS]),
    parameters={owner: {"code": code} for owner, code in CODE.items()},
    bodies={
        ("POST", "/v1/organisations"): lambda owner: {
            "code": CODE[owner],
            "name": owner,
            "kind": "agency",
        },
        ("PATCH", "/v1/organisations/{code}"): lambda owner: {"name": owner},
    },
    lists={("GET", "/v1/organisations"): "code"},
)


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    admin = shared_api.caller("admin")
    for owner in Owner:
        body = ROWS.bodies["POST", "/v1/organisations"](owner)
        assert (await admin.post("/v1/organisations", body)).is_success
    return PolicyTrials(shared_api, ROWS)


@pytest.mark.parametrize("trial", trials(POLICY, Role), ids=str)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold(trial)


@pytest.mark.parametrize(
    "trial",
    [t for t in trials(POLICY, Role) if t.scope is Scope.OWN and not t.has_grant],
    ids=str,
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
