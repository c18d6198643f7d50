"""Every route of contracts-svc with every role, on the caller's own row and on another's."""

from typing import Any, Final

import pytest
from contracts_svc.api.policy import POLICY
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

BUYER: Final = {Owner.OURS: "11441900AHP4983MNR", Owner.THEIRS: "114419008G9QC57CBT"}
AGENCY: Final = {Owner.OURS: "52441900AJC6XAY6DW", Owner.THEIRS: "52441900DNF0KCB4UQ"}
APPROVE: Final = "/v1/contracts/{contract_id}/instalments/{number}/approve"
PAY: Final = "/v1/contracts/{contract_id}/instalments/{number}/pay"


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api, terms: dict[str, Any]) -> PolicyTrials:
    def signing(owner: Owner) -> dict[str, Any]:
        return terms | {"number": owner, "buyer": BUYER[owner], "agency": AGENCY[owner]}

    contract_ids: dict[Owner, str] = {}
    for owner in Owner:
        officer = shared_api.caller("finance_officer", subject=owner, org=BUYER[owner])
        answer = await officer.post("/v1/contracts", signing(owner))
        contract_ids[owner] = answer.json()["contract_id"]
    rows = PolicyRows(
        organisations={
            **dict.fromkeys(Role, BUYER[Owner.OURS]),
            Role.AGENCY: AGENCY[Owner.OURS],
        },
        parameters={
            owner: {"contract_id": contract_id, "number": "1"}
            for owner, contract_id in contract_ids.items()
        },
        bodies={
            ("POST", "/v1/contracts"): signing,
            ("POST", APPROVE): lambda _: {},
            ("POST", PAY): lambda _: {
                "amount": terms["instalments"][0]["amount"],
                "paid_on": "2024-03-18",
                "bank_reference": "BK-1",
            },
        },
        lists={
            ("GET", "/v1/contracts"): "contract_id",
            ("GET", "/v1/todo"): "contract_id",
        },
    )
    return PolicyTrials(shared_api, rows)


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
