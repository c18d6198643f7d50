"""Gives every service its database and roles on the server, at each start."""

from collections.abc import Sequence

import asyncpg
from fundmix_kit.embedded.databases import ServiceDatabase, ensure_database


async def provide_databases(server_url: str, databases: Sequence[ServiceDatabase]) -> None:
    server = await asyncpg.connect(server_url)
    try:
        for database in databases:
            await ensure_database(server, database)
    finally:
        await server.close()
