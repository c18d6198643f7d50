"""Gifts as open data: a 360Giving package, and the same as a table for spreadsheets."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fundmix_kit.csv_text import BYTE_ORDER_MARK, csv_text, text_cell
from pydantic import HttpUrl
from pydantic_core import to_json

from donations_svc.domain.errors import NoGrantsError
from donations_svc.domain.grants import CSV_PATHS, VERSION, Json, PublicGift, cells_of, grant_of

JSON_MEDIA_TYPE: Final = "application/json"

Batches = AsyncGenerator[list[PublicGift]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """Who publishes, under which licence, and where."""

    grant_prefix: str
    publisher: str
    license_url: HttpUrl
    base_url: HttpUrl

    def package(self, *, path: str, query: Mapping[str, str], issued_at: datetime) -> Json:
        """What a package says of itself, before its grants."""
        address = str(self.base_url).rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        return {
            "version": VERSION,
            "title": f"{self.publisher}: 社会捐赠",
            "description": (
                "基金会、企业、高校和政府部门向社工机构的捐赠。不含个人捐赠和要求匿名的捐赠。"
            ),
            "issued": issued_at.isoformat(timespec="microseconds"),
            "identifier": address,
            "publisher": {"name": self.publisher},
            "license": str(self.license_url),
            "downloadURL": address,
        }


async def as_package(batches: Batches, package: Json, *, prefix: str) -> AsyncGenerator[bytes]:
    """The package's text, its grants one by one.

    Raises NoGrantsError before the first piece: the standard has no package without a grant.
    """
    separator = to_json(package)[:-1] + b',"grants":['
    has_grants = False
    async with aclosing(batches):
        async for batch in batches:
            for gift in batch:
                yield separator + to_json(grant_of(gift, prefix=prefix))
                separator = b","
                has_grants = True
    if not has_grants:
        raise NoGrantsError("there is no gift to publish")
    yield b"]}"


async def as_csv(batches: Batches, *, prefix: str) -> AsyncGenerator[bytes]:
    yield (BYTE_ORDER_MARK + csv_text([CSV_PATHS])).encode()
    async with aclosing(batches):
        async for batch in batches:
            grants = (grant_of(gift, prefix=prefix) for gift in batch)
            yield csv_text([list(map(text_cell, cells_of(grant))) for grant in grants]).encode()
