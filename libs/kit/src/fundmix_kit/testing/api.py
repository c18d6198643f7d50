"""A service's API in the test's own process, on a database of its own, and people who call it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import httpx2
from fastapi import FastAPI

from fundmix_kit.database import Database
from fundmix_kit.ids import uuid7
from fundmix_kit.problems import PROBLEM_MEDIA_TYPE, problem_type
from fundmix_kit.process import Process
from fundmix_kit.testing.edge import calling
from fundmix_kit.testing.tokens import TokenSigner

Response = httpx2.Response
EVENTS: Final = "SELECT type, key, aggregate_version, body FROM outbox ORDER BY position"


class Caller:
    """Somebody with a token. Each of his POSTs is a new one, unless it names its key."""

    def __init__(self, client: httpx2.AsyncClient, headers: Mapping[str, str]) -> None:
        self._client = client
        self._headers = dict(headers)

    async def get(self, path: str, **parameters: str | int) -> httpx2.Response:
        return await self._client.get(path, params=parameters or None, headers=self._headers)

    async def post(
        self,
        path: str,
        body: object,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        sent = {**self._headers, "Idempotency-Key": key or str(uuid7()), **(headers or {})}
        return await self._client.post(path, json=body, headers=sent)

    async def put(
        self, path: str, body: object, *, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        return await self._client.put(path, json=body, headers=self._headers | (headers or {}))

    async def upload(self, path: str, content: bytes) -> httpx2.Response:
        sent = {**self._headers, "Idempotency-Key": str(uuid7())}
        return await self._client.post(path, content=content, headers=sent)

    async def patch(self, path: str, body: object, *, version: int) -> httpx2.Response:
        sent = {**self._headers, "If-Match": f'"{version}"'}
        return await self._client.patch(path, json=body, headers=sent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    app: FastAPI
    client: httpx2.AsyncClient
    database: Database
    tokens: TokenSigner

    def caller(self, role: str, **claims: Any) -> Caller:
        return Caller(self.client, self.tokens.headers(role, **claims))

    async def events(self) -> list["Said"]:
        """What has been said so far, in order."""
        async with self.database.session() as connection:
            return [Said(*row) for row in await connection.fetch(EVENTS)]


class Said(NamedTuple):
    type: str
    key: str
    aggregate_version: int
    body: bytes


@asynccontextmanager
async def serving(process: Process, app: FastAPI, tokens: TokenSigner) -> AsyncGenerator[Api]:
    """The API without its server, so that a test's failure has the service's own traceback."""
    await process.database.open()
    try:
        async with calling(app) as client:
            yield Api(app=app, client=client, database=process.database, tokens=tokens)
    finally:
        await process.database.close()
        await process.verifier.close()


class Refusal(NamedTuple):
    """`errors` has the code of each pointer."""

    status: int
    code: str
    errors: Mapping[str, str]


def refusal(answer: httpx2.Response) -> Refusal:
    """What a problem document says, having checked that it is a whole one."""
    document = answer.json()
    assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE, answer.text
    assert document["status"] == answer.status_code
    assert document["type"] == problem_type(document["code"])
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == f"urn:fundmix:request:{answer.headers['x-request-id']}"
    errors = {error["pointer"]: error["code"] for error in document.get("errors", [])}
    return Refusal(answer.status_code, document["code"], errors)
