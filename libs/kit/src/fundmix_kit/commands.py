"""How a request becomes a command: one transaction, carried out once, answered the same again.

Commands of one kind that are waiting at the same time may share a transaction: `SharedCommand`.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import asyncpg
from fundmix_events.envelope import Actor
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit import idempotency
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError
from fundmix_kit.etag import etag
from fundmix_kit.idempotency import Slot, StoredAnswer
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access
from fundmix_kit.replicas import POSITION_HEADER, Position, positions_after, wait_for_positions
from fundmix_kit.request_context import context_of
from fundmix_kit.routes import route_of
from fundmix_kit.turns import NotTogetherError, Turns
from fundmix_kit.uploads import Upload

ATTEMPTS_MAX: Final = 3
SHARING_MAX: Final = 16
# While the database is busy with some, another is prepared.
TURNS_MAX: Final = 3
RETRIED: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an accepted command answers with."""

    body: BaseModel
    version: int | None = None
    positions: Sequence[Position] = ()
    location: str | None = None


Command = Callable[[Connection, Origin], Awaitable[Answer]]
Gate = Callable[[], None]
"""Raises a ProblemError while commands cannot be accepted."""
ItemT = TypeVar("ItemT")
CommandOfMany = Callable[
    [Connection, Sequence[tuple[Origin, ItemT]]], Awaitable[Sequence[Answer | Exception]]
]
"""Does all that it can of them in one transaction; of what it refuses it says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a request brings, apart from the command itself."""

    origin: Origin
    slot: Slot | None
    status: HTTPStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedCommand(Generic[ItemT]):
    """A command of many, and the requests that wait for their turn of it."""

    command: CommandOfMany[ItemT]
    turns: Turns[tuple[Asked, ItemT], StoredAnswer]


class CommandRunner:
    """Runs the commands of one service; `replicated_topics` are those it keeps replicas of.

    With a `fingerprint_key`, what is kept of a request to know it again tells nothing without it.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        replicated_topics: Collection[str] = (),
        replica_wait_ms_max: int = 2_000,
        gate: Gate | None = None,
        fingerprint_key: bytes | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._replicated_topics = frozenset(replicated_topics)
        self._replica_wait_ms_max = replica_wait_ms_max
        self._gate = gate
        self._fingerprint_key = fingerprint_key

    async def run(
        self,
        request: Request,
        access: Access,
        command: Command,
        *,
        status: HTTPStatus = HTTPStatus.CREATED,
        upload: Upload | None = None,
    ) -> Response:
        """Raises the command's refusals; only what was accepted is stored under the key."""
        carry_out = partial(self._carry_out, command)
        return await self._answer(request, access, carry_out, status=status, upload=upload)

    def shared(self, command: CommandOfMany[ItemT]) -> SharedCommand[ItemT]:
        """For `run_shared`: made once for all requests."""
        return SharedCommand(
            command=command,
            turns=Turns(
                partial(self._carry_out_all, command),
                items_max=SHARING_MAX,
                turns_max=TURNS_MAX,
                # Perhaps it was committed: only who asks again, with the same key, may repeat it.
                passed_on=(DatabaseUnavailableError,),
            ),
        )

    async def run_shared(
        self,
        request: Request,
        access: Access,
        shared: SharedCommand[ItemT],
        item: ItemT,
        *,
        status: HTTPStatus = HTTPStatus.CREATED,
    ) -> Response:
        """As `run`, in one transaction with those that wait at the same time.

        None notices the others: what one is refused is no matter of theirs, and when a shared
        transaction fails all of it is undone and each is given its own.
        """
        carry_out = partial(self._in_turn, shared, item)
        return await self._answer(request, access, carry_out, status=status)

    async def _answer(
        self,
        request: Request,
        access: Access,
        carry_out: Callable[[Asked], Awaitable[StoredAnswer]],
        *,
        status: HTTPStatus,
        upload: Upload | None = None,
    ) -> Response:
        if self._gate is not None:
            self._gate()
        slot = await idempotency.read_slot(
            request,
            subject=access.principal.subject,
            route=route_of(request.scope),
            fingerprint_key=self._fingerprint_key,
            body=None if upload is None else upload.sha256,
        )
        positions = positions_after(request, topics=self._replicated_topics)
        await wait_for_positions(self._database, positions, wait_ms_max=self._replica_wait_ms_max)
        asked = Asked(origin=origin_of(request, access), slot=slot, status=status)
        # The key is taken to be new, as it nearly always is: looking first would cost every
        # command a statement. A command that was carried out before is refused or cannot store
        # its answer; either way its transaction is undone, and the stored answer stands.
        try:
            answer = await carry_out(asked)
        except DatabaseUnavailableError:
            raise
        except Exception:
            stored = None if slot is None else await self._load(slot)
            if stored is None:
                raise
            return stored.response(is_replayed=True)
        return answer.response()

    async def _carry_out(self, command: Command, asked: Asked) -> StoredAnswer:
        attempt = 1
        while True:
            try:
                async with self._database.transaction() as connection:
                    answer = _stored(await command(connection, asked.origin), asked.status)
                    await self._store(connection, [(asked, answer)])
                    return answer
            except RETRIED:
                if attempt == ATTEMPTS_MAX:
                    raise
                attempt += 1

    async def _in_turn(
        self, shared: SharedCommand[ItemT], item: ItemT, asked: Asked
    ) -> StoredAnswer:
        async def alone(connection: Connection, origin: Origin) -> Answer:
            [outcome] = await shared.command(connection, [(origin, item)])
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        try:
            return await shared.turns.take((asked, item))
        except (NotTogetherError, *RETRIED):
            return await self._carry_out(alone, asked)

    async def _carry_out_all(
        self, command: CommandOfMany[ItemT], all_asked: Sequence[tuple[Asked, ItemT]]
    ) -> Sequence[StoredAnswer | Exception]:
        async with self._database.transaction() as connection:
            outcomes = await command(connection, [(a.origin, item) for a, item in all_asked])
            answers = [
                outcome if isinstance(outcome, Exception) else _stored(outcome, asked.status)
                for (asked, _), outcome in zip(all_asked, outcomes, strict=True)
            ]
            await self._store(
                connection,
                [
                    (asked, answer)
                    for (asked, _), answer in zip(all_asked, answers, strict=True)
                    if isinstance(answer, StoredAnswer)
                ],
            )
        return answers

    async def _store(
        self, connection: Connection, answers: Sequence[tuple[Asked, StoredAnswer]]
    ) -> None:
        kept = [(asked.slot, answer) for asked, answer in answers if asked.slot is not None]
        if kept:
            await idempotency.store(connection, kept, created_at=self._clock.now())

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
