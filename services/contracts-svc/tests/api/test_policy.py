"""Every route of contracts-svc with every role, on the caller's own row and on another's."""

from collections.abc import Callable, Mapping
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
AMOUNT: Final = {"amount": "600.00", "currency": "CNY"}
CONTRACT: Final = "/v1/contracts/{contract_id}"
INSTALMENT: Final = f"{CONTRACT}/instalments/{{number}}"
STAGE: Final = f"{CONTRACT}/evaluations/{{stage}}"
BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    f"{CONTRACT}/amendments": {"reason": "延期", "amended_on": "2024-03-18"},
    f"{CONTRACT}/terminate": {"reason": "停止服务", "terminated_on": "2020-01-01"},
    f"{CONTRACT}/deliveries": {
        "line_number": 1,
        "quantity": 1,
        "delivered_on": "2024-03-18",
        "place": "厚街镇",
    },
    f"{CONTRACT}/acceptances": {
        "line_number": 1,
        "quantity": 1,
        "accepted_on": "2024-03-18",
        "recipients_invited": 3,
        "sample_size": 2,
        "responses": 1,
    },
    f"{INSTALMENT}/invoice": {"invoice_number": "2444", "invoiced_on": "2024-03-18"},
    f"{INSTALMENT}/approve": {},
    f"{INSTALMENT}/pay": {"amount": AMOUNT, "paid_on": "2024-03-18", "bank_reference": "BK-1"},
    f"{INSTALMENT}/confirm": {"arrived_on": "2024-03-18"},
    f"{INSTALMENT}/reverse": {"reason": "记错合同"},
    "/v1/schemes": {
        "weights": {"professional": 6000, "recipients": 4000},
        "bands": {"excellent": "90", "good": "80", "pass": "60"},
        "deduction_bps": {"fail": 5000},
    },
    f"{STAGE}/scores": {"dimension": "buyer", "score": "60"},
    f"{STAGE}/ratings": {"ratings": [{"score": "60", "count": 9}]},
    f"{STAGE}/publish": {"evaluated_on": "2024-03-18"},
    f"{STAGE}/versions": {"reason": "计分有误"},
    f"{STAGE}/objection": {"grounds": "样本不足"},
    f"{STAGE}/accept": {},
    f"{STAGE}/decision": {"deduction": AMOUNT, "reason": "部分成立"},
    f"{CONTRACT}/publications": {"kind": "file_contract", "met_on": "2024-03-18"},
    f"{CONTRACT}/recoveries/{{number}}/receive": {
        "amount": AMOUNT,
        "received_on": "2024-03-18",
        "bank_reference": "BK-1",
    },
}


def constantly(body: object) -> Callable[[Owner], object]:
    return lambda _: body


async def fail(api: Api, signing: Mapping[str, Any]) -> None:
    """A contract with something to do for both of its parties: a deduction, and what is due."""
    buyer, agency = signing["buyer"], signing["agency"]
    officer = api.caller("finance_officer", subject="li.na", org=buyer)
    first, last = signing["instalments"]
    instalments = {"instalments": [first, last | {"condition": "final"}]}
    contract = (await officer.post("/v1/contracts", {**signing, **instalments})).headers["location"]
    callers = {
        "professional": api.caller("evaluator"),
        "buyer": officer,
        "self": api.caller("agency", org=agency),
    }
    stage = f"{contract}/evaluations/final"
    for dimension, caller in callers.items():
        await caller.post(f"{stage}/scores", {"dimension": dimension, "score": "0"})
    await officer.post(f"{stage}/ratings", {"ratings": [{"score": "0", "count": 9}]})
    published = await officer.post(f"{stage}/publish", {"evaluated_on": "2024-03-18"})
    assert published.status_code == 200, published.text


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api, terms: dict[str, Any]) -> PolicyTrials:
    def signing(owner: Owner) -> dict[str, Any]:
        return terms | {"number": owner, "buyer": BUYER[owner], "agency": AGENCY[owner]}

    def drafting(owner: Owner) -> dict[str, Any]:
        dates = ("signed_on", "published_on", "filed_on")
        return {name: value for name, value in signing(owner).items() if name not in dates}

    parameters: dict[Owner, dict[str, str]] = {}
    for owner in Owner:
        officer = shared_api.caller("finance_officer", subject=owner, org=BUYER[owner])
        contract = await officer.post("/v1/contracts", signing(owner))
        draft = await officer.post("/v1/drafts", drafting(owner))
        parameters[owner] = {
            "contract_id": contract.json()["contract_id"],
            "draft_id": draft.json()["draft_id"],
            "number": "1",
            "stage": "final",
            "version": "1",
            "contract_number": f"{owner}-failed",
        }
        score = {"dimension": "buyer", "score": "60"}
        contract_id = parameters[owner]["contract_id"]
        await officer.post(f"/v1/contracts/{contract_id}/evaluations/final/scores", score)
        await fail(shared_api, signing(owner) | {"number": f"{owner}-failed"})
    rows = PolicyRows(
        organisations={
            **dict.fromkeys(Role, BUYER[Owner.OURS]),
            Role.AGENCY: AGENCY[Owner.OURS],
        },
        parameters=parameters,
        bodies={
            ("POST", "/v1/contracts"): signing,
            ("POST", "/v1/drafts"): drafting,
            ("PUT", "/v1/drafts/{draft_id}"): drafting,
            ("POST", "/v1/drafts/{draft_id}/sign"): lambda _: {"signed_on": "2024-02-21"},
            **{("POST", path): constantly(body) for path, body in BODIES.items()},
        },
        lists={
            ("GET", "/v1/contracts"): "contract_id",
            ("GET", "/v1/drafts"): "draft_id",
            ("GET", "/v1/obligations"): "contract_id",
            ("GET", "/v1/todo"): "contract_number",
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
