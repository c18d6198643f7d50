"""What donations-svc tells the public: pages, and whole lists that are read while they are sent."""

from collections.abc import AsyncGenerator
from typing import Final

from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from donations_svc.domain.grants import PublicGift
from donations_svc.storage import public_gifts
from donations_svc.storage.public_gifts import GiftFilter, GiftKey, UnnamedKey, UnnamedSum

EXPORT_BATCH_ROWS: Final = 500


async def list_gifts(
    database: Database, wanted: GiftFilter, *, page: PageParams
) -> list[PublicGift]:
    """One row more than the page shows."""
    after = page.after(GiftKey) or public_gifts.FIRST
    async with database.reading() as connection:
        return await public_gifts.list_named(
            connection, wanted, after=after, rows_max=page.rows_to_read
        )


async def list_unnamed(
    database: Database, wanted: GiftFilter, *, page: PageParams
) -> list[UnnamedSum]:
    """One row more than the page shows."""
    async with database.reading() as connection:
        return await public_gifts.list_unnamed(
            connection, wanted, after=page.after(UnnamedKey), rows_max=page.rows_to_read
        )


async def all_gifts(database: Database, wanted: GiftFilter) -> AsyncGenerator[list[PublicGift]]:
    """All that a list has, as of one moment, in batches."""
    async with database.reading() as connection:
        after = public_gifts.FIRST
        while True:
            batch = await public_gifts.list_named(
                connection, wanted, after=after, rows_max=EXPORT_BATCH_ROWS
            )
            if batch:
                yield batch
            if len(batch) < EXPORT_BATCH_ROWS:
                return
            after = (batch[-1].given_on, batch[-1].donation_id)
