"""Every route of the register with every role, on the caller's own row and on another's."""

from collections.abc import Callable, Mapping
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

SOURCE: Final = {"document": "公告", "issued_on": "2024-01-02"}
EVIDENCE: Final = [{"name": "批复", "sha256": "0" * 64}]
TAX_YEARS: Final = {"kind": "income_exemption", "years": [2024], "source": SOURCE}
BY_CODE: Final = "/v1/organisations/{code}"


def an_organisation(owner: Owner) -> object:
    return {"code": CODE[owner], "name": owner, "kind": "agency"}


def a_change(owner: Owner) -> object:
    return {"changes": {"name": f"new {owner}"}, "reason": "a trial", "evidence": EVIDENCE}


def always(body: object) -> Callable[[Owner], object]:
    return lambda _: body


def policy_rows(request_ids: Mapping[Owner, str]) -> PolicyRows:
    return PolicyRows(
        organisations=dict.fromkeys(Role, CODE[Owner.OURS]),
        parameters={
            owner: {"code": code, "request_id": request_ids[owner]} for owner, code in CODE.items()
        },
        bodies={
            ("POST", "/v1/organisations"): an_organisation,
            # A JSON object on one line is NDJSON too.
            ("POST", "/v1/organisations/import"): an_organisation,
            ("PATCH", BY_CODE): lambda owner: {"town": owner},
            ("POST", f"{BY_CODE}/change-requests"): a_change,
            ("POST", "/v1/change-requests/{request_id}/reject"): always({"reason": "a trial"}),
            ("POST", f"{BY_CODE}/suspend"): always({"reason": "a trial", "from_on": "2024-01-02"}),
            ("POST", f"{BY_CODE}/reinstate"): always({"reason": "a trial"}),
            ("POST", f"{BY_CODE}/abnormal-listings"): always(
                {"listed_on": "2024-01-02", "reason": "a trial", "source": SOURCE}
            ),
            ("POST", f"{BY_CODE}/abnormal-listings/remove"): always(
                {"removed_on": "2024-01-03", "source": SOURCE}
            ),
            ("POST", f"{BY_CODE}/charity-status"): always(
                {"status": "none", "since_on": "2024-01-02", "source": SOURCE}
            ),
            ("POST", f"{BY_CODE}/tax-qualifications"): always(TAX_YEARS),
            ("POST", f"{BY_CODE}/tax-qualifications/withdraw"): always(TAX_YEARS),
        },
        lists={
            ("GET", "/v1/organisations"): "code",
            ("GET", "/v1/change-requests"): "request_id",
        },
    )


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    # Somebody else than who tries: nobody decides on what he has asked for himself.
    admin = shared_api.caller("admin", subject="another")
    request_ids: dict[Owner, str] = {}
    for owner in Owner:
        registered = await admin.post("/v1/organisations", an_organisation(owner))
        assert registered.is_success
        asked = await admin.post(
            f"/v1/organisations/{CODE[owner]}/change-requests", a_change(owner)
        )
        request_ids[owner] = asked.json()["request_id"]
    return PolicyTrials(shared_api, policy_rows(request_ids))


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
