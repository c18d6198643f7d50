"""Pages by keyset: every row once, however the list is cut."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Final
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Response
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.paging import (
    PAGE_ROWS,
    PAGE_ROWS_MAX,
    CursorInvalidError,
    Page,
    PageDep,
    decode_cursor,
    encode_cursor,
    page_response,
)
from fundmix_kit.policy import PUBLIC, Policy
from fundmix_kit.problems import ProblemTable
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.requests import Request

Row = tuple[date, int]

ROWS: Final[list[Row]] = sorted((date(2025, 1, 1 + n % 3), n) for n in range(PAGE_ROWS_MAX + 5))


class Item(BaseModel):
    number: int


class LongItem(Item):
    """More than its base has: a page must not cut it down."""

    on: date


router = APIRouter()


@router.get("/rows", response_model=Page[LongItem])
async def list_rows(request: Request, page: PageDep, minimum: int = 0) -> Response:
    after = page.after(tuple[date, int])
    chosen = [row for row in ROWS if row[1] >= minimum and (after is None or row > after)]
    return page_response(
        request,
        chosen[: page.rows_to_read],
        page=page,
        sort_key=lambda row: row,
        item=lambda row: LongItem(number=row[1], on=row[0]),
    )


@pytest.fixture
async def client(tokens: TokenSigner) -> AsyncGenerator[httpx2.AsyncClient]:
    app: FastAPI = build_app(
        title="rows",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=Policy({("GET", "/rows"): PUBLIC}),
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        yield client


async def walk(client: httpx2.AsyncClient, url: str) -> list[list[int]]:
    """The numbers of each page, following the links."""
    pages: list[list[int]] = []
    while True:
        answer = await client.get(url)
        assert answer.status_code == 200
        pages.append([item["number"] for item in answer.json()["items"]])
        if "next" not in answer.links:
            assert answer.json()["next_cursor"] is None
            return pages
        url = answer.links["next"]["url"]


@pytest.mark.parametrize("limit", [1, 7, len(ROWS) - 6, PAGE_ROWS_MAX])
async def test_following_the_links_shows_every_row_once_and_in_order(
    limit: int, client: httpx2.AsyncClient
) -> None:
    pages = await walk(client, f"/rows?limit={limit}")

    assert list(chain(*pages)) == [number for _, number in ROWS]
    assert all(len(page) == limit for page in pages[:-1])
    assert 0 < len(pages[-1]) <= limit


async def test_a_page_has_a_usual_size(client: httpx2.AsyncClient) -> None:
    assert len((await client.get("/rows")).json()["items"]) == PAGE_ROWS


async def test_the_link_keeps_the_other_parameters(client: httpx2.AsyncClient) -> None:
    pages = await walk(client, "/rows?limit=2&minimum=200")

    assert sorted(chain(*pages)) == [200, 201, 202, 203, 204]


async def test_a_page_shows_all_of_each_item(client: httpx2.AsyncClient) -> None:
    items = (await client.get("/rows?limit=1")).json()["items"]

    assert items == [{"number": 0, "on": "2025-01-01"}]


async def test_a_list_without_rows_is_one_empty_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/rows?minimum=1000")

    assert answer.json() == {"items": [], "next_cursor": None}
    assert "link" not in answer.headers


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=all"],
)
async def test_a_page_size_out_of_bounds_is_refused(query: str, client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"/rows?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#query/limit"


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "====",
        "秘",
        encode_cursor([]),
        encode_cursor([1, "2025-01-01"]),
        encode_cursor(["2025-01-01", 1, 2]),
        encode_cursor(["2025-13-01", 1]),
        encode_cursor(["2025-01-01", 2**63]),
        "x" * 1001,
    ],
)
async def test_a_cursor_that_the_list_has_not_given_is_refused(
    cursor: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.get(f"/rows?cursor={quote(cursor)}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#query/cursor"


KeyOfAll = tuple[date, datetime, UUID, Decimal, int, str, bool]


@given(
    st.tuples(
        st.dates(),
        st.datetimes(timezones=st.just(UTC)),
        st.uuids(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.integers(-(2**62), 2**62),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
        st.booleans(),
    )
)
def test_a_cursor_gives_back_the_key_it_was_made_from(key: KeyOfAll) -> None:
    assert decode_cursor(encode_cursor(key), KeyOfAll) == key


@given(st.text(max_size=50))
def test_no_text_breaks_the_decoding(cursor: str) -> None:
    with suppress(CursorInvalidError):
        decode_cursor(cursor, tuple[str])


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "a\x00b"])
def test_a_cursor_names_only_what_a_database_can_compare_with(value: int | str) -> None:
    with pytest.raises(CursorInvalidError):
        decode_cursor(encode_cursor([value]), tuple[int | str])
