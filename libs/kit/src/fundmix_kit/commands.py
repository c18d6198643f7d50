"""How a request becomes a command: one transaction, carried out once, answered the same again."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
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
from fundmix_kit.idempotency import Slot, StoredAnswer
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access
from fundmix_kit.replicas import POSITION_HEADER, Position, positions_after, wait_for_positions
from fundmix_kit.request_context import context_of
from fundmix_kit.routes import route_of
from fundmix_kit.uploads import Upload

ATTEMPTS_MAX: Final = 3
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
        origin = origin_of(request, access)
        # The key is taken to be new, as it nearly always is: looking first would cost every
        # command a statement. A command that was carried out before is refused or cannot store
        # its answer; either way its transaction is undone, and the stored answer stands.
        try:
            answer = await self._carry_out(command, origin, slot, status=status)
        except DatabaseUnavailableError:
            raise
        except Exception:
            stored = None if slot is None else await self._load(slot)
            if stored is None:
                raise
            return stored.response(is_replayed=True)
        return answer.response()

    async def _carry_out(
        self, command: Command, origin: Origin, slot: Slot | None, *, status: HTTPStatus
    ) -> StoredAnswer:
        attempt = 1
        while True:
            try:
                async with self._database.transaction() as connection:
                    answer = _stored(await command(connection, origin), status)
                    if slot is not None:
                        await idempotency.store(
                            connection, slot, answer, created_at=self._clock.now()
                        )
                    return answer
            except RETRIED:
                if attempt == ATTEMPTS_MAX:
                    raise
                attempt += 1

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
