"""Asks a process over HTTP whether it is ready."""

import asyncio
from contextlib import suppress
from typing import Final

from fundmix_kit.embedded.processes import LOOPBACK

ANSWER_TIME_S_MAX: Final = 2.0
OK: Final = b" 200 "


async def answers_ok(port: int, path: str) -> bool:
    # By hand, for the status line alone: the supervisor stays as small as it can, all day long.
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_TIME_S_MAX):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(request.encode())
                return OK in await reader.readline()
            finally:
                writer.close()
    return False
