"""Asks a broker for its cluster in the Kafka protocol: ready means that it answers as one."""

import asyncio
import struct
from typing import Final

from fundmix_kit.embedded.processes import LOOPBACK

METADATA: Final = 3
VERSION: Final = 1
CORRELATION_ID: Final = 1
CLIENT: Final = b"fundmix-probe"
NO_TOPICS: Final = 0
ANSWER_BYTES_MAX: Final = 1_000_000
ANSWER_TIME_S_MAX: Final = 1.0


def metadata_request() -> bytes:
    header = struct.pack(">hhih", METADATA, VERSION, CORRELATION_ID, len(CLIENT)) + CLIENT
    body = header + struct.pack(">i", NO_TOPICS)
    return struct.pack(">i", len(body)) + body


async def knows_a_broker(port: int) -> bool:
    """Whether the broker on this port of loopback answers, and its cluster has a broker."""
    try:
        async with asyncio.timeout(ANSWER_TIME_S_MAX):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(metadata_request())
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                if not 8 <= size <= ANSWER_BYTES_MAX:  # noqa: PLR2004  # two four-byte numbers
                    return False
                correlation_id, brokers = struct.unpack(">ii", await reader.readexactly(8))
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return False
    return correlation_id == CORRELATION_ID and brokers > 0
