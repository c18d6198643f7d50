"""Read your own writes across services: wait until a replica has what the caller has done.

A write answers with its position, `Fundmix-Position: <topic>:<key>:<version>`. A caller who goes on
to another service sends it there as `Fundmix-After`.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from starlette.requests import Request

from fundmix_kit.database import Database
from fundmix_kit.problems import RETRY_AFTER_S, FieldError, ProblemError

AFTER_HEADER: Final = "Fundmix-After"
POSITION_HEADER: Final = "Fundmix-Position"
POSITIONS_MAX: Final = 20
HEADER_CHARACTERS_MAX: Final = 4_096
VERSION_DIGITS_MAX: Final = 18
WAIT_MS_MIN: Final = 5
WAIT_MS_MAX: Final = 50

COUNT_BEHIND: Final = """
    SELECT count(*)
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS wanted (topic, key, version)
    WHERE NOT EXISTS (
        SELECT FROM replica
        WHERE replica.topic = wanted.topic
          AND replica.key = wanted.key
          AND replica.version >= wanted.version
    )
"""


class PositionInvalidError(ProblemError):
    def __init__(self) -> None:
        detail = (
            f"{AFTER_HEADER} must be a list of at most {POSITIONS_MAX} positions, "
            "<topic>:<key>:<version>, separated by commas."
        )
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "position_invalid",
            detail,
            errors=[
                FieldError(pointer="#header/fundmix-after", code="position_invalid", detail=detail)
            ],
        )


class ReplicaLagsError(ProblemError):
    def __init__(self, wait_ms_max: int) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "replica_lags",
            f"What {AFTER_HEADER} names has not arrived here within {wait_ms_max} ms.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A version of an aggregate, by the topic that carries it."""

    topic: str
    key: str
    version: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.key}:{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises PositionInvalidError."""
        topic, _, rest = text.strip().partition(":")
        key, _, version = rest.rpartition(":")
        is_number = version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX
        if not (topic and key and is_number):
            raise PositionInvalidError
        return cls(topic=topic, key=key, version=int(version))


def positions_after(request: Request, *, topics: Collection[str]) -> list[Position]:
    """What the caller wants to be known here, of those topics that are replicated here.

    Of other topics nothing is kept that a command could miss. Raises PositionInvalidError.
    """
    sent = request.headers.getlist(AFTER_HEADER)
    texts = [text for header in sent for text in header.split(",") if text.strip()]
    if len(texts) > POSITIONS_MAX or sum(map(len, sent)) > HEADER_CHARACTERS_MAX:
        raise PositionInvalidError
    return [position for position in map(Position.parse, texts) if position.topic in topics]


async def wait_for_positions(
    database: Database, positions: Sequence[Position], *, wait_ms_max: int
) -> None:
    """Raises ReplicaLagsError."""
    if not positions:
        return
    wanted = (
        [position.topic for position in positions],
        [position.key for position in positions],
        [position.version for position in positions],
    )
    wait_ms = WAIT_MS_MIN
    try:
        async with asyncio.timeout(wait_ms_max / 1000):
            while await _count_behind(database, wanted):
                await asyncio.sleep(wait_ms / 1000)
                wait_ms = min(wait_ms * 2, WAIT_MS_MAX)
    except TimeoutError as error:
        raise ReplicaLagsError(wait_ms_max) from error


async def _count_behind(database: Database, wanted: tuple[list[str], list[str], list[int]]) -> int:
    # No connection is held while waiting.
    async with database.session() as connection:
        return await connection.fetchval(COUNT_BEHIND, *wanted)
