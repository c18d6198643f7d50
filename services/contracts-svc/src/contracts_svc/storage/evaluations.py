"""Evaluations in the database. Whoever changes one has locked its contract's row."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from fundmix_events.evaluations import Dimension, Grade, Stage
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection, columns

from contracts_svc.domain.contract import Contract
from contracts_svc.domain.errors import EvaluationNotFoundError
from contracts_svc.domain.evaluation import (
    Acceptance,
    Decision,
    Evaluation,
    EvaluationState,
    Objection,
    Outcome,
    Publication,
    Rating,
    Score,
    Survey,
    outcome_of,
)
from contracts_svc.storage import evaluation_tables as tables

SAVE_VERSION: Final = "UPDATE contract SET version = $2 WHERE contract_id = $1"
INSERT: Final = """
    INSERT INTO evaluation
        (contract_id, stage, version, revision, scheme_version, state, reason, opened_by, opened_at)
    VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)
"""
SAVE_SCORES: Final = """
    INSERT INTO evaluation_score (contract_id, stage, version, dimension, scorer, points)
    SELECT $1, $2, $3, u.dimension, u.scorer, u.points
    FROM unnest($4::text[], $5::text[], $6::smallint[]) AS u (dimension, scorer, points)
    ON CONFLICT (contract_id, stage, version, dimension, scorer)
    DO UPDATE SET points = excluded.points
"""
DROP_SURVEY: Final = """
    DELETE FROM evaluation_rating
    WHERE contract_id = $1 AND stage = $2 AND version = $3 AND submitted_by = $4
"""
ADD_SURVEYS: Final = """
    INSERT INTO evaluation_rating (contract_id, stage, version, submitted_by, points, count)
    SELECT $1, $2, $3, u.submitted_by, u.points, u.count
    FROM unnest($4::text[], $5::smallint[], $6::integer[]) AS u (submitted_by, points, count)
"""
SAVE_REVISION: Final = """
    UPDATE evaluation SET revision = $4 WHERE contract_id = $1 AND stage = $2 AND version = $3
"""
SUPERSEDE: Final = """
    UPDATE evaluation SET state = 'superseded'
    WHERE contract_id = $1 AND stage = $2 AND version < $3 AND state = 'published'
"""
SAVE: Final = """
    UPDATE evaluation
    SET revision = $4, state = $5, evaluated_on = $6, published_on = $7, published_by = $8,
        score_micro = $9, grade = $10, proposed_deduction_minor = $11, currency = $12,
        objections_until = $13, is_calendar_announced = $14, objected_by = $15, objected_on = $16,
        grounds = $17, accepted_by = $18, accepted_on = $19, decided_by = $20, decided_on = $21,
        deduction_minor = $22, decision_reason = $23
    WHERE contract_id = $1 AND stage = $2 AND version = $3
"""
READ_STAGE: Final = """
    SELECT * FROM evaluation WHERE contract_id = $1 AND stage = $2 ORDER BY version DESC LIMIT $3
"""
# The published version, if there is one, and an open one that amends it.
READ_STANDING: Final = """
    SELECT * FROM evaluation
    WHERE contract_id = $1 AND stage = $2 AND state IN ('open', 'published')
"""
READ_VERSION: Final = """
    SELECT * FROM evaluation WHERE contract_id = $1 AND stage = $2 AND version = $3
"""
LIST: Final = """
    SELECT * FROM evaluation
    WHERE contract_id = $1 AND (stage, version) > ($2, $3) AND ($4 OR state <> 'open')
    ORDER BY stage, version LIMIT $5
"""
READ_SCORES: Final = """
    SELECT s.* FROM evaluation_score s
    JOIN unnest($2::text[], $3::integer[]) AS u (stage, version) USING (stage, version)
    WHERE s.contract_id = $1 ORDER BY s.stage, s.version, s.dimension, s.scorer
"""
READ_RATINGS: Final = """
    SELECT r.* FROM evaluation_rating r
    JOIN unnest($2::text[], $3::integer[]) AS u (stage, version) USING (stage, version)
    WHERE r.contract_id = $1 ORDER BY r.stage, r.version, r.submitted_by, r.points
