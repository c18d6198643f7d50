"""Goals in the database: versions are added and never changed; a status says where one stands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from fundmix_events.channel import Channel
from fundmix_events.goals import Basis, GoalState
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.errors import GoalExistsError, GoalNotFoundError
from ledger_svc.domain.goal import Goal, Limits, Minimum
from ledger_svc.domain.mix import shown

INSERT: Final = """
    INSERT INTO goal (goal_id, agency, year, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (agency, year) DO NOTHING RETURNING true
"""
INSERT_VERSION: Final = """
    INSERT INTO goal_version
        (goal_id, version, basis, government_share_max, hhi_max, procurement_growth_min,
         channel_minimums, audited_income_minor, reason, set_by, set_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
MOVE_VERSION: Final = "UPDATE goal SET version = $2 WHERE goal_id = $1"
LOCK: Final = "SELECT version FROM goal WHERE goal_id = $1 FOR UPDATE"
READ: Final = """
    SELECT g.agency, g.year, v.*, s.status, s.since_seq, s.since_on, s.version AS status_version
    FROM goal g
    JOIN goal_version v USING (goal_id, version)
    LEFT JOIN goal_status s USING (goal_id)
    WHERE g.goal_id = $1
"""
LIST: Final = """
    SELECT g.agency, g.year, v.*, s.status, s.since_seq, s.since_on, s.version AS status_version
    FROM goal g
    JOIN goal_version v USING (goal_id, version)
    LEFT JOIN goal_status s USING (goal_id)
    WHERE ($1::text IS NULL OR g.agency = $1) AND ($2::int IS NULL OR g.year = $2)
      AND g.goal_id > $3
    ORDER BY g.goal_id LIMIT $4
"""
LIST_VERSIONS: Final = """
    SELECT g.agency, g.year, v.* FROM goal_version v JOIN goal g USING (goal_id)
    WHERE v.goal_id = $1 ORDER BY v.version
"""
# Nothing changes for a goal until the journal moves, somebody sets it anew, or a day passes that
# its year still has.
LIST_UNJUDGED: Final = """
    SELECT g.agency, g.year, v.*, s.status, s.since_seq, s.since_on, s.version AS status_version
    FROM goal g
    JOIN goal_version v USING (goal_id, version)
    LEFT JOIN goal_status s USING (goal_id)
    WHERE s.goal_id IS NULL OR s.judged_seq < $1 OR s.judged_version < g.version
       OR s.judged_on < least($2::date, make_date(g.year, 12, 31))
    ORDER BY g.goal_id LIMIT $3
"""
# First the lock and then the statuses: who has waited sees what the other one has written.
LOCK_ALL: Final = "SELECT FROM goal WHERE goal_id = ANY($1::uuid[]) ORDER BY goal_id FOR UPDATE"
READ_STATUSES: Final = """
    SELECT g.goal_id, g.version AS goal_version, s.version, s.status, s.judged_seq
    FROM goal g LEFT JOIN goal_status s USING (goal_id)
    WHERE g.goal_id = ANY($1::uuid[])
"""
SAVE_STATUSES: Final = """
    INSERT INTO goal_status AS s
        (goal_id, version, status, since_seq, since_on, judged_seq, judged_on, judged_version)
    SELECT goal_id, version, status, seq, judged_on, seq, judged_on, goal_version
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::date[], $6::bigint[])
        AS u (goal_id, version, status, seq, judged_on, goal_version)
    ORDER BY goal_id
    ON CONFLICT (goal_id) DO UPDATE
    SET since_seq = CASE WHEN s.version = excluded.version THEN s.since_seq
                    ELSE excluded.since_seq END,
        since_on = CASE WHEN s.version = excluded.version THEN s.since_on
                   ELSE excluded.since_on END,
        version = excluded.version, status = excluded.status, judged_seq = excluded.judged_seq,
        judged_on = excluded.judged_on, judged_version = excluded.judged_version
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class GoalStatus:
    """Where a goal stands, since which reading; `version` counts the changes of the status."""

    status: GoalState
    version: int
    since_seq: int
    since_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingGoal:
    """A goal as it is now; `standing` None: nobody has looked yet."""

    goal: Goal
    standing: GoalStatus | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedStatus:
    """What is known of a goal while its row is locked."""

    goal_version: int
    version: int
    status: GoalState | None
    judged_seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    goal_id: UUID
    goal_version: int
    version: int
    status: GoalState
    seq: int
    on: date


async def insert(connection: Connection, goal: Goal) -> None:
    """Raises GoalExistsError."""
    is_new = await connection.fetchval(INSERT, goal.goal_id, goal.agency, goal.year, goal.version)
    if not is_new:
        raise GoalExistsError(f"there is a goal for {goal.year}: set a new version of it")
    await _insert_version(connection, goal)


async def insert_next_version(connection: Connection, goal: Goal) -> None:
    await connection.execute(MOVE_VERSION, goal.goal_id, goal.version)
    await _insert_version(connection, goal)


async def lock(connection: Connection, goal_id: UUID) -> StandingGoal:
    """Raises GoalNotFoundError."""
    await connection.execute(LOCK, goal_id)
    return await read(connection, goal_id)


async def read(connection: Connection, goal_id: UUID) -> StandingGoal:
    """Raises GoalNotFoundError."""
    row = await connection.fetchrow(READ, goal_id)
    if row is None:
        raise GoalNotFoundError(f"there is no goal {goal_id}")
    return _standing_goal(row)


async def list_rows(
    connection: Connection,
    *,
    agency: str | None,
    year: int | None,
    after: UUID,
    rows_max: int,
) -> list[StandingGoal]:
    rows = await connection.fetch(LIST, agency, year, after, rows_max)
    return [_standing_goal(row) for row in rows]


async def list_versions(connection: Connection, goal_id: UUID) -> list[Goal]:
    """The oldest first."""
    return [_goal(row) for row in await connection.fetch(LIST_VERSIONS, goal_id)]


async def list_unjudged(
    connection: Connection, *, seq: int, today: date, rows_max: int
) -> list[Goal]:
    rows = await connection.fetch(LIST_UNJUDGED, seq, today, rows_max)
    return [_goal(row) for row in rows]


async def lock_statuses(
    connection: Connection, goal_ids: Sequence[UUID]
) -> Mapping[UUID, LockedStatus]:
    await connection.execute(LOCK_ALL, goal_ids)
    rows = await connection.fetch(READ_STATUSES, goal_ids)
    return {
        row["goal_id"]: LockedStatus(
            goal_version=row["goal_version"],
            version=row["version"] or 0,
            status=None if row["status"] is None else GoalState(row["status"]),
            judged_seq=row["judged_seq"] or 0,
        )
        for row in rows
    }


async def save_statuses(connection: Connection, judged: Sequence[Judged]) -> None:
    rows = [(j.goal_id, j.version, j.status, j.seq, j.on, j.goal_version) for j in judged]
    await connection.execute(SAVE_STATUSES, *columns(rows, 6))


async def _insert_version(connection: Connection, goal: Goal) -> None:
    limits = goal.limits
    await connection.execute(
        INSERT_VERSION,
        goal.goal_id,
        goal.version,
        limits.basis,
        _decimal(limits.government_share_max),
        _decimal(limits.hhi_max),
        _decimal(limits.procurement_growth_min),
        _minimums_text(limits.channel_minimums),
        limits.audited_income_minor,
        goal.reason,
        goal.set_by,
        goal.set_at,
    )


def _standing_goal(row: Record) -> StandingGoal:
    standing = None
    if row["status"] is not None:
        standing = GoalStatus(
            status=GoalState(row["status"]),
            version=row["status_version"],
            since_seq=row["since_seq"],
            since_on=row["since_on"],
        )
    return StandingGoal(goal=_goal(row), standing=standing)


def _goal(row: Record) -> Goal:
    limits = Limits(
        basis=Basis(row["basis"]),
        government_share_max=_fraction(row["government_share_max"]),
        hhi_max=_fraction(row["hhi_max"]),
        procurement_growth_min=_fraction(row["procurement_growth_min"]),
        channel_minimums=_minimums(row["channel_minimums"]),
        audited_income_minor=row["audited_income_minor"],
    )
    return Goal(
        goal_id=row["goal_id"],
        version=row["version"],
        agency=row["agency"],
        year=row["year"],
        limits=limits,
        reason=row["reason"],
        set_by=row["set_by"],
        set_at=row["set_at"],
    )


def _minimums_text(minimums: Mapping[Channel, Minimum]) -> str:
    return json.dumps(
        {
            channel: {
                "amount_minor": minimum.amount_minor,
                "share": None if minimum.share is None else str(minimum.share),
            }
            for channel, minimum in sorted(minimums.items())
        }
    )


def _minimums(text: str) -> dict[Channel, Minimum]:
    found: dict[str, dict[str, Any]] = json.loads(text)
    return {
        Channel(channel): Minimum(
            amount_minor=minimum["amount_minor"], share=_fraction(minimum["share"])
        )
        for channel, minimum in sorted(found.items())
    }


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _decimal(ratio: Fraction | None) -> Decimal | None:
    """Limits have six places at most, so that nothing is lost."""
    if ratio is None:
        return None
    exact = shown(ratio)
    assert exact is not None, "a ratio is shown as one"
    assert Fraction(exact) == ratio, "a limit with more than six places"
    return exact
