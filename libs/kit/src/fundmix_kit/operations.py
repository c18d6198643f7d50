"""Routes for running a service: how far events have come, and what to do about poison."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Final, Generic, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fundmix_events.codec import Codec
from fundmix_events.text import Remark
from pydantic import BaseModel, ConfigDict

from fundmix_kit import inbox, quarantine
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.delivery import Handler, PreparedT, decode
from fundmix_kit.origin import Origin
from fundmix_kit.paging import PageDep, page_response
from fundmix_kit.policy import AccessDep, Rule, Scope
from fundmix_kit.problems import Title
from fundmix_kit.quarantine import PoisonError
from fundmix_kit.relay import ASK_REBUILD
from fundmix_kit.tables import Quarantine

PUBLISHED: Final = "SELECT topic, partition, next_number FROM outbox_head ORDER BY 1, 2"
WAITING: Final = """
    SELECT (SELECT count(*) FROM outbox WHERE number IS NULL)
         + (SELECT coalesce(sum(next_number - 1 - sent_number), 0) FROM outbox_head)
"""
CONSUMED: Final = "SELECT topic, partition, next_number FROM consumer_position ORDER BY 1, 2"

OPERATOR_ROLE: Final = "admin"
QuarantineId = Annotated[int, Path(ge=1, lt=2**63)]

READER_ROLES: Final = ("admin", "auditor")
READING: Final[Rule] = dict.fromkeys(READER_ROLES, Scope.ANY)
OPERATING: Final[Rule] = {OPERATOR_ROLE: Scope.ANY}
OPERATIONS_POLICY: Final[Mapping[tuple[str, str], Rule]] = {
    ("GET", "/v1/progress"): READING,
    ("POST", "/v1/topics/rebuild"): OPERATING,
}
QUARANTINE_POLICY: Final[Mapping[tuple[str, str], Rule]] = {
    ("GET", "/v1/quarantine"): READING,
    ("GET", "/v1/quarantine/{quarantine_id}"): READING,
    ("POST", "/v1/quarantine/{quarantine_id}/retry"): OPERATING,
    ("POST", "/v1/quarantine/{quarantine_id}/dismiss"): OPERATING,
}


class QuarantineError(Exception):
    """A decision about a quarantined message that is turned down.

    QuarantineError
    ├── NotQuarantinedError      there is no such message
    ├── AlreadyDecidedError      it was retried or dismissed before
    └── StillPoisonError         it cannot be read, or not be posted, by this code either
    """

    code: ClassVar[str] = "quarantine"


class NotQuarantinedError(QuarantineError):
    code = "not_quarantined"


class AlreadyDecidedError(QuarantineError):
    code = "already_decided"


class StillPoisonError(QuarantineError):
    code = "still_poison"


STATUS_BY_QUARANTINE_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    NotQuarantinedError: HTTPStatus.NOT_FOUND,
    AlreadyDecidedError: HTTPStatus.CONFLICT,
    StillPoisonError: HTTPStatus.CONFLICT,
}
QUARANTINE_TITLES: Final[Mapping[str, Title]] = {
    "not_quarantined": Title(zh="没有这条隔离消息", en="No such quarantined message"),
    "already_decided": Title(zh="该隔离消息已处理", en="Already decided"),
    "still_poison": Title(zh="消息仍无法处理", en="Still cannot be processed"),
}


class Progress(BaseModel):
    """How far events have come: numbers by topic and partition, each the next one to come."""

    published: dict[str, dict[int, int]]
    waiting: int
    consumed: dict[str, dict[int, int]]
    quarantined: int


class RebuildAsked(BaseModel):
    status: Literal["asked"] = "asked"


class QuarantinedOut(BaseModel):
    id: int
    state: str
    topic: str
    partition: int
    number: int | None
    kafka_offset: int
    reason: str
    detail: str
    quarantined_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


class QuarantinedMessageOut(QuarantinedOut):
    """With the message itself; `value` is text where it is UTF-8, else Base64."""

    headers: list[tuple[str, str]]
    key: str | None
    value: str
    is_base64: bool


class DismissIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Remark


async def read_progress(connection: Connection) -> Progress:
    return Progress(
        published=_by_place(await connection.fetch(PUBLISHED)),
        waiting=await connection.fetchval(WAITING),
        consumed=_by_place(await connection.fetch(CONSUMED)),
        quarantined=await quarantine.count_open(connection),
    )


def operations_router(database: Database, runner: CommandRunner) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/v1/progress")
    async def progress() -> Progress:
        async with database.reading() as connection:
            return await read_progress(connection)

    @router.post("/v1/topics/rebuild", status_code=HTTPStatus.ACCEPTED)
    async def rebuild_topics(request: Request, access: AccessDep) -> Response:
        async def command(connection: Connection, _origin: Origin) -> Answer:
            await connection.execute(ASK_REBUILD)
            return Answer(body=RebuildAsked())

        return await runner.run(request, access, command, status=HTTPStatus.ACCEPTED)

    return router


class Retrying(Generic[PreparedT]):
    """Reads the same bytes again, and applies what they say outside the order of numbers."""

    def __init__(self, *, codec: Codec, handler: Handler[PreparedT], clock: Clock) -> None:
        self._codec = codec
        self._handler = handler
        self._clock = clock

    async def retry(self, connection: Connection, origin: Origin, quarantine_id: int) -> Quarantine:
        """Raises QuarantineError."""
        row = await _open_row(connection, quarantine_id)
        message = quarantine.incoming_of(row)
        try:
            delivery = decode(message, self._codec)
            prepared = self._handler.prepare(delivery)
        except PoisonError as error:
            raise StillPoisonError(error.detail) from error
        event_id = delivery.message.id
        is_known = bool(await inbox.known_ids(connection, [event_id]))
        if not is_known and message.number is not None:
            place = (message.topic, message.partition, message.number, event_id)
            is_known = not await inbox.record(connection, place)
        if is_known:
            raise AlreadyDecidedError(f"event {event_id} was applied before")
        await self._handler.apply(connection, [prepared])
        return await self._decide(connection, origin, row, state="retried", decision="applied")

    async def dismiss(
        self, connection: Connection, origin: Origin, quarantine_id: int, *, reason: str
    ) -> Quarantine:
        """Raises QuarantineError."""
        row = await _open_row(connection, quarantine_id)
        return await self._decide(connection, origin, row, state="dismissed", decision=reason)

    async def _decide(
        self, connection: Connection, origin: Origin, row: Quarantine, *, state: str, decision: str
    ) -> Quarantine:
        by, at = origin.actor.subject, self._clock.now()
        await quarantine.decide(connection, row.id, state=state, by=by, at=at, decision=decision)
        decided = await quarantine.read(connection, row.id)
        assert decided is not None, "the row was locked by this transaction"
        return decided


async def _open_row(connection: Connection, quarantine_id: int) -> Quarantine:
    row = await quarantine.read_for_update(connection, quarantine_id)
    if row is None:
        raise NotQuarantinedError(f"no message {quarantine_id} is in quarantine")
    if row.state != "open":
        raise AlreadyDecidedError(f"message {quarantine_id} was {row.state} by {row.decided_by}")
    return row


def quarantine_router(
    database: Database, runner: CommandRunner, retrying: Retrying[Any]
) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/v1/quarantine")
    async def list_quarantine(
        request: Request,
        page: PageDep,
        state: Annotated[Literal["open", "retried", "dismissed"] | None, Query()] = None,
    ) -> Response:
        after = page.after(tuple[int])
        async with database.reading() as connection:
            rows = await quarantine.list_rows(
                connection,
                state=state,
                after_id=after[0] if after else 0,
                rows_max=page.rows_to_read,
            )
        return page_response(
            request, rows, page=page, sort_key=lambda row: (row.id,), item=quarantined_out
        )

    @router.get("/v1/quarantine/{quarantine_id}")
    async def show_quarantined(quarantine_id: QuarantineId) -> QuarantinedMessageOut:
        async with database.reading() as connection:
            row = await quarantine.read(connection, quarantine_id)
        if row is None:
            raise NotQuarantinedError(f"no message {quarantine_id} is in quarantine")
        return quarantined_message_out(row)

    @router.post("/v1/quarantine/{quarantine_id}/retry")
    async def retry_quarantined(
        request: Request, access: AccessDep, quarantine_id: QuarantineId
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            row = await retrying.retry(connection, origin, quarantine_id)
            return Answer(body=quarantined_out(row))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/quarantine/{quarantine_id}/dismiss")
    async def dismiss_quarantined(
        request: Request, access: AccessDep, quarantine_id: QuarantineId, body: DismissIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            row = await retrying.dismiss(connection, origin, quarantine_id, reason=body.reason)
            return Answer(body=quarantined_out(row))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router


def quarantined_out(row: Quarantine) -> QuarantinedOut:
    return QuarantinedOut.model_validate(row, from_attributes=True)


def quarantined_message_out(row: Quarantine) -> QuarantinedMessageOut:
    try:
        value, is_base64 = row.value.decode(), False
    except UnicodeDecodeError:
        value, is_base64 = base64.b64encode(row.value).decode(), True
    return QuarantinedMessageOut(
        **quarantined_out(row).model_dump(),
        headers=json.loads(row.headers),
        key=None if row.key is None else row.key.decode(errors="replace"),
        value=value,
        is_base64=is_base64,
    )


def _by_place(rows: Any) -> dict[str, dict[int, int]]:
    places: dict[str, dict[int, int]] = {}
    for row in rows:
        places.setdefault(row["topic"], {})[row["partition"]] = row["next_number"]
    return places
