"""The public APIs as this command sees them: JSON in, JSON or a refusal out."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import httpx2
from pydantic import ValidationError

from fundmix_cli.calling.errors import Problem, RefusedError
from fundmix_cli.calling.sending import ANSWER_TIME_S_MAX, Outgoing, Params, Sender
from fundmix_cli.calling.tokens import Tokens
from fundmix_cli.claims import Claims

PAGE_ROWS: Final = 200
NO_PARAMS: Final[Params] = {}
NO_HEADERS: Final[Mapping[str, str]] = {}

Json = dict[str, Any]


class ServiceName(StrEnum):
    REGISTRY = "registry"
    CONTRACTS = "contracts"
    DONATIONS = "donations"
    LEDGER = "ledger"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`position` is where the change stands, for `after` of a request that builds on it."""

    body: Json
    position: str | None


class ServiceClient:
    def __init__(self, sender: Sender, tokens: Tokens, urls: Mapping[str, str]) -> None:
        self._sender = sender
        self._tokens = tokens
        self._urls = urls

    async def get(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        params: Params = NO_PARAMS,
    ) -> Json:
        """Raises RefusedError and ServiceAwayError."""
        response = await self._send("GET", service, path, claims=claims, params=params)
        return response.json()

    async def download(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        params: Params = NO_PARAMS,
    ) -> bytes:
        """A file as it is. Raises RefusedError and ServiceAwayError."""
        return (await self._send("GET", service, path, claims=claims, params=params)).content

    async def stream(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        params: Params = NO_PARAMS,
    ) -> AsyncGenerator[bytes]:
        """A file piece by piece, however long. Raises RefusedError and ServiceAwayError."""
        request = await self._outgoing("GET", service, path, claims=claims, params=params)
        async with self._sender.stream(request) as response:
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                await response.aread()
                raise RefusedError(_problem(response))
            async for piece in response.aiter_bytes():
                yield piece

    async def list(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        params: Params = NO_PARAMS,
    ) -> AsyncGenerator[Json]:
        """All items, page after page. Raises RefusedError and ServiceAwayError."""
        page_params = {**params, "limit": str(PAGE_ROWS)}
        while True:
            page = await self.get(service, path, claims=claims, params=page_params)
            for item in page["items"]:
                yield item
            if page["next_cursor"] is None:
                return
            page_params["cursor"] = page["next_cursor"]

    async def figures(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        params: Params = NO_PARAMS,
        rows_max: int,
    ) -> Json:
        """Figures with rows: the first page, with as many rows as are wanted.

        Raises RefusedError and ServiceAwayError.
        """
        page_params = {**params, "limit": str(min(rows_max, PAGE_ROWS))}
        found = page = await self.get(service, path, claims=claims, params=page_params)
        while page["next_cursor"] is not None and len(found["items"]) < rows_max:
            page_params["limit"] = str(min(rows_max - len(found["items"]), PAGE_ROWS))
            page_params["cursor"] = page["next_cursor"]
            page = await self.get(service, path, claims=claims, params=page_params)
            found["items"] += page["items"]
        return found | {"next_cursor": page["next_cursor"]}

    async def post(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        body: Json | None = None,
        key: str | None = None,
        after: Sequence[str] = (),
        version: int | None = None,
    ) -> Answer:
        """Without a `key` the same request is the same thing to be done, whenever it is sent.

        `version`: what was read of what this changes; it is refused when that has changed since.
        Raises RefusedError and ServiceAwayError.
        """
        content = _content(body)
        headers = _headers(key or content_key(path, content), version)
        if after:
            headers["Fundmix-After"] = ", ".join(after)
        response = await self._send(
            "POST", service, path, claims=claims, headers=headers, content=content
        )
        return Answer(body=response.json(), position=response.headers.get("Fundmix-Position"))

    async def put(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        body: Json,
        version: int | None = None,
    ) -> Json:
        """In place of what is there. Each call is a new one, whatever it sends.

        `version`: what was read of what this changes; it is refused when that has changed since.
        Raises RefusedError and ServiceAwayError.
        """
        headers = _headers(str(uuid4()), version)
        response = await self._send(
            "PUT", service, path, claims=claims, headers=headers, content=_content(body)
        )
        return response.json()

    async def upload(
        self,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        content: bytes,
        params: Params = NO_PARAMS,
        answer_time_s_max: float = ANSWER_TIME_S_MAX,
    ) -> Answer:
        """A file as it is; each upload is a new one, though its file may be known.

        Raises RefusedError and ServiceAwayError.
        """
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": str(uuid4())}
        request = await self._outgoing(
            "POST", service, path, claims=claims, headers=headers, params=params, content=content
        )
        response = await self._answered(replace(request, answer_time_s_max=answer_time_s_max))
        return Answer(body=response.json(), position=response.headers.get("Fundmix-Position"))

    async def _send(
        self,
        method: str,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        headers: Mapping[str, str] = NO_HEADERS,
        params: Params = NO_PARAMS,
        content: bytes | None = None,
    ) -> httpx2.Response:
        request = await self._outgoing(
            method, service, path, claims=claims, headers=headers, params=params, content=content
        )
        return await self._answered(request)

    async def _answered(self, request: Outgoing) -> httpx2.Response:
        """Raises RefusedError and ServiceAwayError."""
        response = await self._sender.send(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(_problem(response))
        return response

    async def _outgoing(
        self,
        method: str,
        service: ServiceName,
        path: str,
        *,
        claims: Claims,
        headers: Mapping[str, str] = NO_HEADERS,
        params: Params = NO_PARAMS,
        content: bytes | None = None,
    ) -> Outgoing:
        token = await self._tokens.token(claims)
        return Outgoing(
            method=method,
            url=f"{self._urls[service]}{path}",
            headers={**headers, "Authorization": f"Bearer {token}", "Accept-Language": "en"},
            params=params or None,
            content=content,
        )


def content_key(path: str, content: bytes) -> str:
    """An Idempotency-Key that says what is to be done, so that a repeated run asks for the same."""
    return hashlib.sha256(path.encode() + b"\n" + content).hexdigest()


def _content(body: Json | None) -> bytes:
    return json.dumps(body or {}, ensure_ascii=False, sort_keys=True).encode()


def _headers(key: str, version: int | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return headers


def _problem(response: httpx2.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return Problem(status=response.status_code, code="unexpected_answer")
