"""Answers that are made while they are sent: a limit of their own in time, and few at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fundmix_kit.problems import RETRY_AFTER_S, ProblemError

TIME_LIMIT_KEY: Final = "fundmix.time_limit"


class TooManyStreamsError(ProblemError):
    def __init__(self, streams_max: int) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_streams",
            f"{streams_max} long answers are being sent already.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


class Streams:
    """The long answers of one process: each holds a connection to the database while it lasts."""

    def __init__(self, *, streams_max: int, stream_time_ms_max: int) -> None:
        self._streams_max = streams_max
        self._stream_time_s_max = stream_time_ms_max / 1000
        self._count = 0

    async def answer(
        self,
        request: Request,
        chunks: AsyncGenerator[bytes],
        *,
        media_type: str,
        filename: str | None = None,
    ) -> StreamingResponse:
        """Raises TooManyStreamsError, and whatever the first chunk fails with."""
        counted = self._counted(chunks)
        extend_time(request, self._stream_time_s_max)
        # Before the answer begins, a failure still is a problem document.
        first = await anext(counted, b"")
        headers: dict[str, str] = {}
        if filename is not None:
            headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        return _Stream(_from_first(first, counted), media_type=media_type, headers=headers)

    async def _counted(self, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        async with aclosing(chunks):
            if self._count >= self._streams_max:
                raise TooManyStreamsError(self._streams_max)
            self._count += 1
            try:
                async for chunk in chunks:
                    yield chunk
                    # Others are served in between, also when nothing here ever has to wait.
                    await asyncio.sleep(0)
            finally:
                self._count -= 1


class _Stream(StreamingResponse):
    """Ends its generator when the caller goes away, and not whenever it is collected."""

    def __init__(
        self, chunks: AsyncGenerator[bytes], *, media_type: str, headers: dict[str, str]
    ) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)


async def _from_first(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk


def extend_time(request: Request, time_s_max: float) -> None:
    """Let this request take as long from now on."""
    limit = request.scope[TIME_LIMIT_KEY]
    assert isinstance(limit, asyncio.Timeout), "the edge limits every request"
    limit.reschedule(asyncio.get_running_loop().time() + time_s_max)


async def in_pieces(
    texts: AsyncGenerator[bytes], *, bytes_min: int = 65_536
) -> AsyncGenerator[bytes]:
    """Small texts joined: each piece that is sent costs the same, however small."""
    waiting: list[bytes] = []
    size = 0
    async with aclosing(texts):
        async for text in texts:
            waiting.append(text)
            size += len(text)
            if size >= bytes_min:
                yield b"".join(waiting)
                waiting.clear()
                size = 0
    if waiting:
        yield b"".join(waiting)
