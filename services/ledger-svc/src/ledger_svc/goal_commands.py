"""Goals: what an officer sets, and what the clock finds out about them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from fundmix_events.envelope import Actor
from fundmix_events.goals import GoalState, GoalStatusChanged
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox

from ledger_svc.domain.goal import Goal, Limits, worst_of
from ledger_svc.domain.limits import read_limits
from ledger_svc.domain.reading import Facts, Reading
from ledger_svc.goal_queries import When, read_facts
from ledger_svc.storage import goals, journal
from ledger_svc.storage.goals import Judged, LockedStatus, StandingGoal

# Nobody asked: the journal has moved.
CLOCK: Final = Actor(subject="clock", role="clock")
GOALS_MAX: Final = 1_000


class GoalCommands:
    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def create(
        self,
        connection: Connection,
        origin: Origin,
        limits: Limits,
        *,
        agency: str | None,
        year: int,
        reason: str | None,
    ) -> StandingGoal:
        """Raises GoalExistsError, NoLimitsError."""
        limits.require_any()
        goal = Goal(
            goal_id=uuid7(),
            version=1,
            agency=agency,
            year=year,
            limits=limits,
            reason=reason,
            set_by=origin.actor.subject,
            set_at=self._clock.now(),
        )
        await goals.insert(connection, goal)
        return StandingGoal(goal=goal, standing=None)

    async def set_version(
        self,
        connection: Connection,
        origin: Origin,
        limits: Limits,
        *,
        goal_id: UUID,
        expected_version: int | None,
        reason: str | None,
    ) -> StandingGoal:
        """The limits from now on. Raises GoalNotFoundError, NoLimitsError, VersionMismatchError."""
        limits.require_any()
        before = await goals.lock(connection, goal_id)
        check_version(before.goal.version, expected=expected_version)
        goal = replace(
            before.goal,
            version=before.goal.version + 1,
            limits=limits,
            reason=reason,
            set_by=origin.actor.subject,
            set_at=self._clock.now(),
        )
        await goals.insert_next_version(connection, goal)
        return replace(before, goal=goal)

    async def judge(self, database: Database) -> int:
        """Look at the goals that something may have changed for; how many now stand otherwise."""
        found = await self._look(database)
        if not found:
            return 0
        origin = Origin(actor=CLOCK, correlation_id=str(uuid7()))
        changes = 0
        async with database.transaction() as connection:
            locked = await goals.lock_statuses(connection, [goal.goal_id for goal, _, _ in found])
            judged: list[Judged] = []
            for goal, facts, status in found:
                before = locked[goal.goal_id]
                if before.goal_version != goal.version or before.judged_seq > facts.seq:
                    continue  # it was set anew, or somebody has looked later
                is_changed = before.status is not status
                version = before.version + 1 if is_changed else before.version
                judged.append(_judged(goal, facts, status, version=version))
                if is_changed:
                    changes += 1
                    event = _event(goal, facts, before, status)
                    await self._outbox.append(connection, event, origin)
            await goals.save_statuses(connection, judged)
        return changes

    async def _look(self, database: Database) -> Sequence[tuple[Goal, Facts, GoalState]]:
        """What the goals come to in one snapshot; each year is read once."""
        today = self._clock.today()
        async with database.reading() as connection:
            seq = await connection.fetchval(journal.READ_SEQ)
            unjudged = await goals.list_unjudged(
                connection, seq=seq, today=today, rows_max=GOALS_MAX
            )
            when = When(on=None, as_of=None, today=today)
            facts = {
                year: await read_facts(connection, year=year, agency=None, when=when)
                for year in sorted({goal.year for goal in unjudged})
            }
        return [
            (goal, facts[goal.year], status_of(goal, facts[goal.year].of(goal.agency)))
            for goal in unjudged
        ]


def status_of(goal: Goal, facts: Facts) -> GoalState:
    reading = Reading(facts=facts, basis=goal.limits.basis)
    return worst_of(limit.state for limit in read_limits(reading, goal.limits))


def _judged(goal: Goal, facts: Facts, status: GoalState, *, version: int) -> Judged:
    return Judged(
        goal_id=goal.goal_id,
        goal_version=goal.version,
        version=version,
        status=status,
        seq=facts.seq,
        on=facts.on,
    )


def _event(goal: Goal, facts: Facts, before: LockedStatus, status: GoalState) -> GoalStatusChanged:
    return GoalStatusChanged(
        aggregate_version=before.version + 1,
        goal_id=goal.goal_id,
        goal_version=goal.version,
        agency=goal.agency,
        year=goal.year,
        basis=goal.limits.basis,
        was=before.status,
        status=status,
        on=facts.on,
        seq=facts.seq,
    )
