"""Every route of the ledger with every role, on the books of the own agency and of another."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

import pytest
from fundmix_events.goals import Basis
from fundmix_events.roles import Role
from fundmix_events.testing import samples
from fundmix_kit.policy import Scope
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.policy import (
    Owner,
    PolicyRows,
    PolicyTrials,
    Trial,
    WrongTokenTrial,
    trials,
    wrong_token_trials,
)
from ledger_svc.api.policy import POLICY
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.domain.goal import Goal, Limits
from ledger_svc.storage import goals

AGENCY: Final = {Owner.OURS: samples.AGENCY, Owner.THEIRS: samples.OTHER_AGENCY}
SEQ: Final = {Owner.OURS: "1", Owner.THEIRS: "2"}

GOAL: Final = {owner: str(UUID(int=number)) for number, owner in enumerate(Owner, start=1)}
LIMITS: Final = {"government_share_max": "0.85"}

ROWS: Final = PolicyRows(
    organisations=dict.fromkeys(Role, samples.AGENCY),
    parameters={
        owner: {"agency": AGENCY[owner], "seq": SEQ[owner], "goal_id": GOAL[owner]}
        for owner in Owner
    },
    bodies={
        ("POST", "/v1/goals"): lambda owner: LIMITS | {"agency": AGENCY[owner], "year": 2025},
        ("POST", "/v1/goals/{goal_id}/versions"): lambda _: LIMITS,
    },
    lists={
        ("GET", "/v1/entries"): "agency",
        ("GET", "/v1/balances"): "agency",
        ("GET", "/v1/period-balances"): "agency",
        ("GET", "/v1/goals"): "agency",
        ("GET", "/v1/ranking"): "agency",
        ("GET", "/v1/expiry-cliff"): "agency",
    },
    queries={
        ("GET", "/v1/mix"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
        ("GET", "/v1/period-balances"): lambda _: {"year": "2024"},
        ("GET", "/v1/reading"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
        ("GET", "/v1/ranking"): lambda _: {"year": "2024"},
        ("GET", "/v1/expiry-cliff"): lambda _: {"on": "2024-12-01"},
        ("GET", "/v1/procurement-growth"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
    },
)


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    clock = FixedClock()
    handler = LedgerHandler(clock=clock)
    inlet = Inlet(shared_api.database, codec=CODEC, handler=handler, clock=clock)
    await inlet.post(*(samples.donation_received(agency=AGENCY[owner]) for owner in Owner))
    # Of another town each, or they would go on from one another.
    await inlet.post(
        *(samples.contract_signed(agency=AGENCY[owner], town=owner.value) for owner in Owner)
    )
    for owner in Owner:
        async with shared_api.database.transaction() as connection:
            await goals.insert(connection, a_goal(owner))
    return PolicyTrials(shared_api, ROWS)


def a_goal(owner: Owner) -> Goal:
    return Goal(
        goal_id=UUID(GOAL[owner]),
        version=1,
        agency=AGENCY[owner],
        year=2024,
        limits=Limits(basis=Basis.RECEIVED, government_share_max=Fraction(85, 100)),
        reason=None,
        set_by="officer-1",
        set_at=datetime(2024, 1, 2, tzinfo=UTC),
    )


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
