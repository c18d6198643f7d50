"""A client that keeps its connections busy with one kind of request, and counts the answers.

Run as `python -m bench.http_load`, a process of its own: what it costs is not the server's time. It
speaks just enough HTTP/1.1 to send bytes that were made before and to find the end of an answer.
"""

import argparse
import asyncio
import re
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

import uvloop
from fundmix_kit.embedded.processes import LOOPBACK
from pydantic import BaseModel

# Replaced in each request, wherever it stands, by something that was never sent before.
UNIQUE: Final = b"@unique-word@"
CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
END_OF_HEAD: Final = b"\r\n\r\n"


class Result(BaseModel):
    answers_per_s: float


class Load:
    def __init__(self, request: bytes, *, run: int, wanted_status: int) -> None:
        self._request = request
        self._run = run
        self._sent = 0
        self._wanted = f"HTTP/1.1 {wanted_status} ".encode()
        self.answers = 0
        self.is_over = False
        self.refusal: bytes | None = None

    def next_request(self) -> bytes:
        self._sent += 1
        word = f"{self._run:04}-{self._sent:08}".encode()
        assert len(word) == len(UNIQUE), "the length of the body is stated in the request"
        return self._request.replace(UNIQUE, word)

    def take(self, answer: bytes) -> None:
        if not answer.startswith(self._wanted):
            self.refusal = answer
            self.is_over = True
        self.answers += 1


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def start(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.write(self._load.next_request())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_length = self._received.find(END_OF_HEAD)
        if head_length < 0:
            return
        length = CONTENT_LENGTH.search(self._received, 0, head_length)
        assert length is not None, "the server states the length of its answers"
        if len(self._received) < head_length + len(END_OF_HEAD) + int(length[1]):
            return
        self._load.take(self._received)
        self._received = b""
        assert self._transport is not None
        if self._load.is_over:
            self._transport.close()
        else:
            self._transport.write(self._load.next_request())


async def answers_per_s(
    load: Load, *, port: int, connections: int, warm_up_s: float, seconds: float
) -> float:
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        transport, connection = await loop.create_connection(
            lambda: Connection(load), LOOPBACK, port
        )
        connection.start(transport)
    await asyncio.sleep(warm_up_s)
    before, started_at = load.answers, perf_counter()
    await asyncio.sleep(seconds)
    rate = (load.answers - before) / (perf_counter() - started_at)
    load.is_over = True
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.http_load")
    parser.add_argument("request", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--run", type=int, required=True)
    parser.add_argument("--wanted-status", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--warm-up-s", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    load = Load(
        arguments.request.read_bytes(), run=arguments.run, wanted_status=arguments.wanted_status
    )
    rate = uvloop.run(
        answers_per_s(
            load,
            port=arguments.port,
            connections=arguments.connections,
            warm_up_s=arguments.warm_up_s,
            seconds=arguments.seconds,
        )
    )
    if load.refusal is not None:
        sys.exit(f"the server refused:\n{load.refusal.decode(errors='replace')}")
    sys.stdout.write(Result(answers_per_s=rate).model_dump_json())


if __name__ == "__main__":
    main()