"""


async def save_version(connection: Connection, contract: Contract) -> None:
    """Of a contract whose evaluation has changed, and nothing else of it."""
    await connection.execute(SAVE_VERSION, contract.contract_id, contract.version)


async def insert(
    connection: Connection, evaluation: Evaluation, *, opened_by: str, opened_at: datetime
) -> None:
    """An open one, with the scores and ratings it begins with."""
    await connection.execute(
        INSERT,
        *_key(evaluation),
        evaluation.revision,
        evaluation.scheme_version,
        evaluation.reason,
        opened_by,
        opened_at,
    )
    await _save_scores(connection, evaluation, evaluation.scores)
    await _add_surveys(connection, evaluation, evaluation.surveys)


async def save_score(connection: Connection, evaluation: Evaluation, *, scorer: str) -> None:
    """What one person has given, in all dimensions."""
    given = [score for score in evaluation.scores if score.scorer == scorer]
    await _save_scores(connection, evaluation, given)
    await connection.execute(SAVE_REVISION, *_key(evaluation), evaluation.revision)


async def save_survey(connection: Connection, evaluation: Evaluation, *, submitted_by: str) -> None:
    """What one person has handed in, instead of what he had handed in before."""
    handed_in = [survey for survey in evaluation.surveys if survey.submitted_by == submitted_by]
    await connection.execute(DROP_SURVEY, *_key(evaluation), submitted_by)
    await _add_surveys(connection, evaluation, handed_in)
    await connection.execute(SAVE_REVISION, *_key(evaluation), evaluation.revision)


async def save(connection: Connection, evaluation: Evaluation) -> None:
    """What has become of it: published, objected to, accepted, decided."""
    # First: only one version of a stage is published at a time.
    await connection.execute(SUPERSEDE, *_key(evaluation))
    await connection.execute(
        SAVE, *_key(evaluation), evaluation.revision, evaluation.state, *_fate(evaluation)
    )


async def load_latest(connection: Connection, contract_id: UUID, stage: Stage) -> Evaluation:
    """Raises EvaluationNotFoundError."""
    found = await find_latest(connection, contract_id, stage)
    if found is None:
        raise EvaluationNotFoundError(f"nobody has begun a {stage} evaluation")
    return found


async def find_latest(connection: Connection, contract_id: UUID, stage: Stage) -> Evaluation | None:
    rows = await connection.fetch(READ_STAGE, contract_id, stage, 1)
    return next(iter(await _whole(connection, rows)), None)


async def read_version(
    connection: Connection, contract_id: UUID, stage: Stage, version: int
) -> list[Evaluation]:
    """It, if it is there."""
    rows = await connection.fetch(READ_VERSION, contract_id, stage, version)
    return await _whole(connection, rows)


async def read_last_two(
    connection: Connection, contract_id: UUID, stage: Stage
) -> list[Evaluation]:
    """The latest version, and the published one that it may be going to amend."""
    return await _whole(connection, await connection.fetch(READ_STAGE, contract_id, stage, 2))


async def list_rows(
    connection: Connection,
    contract_id: UUID,
    *,
    has_open: bool,
    after: tuple[str, int],
    rows_max: int,
) -> list[Evaluation]:
    rows = await connection.fetch(LIST, contract_id, *after, has_open, rows_max)
    return await _whole(connection, rows)


async def read_outcome(
    connection: Connection, contract_id: UUID, stage: Stage, today: date
) -> Outcome | None:
    """Of the version that stands; None: nothing is published."""
    rows = await connection.fetch(READ_STANDING, contract_id, stage)
    standing = [_evaluation(tables.Evaluation(**dict(row)), [], []) for row in rows]
    is_amended = any(evaluation.is_open for evaluation in standing)
    for evaluation in standing:
        if not evaluation.is_open:
            return outcome_of(evaluation, today, is_amended=is_amended)
    return None


async def _save_scores(
    connection: Connection, evaluation: Evaluation, scores: Sequence[Score]
) -> None:
    rows = [(score.dimension, score.scorer, score.points) for score in scores]
    await connection.execute(SAVE_SCORES, *_key(evaluation), *columns(rows, 3))


async def _add_surveys(
    connection: Connection, evaluation: Evaluation, surveys: Sequence[Survey]
) -> None:
    rows = [(s.submitted_by, r.points, r.count) for s in surveys for r in s.ratings]
    await connection.execute(ADD_SURVEYS, *_key(evaluation), *columns(rows, 3))


async def _whole(connection: Connection, rows: Sequence[Record]) -> list[Evaluation]:
    """With their scores and ratings; all of one contract."""
    if not rows:
        return []
    found = [tables.Evaluation(**dict(row)) for row in rows]
    wanted = (found[0].contract_id, [row.stage for row in found], [row.version for row in found])
    scores = _by_version(await connection.fetch(READ_SCORES, *wanted))
    ratings = _by_version(await connection.fetch(READ_RATINGS, *wanted))
    return [
        _evaluation(
            row, scores.get((row.stage, row.version), []), ratings.get((row.stage, row.version), [])
        )
        for row in found
    ]


def _by_version(rows: Iterable[Record]) -> dict[tuple[str, int], list[Record]]:
    found: dict[tuple[str, int], list[Record]] = {}
    for row in rows:
        found.setdefault((row["stage"], row["version"]), []).append(row)
    return found


def _key(evaluation: Evaluation) -> tuple[UUID, str, int]:
    return evaluation.contract_id, evaluation.stage, evaluation.version


def _fate(evaluation: Evaluation) -> tuple[Any, ...]:
    published = evaluation.publication
    assert published is not None, "an open evaluation has no fate yet"
    objection, acceptance = evaluation.objection, evaluation.acceptance
    decision = evaluation.decision
    return (
        published.evaluated_on,
        published.published_on,
        published.published_by,
        published.score_micro,
        published.grade,
        published.proposed_deduction.amount_minor,
        published.proposed_deduction.currency,
        published.objections_until,
        published.is_calendar_announced,
        objection and objection.objected_by,
        objection and objection.objected_on,
        objection and objection.grounds,
        acceptance and acceptance.accepted_by,
        acceptance and acceptance.accepted_on,
        decision and decision.decided_by,
        decision and decision.decided_on,
        decision and decision.deduction.amount_minor,
        decision and decision.reason,
    )


def _evaluation(
    row: tables.Evaluation, scores: Iterable[Record], ratings: Iterable[Record]
) -> Evaluation:
    surveys: dict[str, list[Rating]] = {}
    for rating in ratings:
        surveys.setdefault(rating["submitted_by"], []).append(
            Rating(points=rating["points"], count=rating["count"])
        )
    return Evaluation(
        contract_id=row.contract_id,
        stage=Stage(row.stage),
        version=row.version,
        revision=row.revision,
        scheme_version=row.scheme_version,
        state=EvaluationState(row.state),
        reason=row.reason,
        scores=tuple(
            Score(dimension=Dimension(s["dimension"]), scorer=s["scorer"], points=s["points"])
            for s in scores
        ),
        surveys=tuple(
            Survey(submitted_by=submitted_by, ratings=tuple(given))
            for submitted_by, given in surveys.items()
        ),
        publication=_publication(row),
        objection=_objection(row),
        acceptance=_acceptance(row),
        decision=_decision(row),
    )


def _publication(row: tables.Evaluation) -> Publication | None:
    if row.published_on is None:
        return None
    assert row.evaluated_on is not None
    assert row.published_by is not None
    assert row.score_micro is not None
    assert row.proposed_deduction_minor is not None
    assert row.is_calendar_announced is not None
    return Publication(
        evaluated_on=row.evaluated_on,
        published_on=row.published_on,
        published_by=row.published_by,
        score_micro=row.score_micro,
        grade=Grade(row.grade),
        proposed_deduction=Money.of(row.proposed_deduction_minor, Currency(row.currency)),
        objections_until=row.objections_until,
        is_calendar_announced=row.is_calendar_announced,
    )


def _objection(row: tables.Evaluation) -> Objection | None:
    if row.objected_on is None:
        return None
    assert row.objected_by is not None
    assert row.grounds is not None
    return Objection(objected_by=row.objected_by, objected_on=row.objected_on, grounds=row.grounds)


def _acceptance(row: tables.Evaluation) -> Acceptance | None:
    if row.accepted_on is None:
        return None
    assert row.accepted_by is not None
    return Acceptance(accepted_by=row.accepted_by, accepted_on=row.accepted_on)


def _decision(row: tables.Evaluation) -> Decision | None:
    if row.decided_on is None:
        return None
    assert row.decided_by is not None
    assert row.deduction_minor is not None
    assert row.decision_reason is not None
    return Decision(
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        deduction=Money.of(row.deduction_minor, Currency(row.currency)),
        reason=row.decision_reason,
    )
