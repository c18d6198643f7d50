"""How a request becomes a command: one transaction, carried out once, answered the same again."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import asyncpg
from fundmix_events.envelope import Actor
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit import idempotency
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError
from fundmix_kit.etag import etag
from fundmix_kit.gathering import Gathering
from fundmix_kit.idempotency import Slot, StoredAnswer
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access
from fundmix_kit.replicas import POSITION_HEADER, Position, positions_after, wait_for_positions
from fundmix_kit.request_context import context_of
from fundmix_kit.routes import route_of

ATTEMPTS_MAX: Final = 3
TOGETHER_MAX: Final = 32
# A transaction that waits for somebody's lock for longer keeps nobody else from theirs.
PATIENCE_MS: Final = 100
RETRIED: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an accepted command answers with."""

    body: BaseModel
    version: int | None = None
    positions: Sequence[Position] = ()
    location: str | None = None


Command = Callable[[Connection, Origin], Awaitable[Answer]]


def _new_answer() -> asyncio.Future[StoredAnswer]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A command, and its answer to be; who waits for that may be gone by then."""

    command: Command
    origin: Origin
    slot: Slot | None
    status: HTTPStatus
    answer: asyncio.Future[StoredAnswer] = field(default_factory=_new_answer)

    def succeed(self, answer: StoredAnswer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class CommandRunner:
    """Runs the commands of one service; `replicated_topics` are those it keeps replicas of.

    Commands that wait at the same time share a transaction: what each of them costs the database,
    its commit above all, is then paid once.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        replicated_topics: Collection[str] = (),
        replica_wait_ms_max: int = 2_000,
    ) -> None:
        self._database = database
        self._clock = clock
        self._replicated_topics = frozenset(replicated_topics)
        self._replica_wait_ms_max = replica_wait_ms_max
        self._gathering = Gathering(
            self._carry_out, together_max=TOGETHER_MAX, patience_ms=PATIENCE_MS
        )

    async def run(
        self,
        request: Request,
        access: Access,
        command: Command,
        *,
        status: HTTPStatus = HTTPStatus.CREATED,
    ) -> Response:
        """Raises the command's refusals; only what was accepted is stored under the key."""
        slot = await idempotency.read_slot(
            request, subject=access.principal.subject, route=route_of(request.scope)
        )
        positions = positions_after(request, topics=self._replicated_topics)
        await wait_for_positions(self._database, positions, wait_ms_max=self._replica_wait_ms_max)
        origin = origin_of(request, access)
        # The key is taken to be new, as it nearly always is: looking first would cost every
        # command a statement. A command that was carried out before is refused or cannot store
        # its answer; either way its transaction is undone, and the stored answer stands.
        asked = _Asked(command=command, origin=origin, slot=slot, status=status)
        self._gathering.add(asked)
        try:
            answer = await asked.answer
        except DatabaseUnavailableError:
            raise
        except Exception:
            stored = None if slot is None else await self._load(slot)
            if stored is None:
                raise
            return stored.response(is_replayed=True)
        return answer.response()

    async def _carry_out(self, asked: Sequence[_Asked]) -> None:
        """In one transaction; when one of them cannot be done, each in a transaction of its own."""
        awaited = [one for one in asked if not one.answer.done()]
        if len(awaited) > 1 and await self._carry_out_together(awaited):
            return
        await asyncio.gather(*map(self._carry_out_alone, awaited))

    async def _carry_out_together(self, asked: Sequence[_Asked]) -> bool:
        try:
            answers = await self._transact(asked)
        except DatabaseUnavailableError as error:
            # Perhaps lost after the commit: whether it was done is not known, so nobody tries again
            # but the caller, with the key.
            for one in asked:
                one.fail(DatabaseUnavailableError(str(error)))
        except Exception:  # noqa: BLE001  # whose failure it is shows when each is by itself
            return False
        else:
            for one, answer in zip(asked, answers, strict=True):
                one.succeed(answer)
        return True

    async def _carry_out_alone(self, asked: _Asked) -> None:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                [answer] = await self._transact([asked])
            except RETRIED as error:
                if attempt == ATTEMPTS_MAX:
                    asked.fail(error)
            except Exception as error:  # noqa: BLE001  # raised where the answer is awaited
                asked.fail(error)
                return
            else:
                asked.succeed(answer)
                return

    async def _transact(self, asked: Sequence[_Asked]) -> list[StoredAnswer]:
        async with self._database.transaction() as connection:
            # One after the other: each sees what those before it have done.
            answers = [
                _stored(await one.command(connection, one.origin), one.status) for one in asked
            ]
            kept = [
                (one.slot, answer)
                for one, answer in zip(asked, answers, strict=True)
                if one.slot is not None
            ]
            if kept:
                await idempotency.store(connection, kept, created_at=self._clock.now())
        return answers

    async def _load(self, slot: Slot) -> StoredAnswer | None:
        async with self._database.session() as connection:
            return await idempotency.load(connection, slot)


def origin_of(request: Request, access: Access) -> Origin:
    context = context_of(request.scope)
    principal = access.principal
    return Origin(
        actor=Actor(subject=principal.subject, role=principal.role, org=principal.org),
        correlation_id=context.correlation_id,
        traceparent=context.traceparent,
    )


def _stored(answer: Answer, status: HTTPStatus) -> StoredAnswer:
    headers: dict[str, str] = {}
    if answer.version is not None:
        headers["ETag"] = etag(answer.version)
    if answer.location is not None:
        headers["Location"] = answer.location
    if answer.positions:
        headers[POSITION_HEADER] = ", ".join(map(str, answer.positions))
    return StoredAnswer(
        status=status.value, headers=headers, body=answer.body.model_dump_json().encode()
    )
