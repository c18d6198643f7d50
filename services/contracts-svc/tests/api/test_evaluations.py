"""An evaluation over HTTP: scored, published, objected to, decided, amended; and who sees what."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

BUYER: Final = "11441900AHP4983MNR"
AGENCY: Final = "52441900AJC6XAY6DW"
NOWHERE: Final[frozenset[str]] = frozenset()
EVALUATED: Final = {"evaluated_on": "2024-12-15", "published_on": "2024-12-16"}


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def scoring(dimension: str, score: str) -> dict[str, str]:
    return {"dimension": dimension, "score": score}


def surveyed(**count_by_score: int) -> dict[str, Any]:
    """`s60=9`: nine of the people served gave 60 points."""
    ratings = [{"score": score[1:], "count": n} for score, n in count_by_score.items()]
    return {"ratings": ratings}


@pytest.fixture
def evaluator(api: Api) -> Caller:
    return api.caller("evaluator", subject="chen.jing")


@pytest.fixture
def treasurer(api: Api) -> Caller:
    return api.caller("agency", subject="zhao.lei", org=AGENCY)


@pytest.fixture
def decider(api: Api) -> Caller:
    """Another officer of the buyer than the one who publishes."""
    return api.caller("finance_officer", subject="wang.wei", org=BUYER)


@pytest.fixture
async def stage(officer: Caller, terms: dict[str, Any]) -> str:
    """The path of the final evaluation of a new contract, which nobody has begun."""
    first, last = terms["instalments"]
    instalments = [first, last | {"condition": "final"}]
    answer = await officer.post("/v1/contracts", terms | {"instalments": instalments})
    assert answer.status_code == 201, answer.text
    return f"{answer.headers['location']}/evaluations/final"


@pytest.fixture
async def failed(stage: str, api: Api, officer: Caller) -> str:
    await score_all(api, stage, "59.9")
    await done(officer.post(f"{stage}/publish", EVALUATED))
    return stage


async def done(asked: Any, status: int = 200) -> httpx2.Response:
    answer = await asked
    assert answer.status_code == status, answer.text
    return answer


async def score_all(api: Api, stage: str, score: str) -> None:
    callers = {
        "professional": api.caller("evaluator", subject="chen.jing"),
        "buyer": api.caller("finance_officer", subject="li.na", org=BUYER),
        "self": api.caller("agency", subject="zhao.lei", org=AGENCY),
    }
    for dimension, caller in callers.items():
        await done(caller.post(f"{stage}/scores", scoring(dimension, score)))
    ratings = {"ratings": [{"score": score, "count": 120}]}
    await done(callers["professional"].post(f"{stage}/ratings", ratings))


async def last_said(api: Api) -> tuple[str, dict[str, Any]]:
    said = (await api.events())[-1]
    return said.type.removeprefix("contracts."), json.loads(said.body)["data"]


async def test_what_fails_takes_half_of_the_final_instalment_off(
    api: Api, officer: Caller, stage: str
) -> None:
    await score_all(api, stage, "59.9")

    answer = await done(officer.post(f"{stage}/publish", EVALUATED))

    shown = answer.json()
    contract_id = shown["contract_id"]
    assert (shown["state"], shown["version"], shown["scheme_version"]) == ("published", 1, 1)
    assert (shown["score"], shown["grade"]) == ("59.900000", "fail")
    assert (shown["proposed_deduction"], shown["deduction"]) == (yuan("200.00"), yuan("200.00"))
    assert shown["is_outcome_open"] is True
    assert shown["distribution"] == [{"score": "59.90", "count": 120}]
    assert answer.headers["fundmix-position"] == f"fundmix.contracts:{contract_id}:2"
    kind, data = await last_said(api)
    assert kind == "evaluation_published"
    assert data["aggregate_version"] == 2
    assert (data["score"], data["grade"], data["recipients_count"]) == ("59.900000", "fail", 120)
    assert data["dimensions"][3] == {
        "dimension": "recipients",
        "weight_bps": 4000,
        "mean": "59.900000",
    }
    assert data["objections_until"] == shown["objections_until"] > "2024-12-16"
    assert (data["evaluated_on"], data["published_on"]) == ("2024-12-15", "2024-12-16")
    assert (await officer.get(stage)).json() == shown


async def test_exactly_sixty_passes_and_takes_nothing_off(
    api: Api, officer: Caller, treasurer: Caller, stage: str
) -> None:
    await score_all(api, stage, "60.00")

    shown = (await done(officer.post(f"{stage}/publish", EVALUATED))).json()

    assert (shown["score"], shown["grade"]) == ("60.000000", "pass")
    assert (shown["deduction"], shown["objections_until"]) == (yuan("0.00"), None)
    assert shown["is_outcome_open"] is False
    answer = await treasurer.post(f"{stage}/objection", {"grounds": "样本不足"})
    assert refusal(answer) == (409, "nothing_deducted", {})


async def test_scores_and_ratings_are_counted_and_say_no_event(
    api: Api, officer: Caller, evaluator: Caller, stage: str
) -> None:
    other = api.caller("evaluator", subject="sun.li")
    await done(evaluator.post(f"{stage}/scores", scoring("professional", "70")))
    await done(other.post(f"{stage}/scores", scoring("professional", "75.01")))
    await done(evaluator.post(f"{stage}/ratings", surveyed(s60=2, s90=1)))
    await done(evaluator.post(f"{stage}/ratings", surveyed(s60=1, s90=1)))
    answer = await done(officer.post(f"{stage}/ratings", surveyed(s90=1)))

    shown = answer.json()
    assert [(d["dimension"], d["count"], d["mean"]) for d in shown["dimensions"]] == [
        ("professional", 2, "72.505000"),
        ("buyer", 0, None),
        ("self", 0, None),
        ("recipients", 3, "80.000000"),
    ]
    assert shown["distribution"] == [{"score": "60.00", "count": 1}, {"score": "90.00", "count": 2}]
    assert "fundmix-position" not in answer.headers
    assert answer.headers["etag"] == '"5"'
    assert len(await api.events()) == 1


async def test_an_agency_accepts_early(api: Api, treasurer: Caller, failed: str) -> None:
    answer = await done(treasurer.post(f"{failed}/accept", {}))

    shown = answer.json()
    assert (shown["is_outcome_open"], shown["deduction"]) == (False, yuan("200.00"))
    assert shown["accepted_on"]
    kind, data = await last_said(api)
    assert (kind, data["deduction"], data["aggregate_version"]) == (
        "result_accepted",
        yuan("200.00"),
        3,
    )


async def test_an_objection_is_decided_by_another_officer(
    api: Api, officer: Caller, decider: Caller, treasurer: Caller, failed: str
) -> None:
    decision = {"deduction": yuan("50.00"), "reason": "部分成立"}

    await done(treasurer.post(f"{failed}/objection", {"grounds": "样本不足"}))
    assert await last_said(api) == (
        "objection_raised",
        (await last_said(api))[1] | {"grounds": "样本不足", "aggregate_version": 3},
    )
    same = await officer.post(f"{failed}/decision", decision)
    assert refusal(same) == (409, "same_person", {})
    answer = await done(decider.post(f"{failed}/decision", decision))

    shown = answer.json()
    assert shown["objection"]["grounds"] == "样本不足"
    assert (shown["is_outcome_open"], shown["deduction"]) == (False, yuan("50.00"))
    assert shown["decision"]["reason"] == "部分成立"
    kind, data = await last_said(api)
    assert (kind, data["deduction"], data["proposed_deduction"], data["aggregate_version"]) == (
        "deduction_decided",
        yuan("50.00"),
        yuan("200.00"),
        4,
    )


async def test_what_waits_moves_from_the_agency_to_another_officer(
    officer: Caller, decider: Caller, treasurer: Caller, failed: str
) -> None:
    async def waiting(caller: Caller) -> list[tuple[str, dict[str, str] | None]]:
        items = (await caller.get("/v1/todo")).json()["items"]
        about = ("answer", "decide")
        return [(i["action"], i["amount"]) for i in items if i["action"] in about]

    assert await waiting(treasurer) == [("answer", yuan("200.00"))]
    assert await waiting(decider) == []

    await done(treasurer.post(f"{failed}/objection", {"grounds": "样本不足"}))
    assert await waiting(treasurer) == []
    assert await waiting(officer) == []
    assert await waiting(decider) == [("decide", yuan("200.00"))]

    decision = {"deduction": yuan("50.00"), "reason": "部分成立"}
    await done(decider.post(f"{failed}/decision", decision))
    assert await waiting(decider) == []


async def test_an_amended_evaluation_is_the_next_version(
    api: Api, officer: Caller, treasurer: Caller, failed: str
) -> None:
    opened = await done(officer.post(f"{failed}/versions", {"reason": "计分有误"}), 201)
    assert opened.headers["location"] == f"{failed}?version=2"
    assert (opened.json()["state"], opened.json()["reason"]) == ("open", "计分有误")
    # What stands is not final while it is being amended, and the agency cannot settle it.
    assert (await treasurer.get(failed)).json()["version"] == 1
    assert refusal(await treasurer.post(f"{failed}/accept", {})).code == "evaluation_state"

    await done(officer.post(f"{failed}/scores", scoring("buyer", "80")))
    await done(officer.post(f"{failed}/publish", EVALUATED))

    versions = (await treasurer.get(failed.removesuffix("/final"))).json()["items"]
    assert [(v["version"], v["state"], v["grade"]) for v in versions] == [
        (1, "superseded", "fail"),
        (2, "published", "pass"),
    ]
    first = (await treasurer.get(failed, version=1)).json()
    assert first["score"] == "59.900000"
    _, data = await last_said(api)
    assert (data["evaluation_version"], data["reason"], data["score"]) == (
        2,
        "计分有误",
        "63.920000",
    )


async def test_before_it_is_published_an_agency_sees_its_own_part(
    api: Api, treasurer: Caller, stage: str
) -> None:
    await score_all(api, stage, "70")

    for shown in (
        (await treasurer.get(stage)).json(),
        *(await treasurer.get(stage.removesuffix("/final"))).json()["items"],
        (await done(treasurer.post(f"{stage}/scores", scoring("self", "70")))).json(),
    ):
        means = {d["dimension"]: d["mean"] for d in shown["dimensions"]}
        assert means == {
            "professional": None,
            "buyer": None,
            "self": "70.000000",
            "recipients": None,
        }
        assert (shown["distribution"], shown["scores"]) == ([], [])


@pytest.mark.parametrize("role", ["finance_officer", "evaluator", "auditor", "admin"])
async def test_those_who_make_an_evaluation_see_who_gave_what(
    role: str, api: Api, stage: str
) -> None:
    await score_all(api, stage, "70")
    caller = api.caller(role, org=BUYER if role == "finance_officer" else None)

    shown = (await done(caller.get(stage))).json()

    assert {s["dimension"]: s["scorer"] for s in shown["scores"]} == {
        "professional": "chen.jing",
        "buyer": "li.na",
        "self": "zhao.lei",
    }


async def test_the_city_reads_what_is_published_and_nothing_before(
    api: Api, officer: Caller, stage: str
) -> None:
    reader = api.caller("finance_officer", org="114419008G9QC57CBT", grants=["read:city"])
    await score_all(api, stage, "70")
    assert refusal(await reader.get(stage)) == (404, "evaluation_not_found", {})
    assert (await reader.get(stage.removesuffix("/final"))).json()["items"] == []

    await done(officer.post(f"{stage}/publish", EVALUATED))

    shown = (await done(reader.get(stage))).json()
    assert (shown["grade"], shown["scores"]) == ("pass", [])
    assert len((await reader.get(stage.removesuffix("/final"))).json()["items"]) == 1


async def test_a_list_of_evaluations_goes_page_by_page(
    api: Api, officer: Caller, stage: str
) -> None:
    midterm = stage.replace("/final", "/midterm")
    await score_all(api, stage, "70")
    await score_all(api, midterm, "70")
    path = stage.removesuffix("/final")

    first = (await officer.get(path, limit=1)).json()
    rest = (await officer.get(path, limit=1, cursor=first["next_cursor"])).json()

    assert [i["stage"] for page in (first, rest) for i in page["items"]] == ["final", "midterm"]
    assert rest["next_cursor"] is None


async def test_an_evaluation_is_published_once_and_answered_again(
    api: Api, officer: Caller, stage: str
) -> None:
    await score_all(api, stage, "70")
    first = await done(officer.post(f"{stage}/publish", EVALUATED, key="k-1"))

    replayed = await officer.post(f"{stage}/publish", EVALUATED, key="k-1")
    again = await officer.post(f"{stage}/publish", EVALUATED)

    assert (replayed.json(), replayed.headers["idempotency-replayed"]) == (first.json(), "true")
    assert refusal(again) == (409, "evaluation_state", {})
    assert [e.type for e in await api.events()].count("contracts.evaluation_published") == 1


async def test_a_change_may_name_the_revision_that_was_seen(
    api: Api, officer: Caller, stage: str
) -> None:
    await score_all(api, stage, "70")
    seen = (await officer.get(stage)).headers["etag"]
    await done(officer.post(f"{stage}/scores", scoring("buyer", "20")))

    stale = await officer.post(f"{stage}/publish", EVALUATED, headers={"If-Match": seen})

    assert refusal(stale).code == "version_mismatch"
    current = {"If-Match": stale.headers["etag"]}
    await done(officer.post(f"{stage}/publish", EVALUATED, headers=current))


async def test_nobody_scores_what_is_being_published(api: Api, officer: Caller, stage: str) -> None:
    await score_all(api, stage, "70")
    scorers = [api.caller("evaluator", subject=f"scorer-{n}") for n in range(8)]

    answers = await asyncio.gather(
        *(scorer.post(f"{stage}/scores", scoring("professional", "10")) for scorer in scorers[:4]),
        officer.post(f"{stage}/publish", EVALUATED),
        *(scorer.post(f"{stage}/scores", scoring("professional", "10")) for scorer in scorers[4:]),
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    _, data = await last_said(api)
    shown: dict[str, Any] = (await officer.get(stage)).json()
    said = {d["dimension"]: d["mean"] for d in data["dimensions"]}
    assert {d["dimension"]: d["mean"] for d in shown["dimensions"]} == said


async def test_a_final_instalment_waits_for_what_the_evaluation_decides(
    officer: Caller, treasurer: Caller, stage: str, api: Api
) -> None:
    path = stage.replace("/evaluations/final", "/instalments/2/approve")

    assert refusal(await officer.post(path, {})).code == "evaluation_missing"
    await score_all(api, stage, "59.9")
    published = await done(officer.post(f"{stage}/publish", EVALUATED))
    assert published.json()["is_outcome_open"] is True
    assert refusal(await officer.post(path, {})).code == "outcome_open"
    await done(treasurer.post(f"{stage}/accept", {}))
    approved = await done(officer.post(path, {}))

    last = approved.json()["instalments"][1]
    assert (last["deduction"], last["payable"]) == (yuan("200.00"), yuan("200.00"))


async def test_a_paid_stage_is_not_evaluated_any_more(
    officer: Caller, treasurer: Caller, failed: str
) -> None:
    await done(treasurer.post(f"{failed}/accept", {}))
    contract = failed.removesuffix("/evaluations/final")
    await done(officer.post(f"{contract}/instalments/2/approve", {}))

    answer = await officer.post(f"{failed}/versions", {"reason": "计分有误"})

    assert refusal(answer) == (409, "instalment_settled", {})


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("scores", scoring("professional", "70"), (422, "wrong_scorer", {"/dimension"})),
        ("scores", scoring("recipients", "70"), (422, "wrong_scorer", {"/dimension"})),
        ("scores", scoring("neighbours", "70"), (422, "invalid_request", {"/dimension"})),
        ("scores", scoring("buyer", "59.999"), (422, "invalid_request", {"/score"})),
        ("scores", scoring("buyer", "100.01"), (422, "invalid_request", {"/score"})),
        ("scores", {"dimension": "buyer", "score": 60}, (422, "invalid_request", {"/score"})),
        ("ratings", {"ratings": []}, (422, "invalid_request", {"/ratings"})),
        ("ratings", surveyed(s60=0), (422, "invalid_request", {"/ratings/0/count"})),
        (
            "ratings",
            {"ratings": [{"score": "60", "count": 1}, {"score": "60.0", "count": 2}]},
            (422, "contradictory_ratings", {"/ratings/1/score"}),
        ),
        ("publish", EVALUATED, (409, "evaluation_incomplete", NOWHERE)),
        (
            "publish",
            EVALUATED | {"published_on": "2999-01-01"},
            (422, "future_date", {"/published_on"}),
        ),
        (
            "publish",
            {"evaluated_on": "2024-02-20"},
            (422, "evaluation_date", {"/evaluated_on"}),
        ),
        ("versions", {"reason": "计分有误"}, (409, "evaluation_state", NOWHERE)),
        (
            "decision",
            {"deduction": yuan("1.00"), "reason": "部分成立"},
            (409, "evaluation_state", NOWHERE),
        ),
    ],
)
async def test_what_is_refused_changes_nothing(
    action: str,
    body: object,
    expected: tuple[int, str, frozenset[str]],
    api: Api,
    officer: Caller,
    stage: str,
) -> None:
    await done(officer.post(f"{stage}/scores", scoring("buyer", "70")))

    async with nothing_written(api.database):
        answer = await officer.post(f"{stage}/{action}", body)

    found = refusal(answer)
    assert (found.status, found.code, set(found.errors)) == expected


async def test_what_nobody_has_begun_is_not_found(officer: Caller, stage: str) -> None:
    for answer in (await officer.get(stage), await officer.post(f"{stage}/publish", EVALUATED)):
        assert refusal(answer) == (404, "evaluation_not_found", {})


async def test_a_decision_takes_off_no_more_than_was_proposed(
    decider: Caller, treasurer: Caller, failed: str
) -> None:
    decision = {"deduction": yuan("200.01"), "reason": "部分成立"}
    assert refusal(await decider.post(f"{failed}/decision", decision)).code == "objection_state"
    await done(treasurer.post(f"{failed}/objection", {"grounds": "样本不足"}))

    answer = await decider.post(f"{failed}/decision", decision)

    assert refusal(answer).code == "deduction_too_large"
    assert set(refusal(answer).errors) == {"/deduction/amount"}
