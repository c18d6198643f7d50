"""Contracts as open data: OCDS 1.1 releases and records, one contract's or all of them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.streaming import Streams, in_pieces
from ocdsmerge import Merger
from pydantic import HttpUrl
from pydantic_core import to_json

from contracts_svc import public_queries
from contracts_svc.domain.open_contracting import Json

MEDIA_TYPE: Final = "application/json"
VERSION: Final = "1.1"
# Of the schema's rules those about fields that our releases have; with them nothing is fetched.
MERGE_RULES: Final = {
    ("id",): "omitWhenMerged",
    ("date",): "omitWhenMerged",
    ("tag",): "omitWhenMerged",
    ("parties", "roles"): "wholeListMerge",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """Who publishes, under which licence, and where."""

    ocid_prefix: str
    publisher: str
    license_url: HttpUrl
    base_url: HttpUrl


def ocds_router(
    database: Database, clock: Clock, streams: Streams, publication: Publication
) -> APIRouter:
    router = APIRouter(prefix="/v1/public/ocds", tags=["public"])
    merger = Merger(merge_rules=MERGE_RULES)
    _add_bulk(router, database, clock, streams, publication, merger)
    _add_single(router, database, publication, merger)
    return router


def _add_bulk(
    router: APIRouter,
    database: Database,
    clock: Clock,
    streams: Streams,
    publication: Publication,
    merger: Merger,
) -> None:
    @router.get("/releases", response_class=Response)
    async def stream_releases(request: Request) -> Response:
        releases = public_queries.all_releases(database, ocid_prefix=publication.ocid_prefix)
        package = _package(request, publication, published_at=clock.now())
        texts = _streamed(package, "releases", _each(releases))
        return await streams.answer(
            request, in_pieces(texts), media_type=MEDIA_TYPE, filename="releases.json"
        )

    @router.get("/records", response_class=Response)
    async def stream_records(request: Request) -> Response:
        releases = public_queries.all_releases(database, ocid_prefix=publication.ocid_prefix)
        package = _package(request, publication, published_at=clock.now())
        texts = _streamed(package, "records", _records(releases, merger))
        return await streams.answer(
            request, in_pieces(texts), media_type=MEDIA_TYPE, filename="records.json"
        )


def _add_single(
    router: APIRouter, database: Database, publication: Publication, merger: Merger
) -> None:
    # A contract's number may have a slash in it.
    @router.get("/contracts/{number:path}", response_class=Response)
    async def show_releases(request: Request, number: Label) -> Response:
        releases = await _read(database, publication, number)
        package = _package(request, publication, published_at=_last_change(releases))
        return _answer({**package, "releases": releases})

    @router.get("/records/{number:path}", response_class=Response)
    async def show_record(request: Request, number: Label) -> Response:
        releases = await _read(database, publication, number)
        package = _package(request, publication, published_at=_last_change(releases))
        return _answer({**package, "records": [_record(releases, merger)]})


async def _read(database: Database, publication: Publication, number: str) -> list[Json]:
    return await public_queries.read_releases(database, number, ocid_prefix=publication.ocid_prefix)


def _package(request: Request, publication: Publication, *, published_at: datetime) -> Json:
    return {
        "uri": str(publication.base_url).rstrip("/") + quote(request.scope["path"]),
        "version": VERSION,
        "publishedDate": published_at.isoformat(),
        "publisher": {"name": publication.publisher},
        "license": str(publication.license_url),
    }


def _last_change(releases: Sequence[Json]) -> datetime:
    return datetime.fromisoformat(releases[-1]["date"])


def _record(releases: list[Json], merger: Merger) -> Json:
    return {
        "ocid": releases[0]["ocid"],
        "releases": releases,
        "compiledRelease": merger.create_compiled_release(releases),
    }


async def _each(batches: AsyncGenerator[list[Json]]) -> AsyncGenerator[Json]:
    async with aclosing(batches):
        async for batch in batches:
            for release in batch:
                yield release


async def _records(batches: AsyncGenerator[list[Json]], merger: Merger) -> AsyncGenerator[Json]:
    async with aclosing(batches):
        async for releases in batches:
            yield _record(releases, merger)


async def _streamed(package: Json, name: str, items: AsyncGenerator[Json]) -> AsyncGenerator[bytes]:
    """The package's text, its items one by one."""
    yield to_json(package)[:-1] + b',"' + name.encode() + b'":['
    separator = b""
    async with aclosing(items):
        async for item in items:
            yield separator + to_json(item)
            separator = b","
    yield b"]}"


def _answer(package: Json) -> Response:
    return Response(to_json(package), media_type=MEDIA_TYPE)
