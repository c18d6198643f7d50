"""Evaluations as PostgreSQL keeps them: whole, fixed once published, and known by their outcome."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from contracts_svc.domain.errors import EvaluationNotFoundError, SchemeNotFoundError
from contracts_svc.domain.evaluation import Evaluation, EvaluationState, Rating, amend, rate
from contracts_svc.domain.objection import accept_result, decide_deduction, raise_objection
from contracts_svc.storage import contracts, evaluations, schemes
from contracts_svc.testing.evaluations import (
    CONTRACT,
    EVALUATOR,
    SCHEME,
    TODAY,
    a_scheme,
    an_evaluation,
    published,
    scored,
    some_terms,
)
from fundmix_events.evaluations import Dimension, Grade, Stage
from fundmix_events.money import Money

NOW: Final = datetime(2024, 12, 16, 1, 30, tzinfo=UTC)
LAST_DAY: Final = date(2024, 12, 30)
ID: Final = CONTRACT.contract_id
FAILED: Final = published(an_evaluation(5990))[1]


async def sign(connection: asyncpg.Connection) -> None:
    await contracts.insert_all(connection, [(CONTRACT, some_terms())], recorded_at=NOW)


async def keep(connection: asyncpg.Connection, evaluation: Evaluation) -> None:
    """As it came about: opened, and then whatever became of it."""
    opened = replace(
        evaluation,
        state=EvaluationState.OPEN,
        publication=None,
        objection=None,
        acceptance=None,
        decision=None,
    )
    await evaluations.insert(connection, opened, opened_by="li.na", opened_at=NOW)
    if not evaluation.is_open:
        await evaluations.save(connection, evaluation)


def in_order(evaluation: Evaluation) -> Evaluation:
    """Nothing depends on who scored first."""
    return replace(
        evaluation,
        scores=tuple(sorted(evaluation.scores, key=lambda s: (s.dimension, s.scorer))),
        surveys=tuple(sorted(evaluation.surveys, key=lambda s: s.submitted_by)),
    )


def objected() -> Evaluation:
    return raise_objection(
        CONTRACT, FAILED, grounds="样本不足", objected_by="zhao.lei", today=TODAY
    )[1]


def decided() -> Evaluation:
    return decide_deduction(
        CONTRACT,
        objected(),
        deduction=Money.of(5_000),
        reason="部分成立",
        decided_by="wang.wei",
        today=TODAY,
    )[1]


def accepted() -> Evaluation:
    return accept_result(CONTRACT, FAILED, accepted_by="zhao.lei", today=TODAY)[1]


@pytest.mark.parametrize(
    "evaluation",
    [
        an_evaluation(),
        an_evaluation(stage=Stage.MIDTERM),
        FAILED,
        published(an_evaluation(6000))[1],
        objected(),
        accepted(),
        decided(),
    ],
    ids=lambda e: f"{e.stage}-{e.state}-{e.revision}",
)
async def test_an_evaluation_is_read_as_it_was_kept(
    evaluation: Evaluation, connection: asyncpg.Connection
) -> None:
    await sign(connection)
    await keep(connection, evaluation)

    found = await evaluations.load_latest(connection, ID, evaluation.stage)

    assert in_order(found) == in_order(evaluation)
    assert await evaluations.read_version(connection, ID, evaluation.stage, 1) == [found]


async def test_what_a_person_gives_again_replaces_what_he_gave(
    connection: asyncpg.Connection,
) -> None:
    await sign(connection)
    before = an_evaluation(6000)
    await keep(connection, before)

    after = scored(before, {Dimension.BUYER: 7000})
    await evaluations.save_score(connection, after, scorer="li.na")
    after = rate(CONTRACT, after, ratings=[Rating(points=9000, count=3)], actor=EVALUATOR)
    await evaluations.save_survey(connection, after, submitted_by=EVALUATOR.subject)
    after = rate(CONTRACT, after, ratings=[Rating(points=8000, count=2)], actor=EVALUATOR)
    await evaluations.save_survey(connection, after, submitted_by=EVALUATOR.subject)

    found = await evaluations.load_latest(connection, ID, Stage.FINAL)
    assert in_order(found) == in_order(after)
    assert found.distribution == {6000: 1, 8000: 2}


async def test_an_amended_version_supersedes_when_it_is_published(
    connection: asyncpg.Connection,
) -> None:
    await sign(connection)
    await keep(connection, FAILED)
    opened = amend(CONTRACT, FAILED, reason="计分有误")

    await evaluations.insert(connection, opened, opened_by="li.na", opened_at=NOW)
    listed = await evaluations.read_last_two(connection, ID, Stage.FINAL)
    assert [(e.version, e.state) for e in listed] == [(2, "open"), (1, "published")]
    assert in_order(listed[0]) == in_order(opened)

    _, after, _ = published(scored(opened, {Dimension.BUYER: 8000}))
    await evaluations.save_score(connection, after, scorer="li.na")
    await evaluations.save(connection, after)
    listed = await evaluations.read_last_two(connection, ID, Stage.FINAL)
    assert [(e.version, e.state) for e in listed] == [(2, "published"), (1, "superseded")]


@pytest.mark.parametrize(
    ("evaluation", "today", "is_open", "deduction_minor"),
    [
        (FAILED, LAST_DAY, True, 20_000),
        (FAILED, LAST_DAY + timedelta(days=1), False, 20_000),
        (published(an_evaluation(6000))[1], TODAY, False, 0),
        (objected(), LAST_DAY + timedelta(days=1), True, 20_000),
        (accepted(), TODAY, False, 20_000),
        (decided(), TODAY, False, 5_000),
    ],
)
async def test_the_outcome_is_that_of_what_is_published(
    evaluation: Evaluation,
    today: date,
    *,
    is_open: bool,
    deduction_minor: int,
    connection: asyncpg.Connection,
) -> None:
    await sign(connection)
    await keep(connection, evaluation)

    outcome = await evaluations.read_outcome(connection, ID, Stage.FINAL, today)

    assert outcome is not None
    assert (outcome.is_open, outcome.deduction) == (is_open, Money.of(deduction_minor))
    assert (outcome.stage, outcome.version) == (Stage.FINAL, 1)


async def test_without_a_published_version_there_is_no_outcome(
    connection: asyncpg.Connection,
) -> None:
    await sign(connection)
    assert await evaluations.read_outcome(connection, ID, Stage.FINAL, TODAY) is None
    await keep(connection, an_evaluation())

    assert await evaluations.read_outcome(connection, ID, Stage.FINAL, TODAY) is None


async def test_while_it_is_amended_no_outcome_is_final(connection: asyncpg.Connection) -> None:
    await sign(connection)
    passed = published(an_evaluation(9000))[1]
    await keep(connection, passed)
    await evaluations.insert(
        connection,
        amend(CONTRACT, passed, reason="计分有误"),
        opened_by="li.na",
        opened_at=NOW,
    )

    outcome = await evaluations.read_outcome(connection, ID, Stage.FINAL, TODAY)

    assert outcome is not None
    assert (outcome.version, outcome.grade, outcome.is_open) == (1, Grade.EXCELLENT, True)


async def test_evaluations_are_listed_by_stage_and_version(connection: asyncpg.Connection) -> None:
    await sign(connection)
    await keep(connection, FAILED)
    await keep(connection, an_evaluation(stage=Stage.MIDTERM))

    async def listed(**values: Any) -> list[Stage]:
        usual: dict[str, Any] = {"has_open": True, "after": ("", 0), "rows_max": 10}
        found = await evaluations.list_rows(connection, ID, **usual | values)
        return [evaluation.stage for evaluation in found]

    assert await listed() == [Stage.FINAL, Stage.MIDTERM]
    assert await listed(has_open=False) == [Stage.FINAL]
    assert await listed(rows_max=1) == [Stage.FINAL]
    assert await listed(after=("final", 1)) == [Stage.MIDTERM]


async def test_only_the_version_of_a_contract_moves_with_its_evaluation(
    connection: asyncpg.Connection,
) -> None:
    await sign(connection)
    after = replace(CONTRACT, version=8)

    await evaluations.save_version(connection, after)

    assert await contracts.load_for_update(connection, ID) == after


async def test_what_nobody_has_begun_is_not_found(connection: asyncpg.Connection) -> None:
    with pytest.raises(EvaluationNotFoundError):
        await evaluations.load_latest(connection, UUID(int=9), Stage.FINAL)
    assert await evaluations.find_latest(connection, ID, Stage.FINAL) is None
    assert await evaluations.read_version(connection, ID, Stage.FINAL, 2) == []


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE evaluation_score SET points = 9000",
        "DELETE FROM evaluation_score",
        "UPDATE evaluation_rating SET count = 1",
        "DELETE FROM evaluation_rating",
        "INSERT INTO evaluation_score VALUES ('{id}', 'final', 1, 'buyer', 'late', 9000)",
        "UPDATE evaluation SET grade = 'excellent'",
        "UPDATE evaluation SET score_micro = 90000000",
        "UPDATE evaluation SET proposed_deduction_minor = 1",
        "UPDATE evaluation SET objections_until = '2024-12-17'",
        "UPDATE evaluation SET published_on = evaluated_on",
        "UPDATE evaluation SET state = 'open'",
        "UPDATE evaluation SET objected_by = 'zhao.lei'",
        "UPDATE evaluation SET objected_by = 'a', objected_on = '2024-12-31', grounds = 'b'",
        """UPDATE evaluation SET decided_by = 'wang.wei', decided_on = '2024-12-17',
           deduction_minor = 1, decision_reason = 'a'""",
        "UPDATE evaluation SET reason = 'a'",
        "UPDATE scheme SET recipients_bps = 4001",
        "UPDATE scheme SET good_from = excellent_from",
        "UPDATE scheme SET pass_deduction_bps = fail_deduction_bps + 1",
    ],
)
async def test_the_database_has_rules_of_its_own(broken: str, owner: asyncpg.Connection) -> None:
    await sign(owner)
    await keep(owner, FAILED)

    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(broken.format(id=ID))


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE evaluation SET decided_by = published_by",
        "UPDATE evaluation SET deduction_minor = proposed_deduction_minor + 1",
        "UPDATE evaluation SET deduction_minor = -1",
        "UPDATE evaluation SET accepted_by = 'zhao.lei', accepted_on = '2024-12-17'",
    ],
)
async def test_the_database_knows_how_a_deduction_is_decided(
    broken: str, owner: asyncpg.Connection
) -> None:
    await sign(owner)
    await keep(owner, decided())

    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(broken)


async def test_a_stage_has_one_open_version(connection: asyncpg.Connection) -> None:
    await sign(connection)
    await keep(connection, an_evaluation())

    with pytest.raises(asyncpg.UniqueViolationError):
        await keep(connection, replace(an_evaluation(), version=2, reason="计分有误"))


async def test_a_scheme_is_read_as_it_was_adopted(connection: asyncpg.Connection) -> None:
    version = await schemes.lock_next_version(connection)
    assert version == 2
    adopted = a_scheme(
        version=version,
        weights={Dimension.PROFESSIONAL: 2500, Dimension.RECIPIENTS: 7500},
        deduction_bps={Grade.PASS: 1000, Grade.FAIL: 6000},
    )

    await schemes.insert(connection, adopted, adopted_by="admin", adopted_at=NOW)

    assert await schemes.read(connection, 2) == adopted
    assert await schemes.read(connection, 1) == SCHEME
    assert await schemes.list_rows(connection, after=1, rows_max=10) == [adopted]
    assert await schemes.read_last_version(connection) == 2
    with pytest.raises(SchemeNotFoundError):
        await schemes.read(connection, 3)
