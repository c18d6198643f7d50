"""Whatever comes is kept as it came, so that it can be read again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pytest
from fundmix_kit import quarantine
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.quarantine import DETAIL_LENGTH_MAX, Incoming, PoisonError, incoming_of
from fundmix_kit.settings import DatabaseSettings
from pydantic import PostgresDsn

NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)
EVERY_BYTE: Final = bytes(range(256))


def a_message(
    *, headers: Sequence[tuple[str, bytes]] = (), number: int | None = 1, key: bytes | None = None
) -> Incoming:
    return Incoming(
        topic="t",
        partition=0,
        offset=7,
        number=number,
        key=key,
        headers=list(headers),
        value=EVERY_BYTE,
    )


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(number=None),
        a_message(key=EVERY_BYTE),
        a_message(headers=[("ce_type", "捐赠".encode()), ("ce_type", b"again"), ("", b"")]),
        a_message(headers=[("x", EVERY_BYTE), ("\0", b"\0"), ("名", b"\\u0000")]),
    ],
)
async def test_a_message_comes_out_of_quarantine_as_it_went_in(
    kit_database: ServiceDatabase, message: Incoming
) -> None:
    database = Database(DatabaseSettings(url=PostgresDsn(kit_database.url)), application="test")
    await database.open()
    detail = f"no event is called \0{'x' * DETAIL_LENGTH_MAX}"

    async with database.transaction() as connection:
        await quarantine.add(connection, [(message, PoisonError("unknown_type", detail))], now=NOW)
        await quarantine.add(connection, [(message, PoisonError("unknown_type", detail))], now=NOW)
        (row,) = await quarantine.list_rows(connection, state="open", after_id=0, rows_max=9)
    await database.close()

    assert incoming_of(row) == message
    assert row.detail.startswith("no event is called \ufffdx")
    assert len(row.detail) == DETAIL_LENGTH_MAX
