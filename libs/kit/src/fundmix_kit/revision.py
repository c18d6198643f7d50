"""Whether a database is at its last migration: found out without alembic, as most starts are."""

from pathlib import Path
from typing import Final

import asyncpg
from asyncpg import exceptions

from fundmix_kit.settings import DatabaseSettings

READ_REVISION: Final = "SELECT version_num FROM alembic_version"


def head_of(location: Path) -> str:
    """The last revision in a folder of files named `<revision>_<step>_<what>.py`."""
    return max(path.name.partition("_")[0] for path in (location / "versions").glob("[0-9]*.py"))


async def is_at_head(settings: DatabaseSettings, *, location: Path) -> bool:
    assert settings.owner_url is not None, "migrations need FUNDMIX_DATABASE__OWNER_URL"
    connection = await asyncpg.connect(str(settings.owner_url))
    try:
        return await connection.fetchval(READ_REVISION) == head_of(location)
    except exceptions.UndefinedTableError:
        return False
    finally:
        await connection.close()
