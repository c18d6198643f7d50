"""The answers accepted commands got: a request that is sent again gets the same one again.

A key belongs to one subject on one route. Keys are stored in the command's own transaction, so that
an answer is stored if and only if its command was carried out.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.database import Connection, columns
from fundmix_kit.problems import FieldError, ProblemError

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
# The draft of the header wants a quoted string (RFC 8941); many callers send it bare.
KEY: Final = re.compile(r'"?(?P<key>[\x21\x23-\x5b\x5d-\x7e]{1,200})"?')

STORE: Final = """
    INSERT INTO idempotency_key
        (subject, route, key, fingerprint, status, headers, body, created_at)
    SELECT *, $8 FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::jsonb[], $7::bytea[])
    ON CONFLICT (subject, route, key) DO NOTHING
    RETURNING true
"""
LOAD: Final = """
    SELECT fingerprint, status, headers, body
    FROM idempotency_key
    WHERE subject = $1 AND route = $2 AND key = $3
"""


class IdempotencyKeyMissingError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "idempotency_key_missing",
            f"Send {KEY_HEADER}: one key for each thing to be done, the same when asking again.",
        )


class IdempotencyKeyInvalidError(ProblemError):
    def __init__(self) -> None:
        detail = f"{KEY_HEADER} must be 1 to 200 visible ASCII characters."
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "idempotency_key_invalid",
            detail,
            errors=[
                FieldError(
                    pointer="#header/idempotency-key",
                    code="idempotency_key_invalid",
                    detail=detail,
                )
            ],
        )


class IdempotencyKeyReusedError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            f"This {KEY_HEADER} was used for another request; nothing was done now.",
        )


class KeyTakenError(Exception):
    """The key has an answer already: the transaction that would give another must not commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Where the answer to a request is kept."""

    subject: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self, *, is_replayed: bool = False) -> Response:
        replayed = {REPLAYED_HEADER: "true"} if is_replayed else {}
        headers = {**self.headers, **replayed}
        return Response(self.body, self.status, headers, media_type="application/json")


async def read_slot(
    request: Request,
    *,
    subject: str,
    route: str,
    fingerprint_key: bytes | None = None,
    body: bytes | None = None,
) -> Slot | None:
    """None without a key, which only requests other than POST may lack.

    With a `fingerprint_key` nobody without it can try out what the request may have said. `body`
    stands for one that was read already: its digest.

    Raises IdempotencyKeyMissingError and IdempotencyKeyInvalidError.
    """
    sent = request.headers.get(KEY_HEADER, "").strip()
    if not sent:
        if request.method == "POST":
            raise IdempotencyKeyMissingError
        return None
    match = KEY.fullmatch(sent)
    if match is None:
        raise IdempotencyKeyInvalidError
    return Slot(
        subject=subject,
        route=f"{request.method} {route}",
        key=match["key"],
        fingerprint=_fingerprint(
            request, await request.body() if body is None else body, fingerprint_key
        ),
    )


def _fingerprint(request: Request, body: bytes, key: bytes | None) -> bytes:
    digest = hashlib.sha256() if key is None else hmac.new(key, digestmod=hashlib.sha256)
    for part in (
        request.method.encode(),
        request.scope["path"].encode(),
        request.scope["query_string"],
        request.headers.get("if-match", "").encode(),
        body,
    ):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


async def store(
    connection: Connection,
    answers: Sequence[tuple[Slot, StoredAnswer]],
    *,
    created_at: datetime,
) -> None:
    """Waits for a twin that is storing under the same key. Raises KeyTakenError."""
    # In the order of their keys: two that store the same ones do not wait for each other.
    rows = sorted((s.subject, s.route, s.key, s.fingerprint, *_kept(a)) for s, a in answers)
    stored = await connection.fetch(STORE, *columns(rows, 7), created_at)
    if len(stored) < len(answers):
        raise KeyTakenError


def _kept(answer: StoredAnswer) -> tuple[int, str, bytes]:
    return answer.status, json.dumps(dict(answer.headers)), answer.body


async def load(connection: Connection, slot: Slot) -> StoredAnswer | None:
    """Raises IdempotencyKeyReusedError when the key's answer is one to another request."""
    row = await connection.fetchrow(LOAD, slot.subject, slot.route, slot.key)
    if row is None:
        return None
    if row["fingerprint"] != slot.fingerprint:
        raise IdempotencyKeyReusedError
    return StoredAnswer(status=row["status"], headers=json.loads(row["headers"]), body=row["body"])
