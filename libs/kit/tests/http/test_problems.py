"""Every refusal and failure is one problem document, and a small one."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from http import HTTPStatus
from inspect import signature
from typing import Annotated, Any, ClassVar, Final, Literal

import asyncpg
import httpx2
import pytest
from fastapi import APIRouter, Header, HTTPException, Query
from fundmix_kit.database import DatabaseUnavailableError
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import PUBLIC, Policy
from fundmix_kit.problems import (
    EDGE_TITLES,
    FIELD_ERRORS_MAX,
    FieldError,
    Language,
    ProblemError,
    ProblemTable,
    Title,
    preferred_language,
    problem_type,
)
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

BODY_BYTES_MAX: Final = 200_000
REQUEST_TIME_MS_MAX: Final = 100


class LibraryError(Exception):
    code: ClassVar[str] = "library"


class BookLentError(LibraryError):
    code: ClassVar[str] = "book_lent"


class BookLentTwiceError(BookLentError):
    code: ClassVar[str] = "book_lent_twice"


class PagesInvalidError(LibraryError):
    code: ClassVar[str] = "pages_invalid"
    pointer = "/pages"


class NobodyMappedError(LibraryError):
    code: ClassVar[str] = "nobody_mapped"


TABLE: Final = ProblemTable(
    {BookLentError: HTTPStatus.CONFLICT, PagesInvalidError: HTTPStatus.UNPROCESSABLE_ENTITY},
    {
        "book_lent": Title(zh="书已借出", en="Book lent"),
        "pages_invalid": Title(zh="页码有误", en="Pages invalid"),
    },
)


class CodedError(ValueError):
    code = "isbn_check_digit"


class Paper(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["paper"]
    pages: int


class Audio(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["audio"]
    minutes: int


class Book(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=20)
    pages: int = 1
    form: Annotated[Paper | Audio, Field(discriminator="kind")] | None = None
    shelf: int | Literal["cellar"] = 1
    authors: list[str] = []
    marks: dict[str, int] = {}


router = APIRouter()


@router.post("/books/{number}")
async def lend(
    number: int,
    book: Book,
    limit: Annotated[int, Query(ge=1)] = 1,
    x_count: Annotated[int, Header()] = 0,
) -> int:
    return number + book.pages + limit + x_count


FAILURES: Final[dict[str, Exception]] = {
    "lent": BookLentError("the book is with li.na"),
    "twice": BookLentTwiceError("the book is lent twice"),
    "pages": PagesInvalidError("no book has 0 pages"),
    "quota": HTTPException(429, "slow down", {"Retry-After": "7"}),
    "teapot": HTTPException(418, "short and stout"),
    "database": DatabaseUnavailableError("10.0.0.7 does not answer"),
    "lock": asyncpg.LockNotAvailableError("lock timeout"),
    "ours": AssertionError("secret detail"),
    "timeout": TimeoutError("of somebody else"),
}


@router.get("/failures/{name}")
async def fail(name: str) -> None:
    raise FAILURES[name]


@router.get("/never")
async def never() -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def client(tokens: TokenSigner) -> AsyncGenerator[httpx2.AsyncClient]:
    routes = [("POST", "/books/{number}"), ("GET", "/failures/{name}"), ("GET", "/never")]
    app = build_app(
        title="library",
        settings=HttpSettings(
            port=1, body_bytes_max=BODY_BYTES_MAX, request_time_ms_max=REQUEST_TIME_MS_MAX
        ),
        table=TABLE,
        policy=Policy(dict.fromkeys(routes, PUBLIC)),
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        yield client


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The document, which is right in all that every problem has in common."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"urn:fundmix:problem:{code.replace('_', '-')}"
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == f"urn:fundmix:request:{answer.headers['x-request-id']}"
    assert document.keys() <= {*("type", "title", "status", "detail", "instance", "code", "errors")}
    return document


def pointers(document: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in document["errors"]]


async def test_an_unknown_path_is_not_found(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/nothing/here"), 404, "not_found")


async def test_a_method_that_a_path_does_not_have_is_named_with_those_it_has(
    client: httpx2.AsyncClient,
) -> None:
    for method in ("PUT", "OPTIONS", "BREW"):
        answer = await client.request(method, "/books/1")

        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "POST"


async def test_a_body_declared_too_large_is_refused_unread(client: httpx2.AsyncClient) -> None:
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"x"

    headers = {"content-length": str(BODY_BYTES_MAX + 1)}
    answer = await client.post("/books/1", content=body(), headers=headers)

    problem(answer, 413, "body_too_large")
    assert not read


async def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_large(
    client: httpx2.AsyncClient,
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 10_000
            yield b" " * 10_000

    answer = await client.post(
        "/books/1", content=endless(), headers={"content-type": "application/json"}
    )

    problem(answer, 413, "body_too_large")
    assert read <= BODY_BYTES_MAX + 10_000


async def test_a_body_of_just_the_largest_size_is_read(client: httpx2.AsyncClient) -> None:
    body = b'{"title": "Tao"}'.ljust(BODY_BYTES_MAX)

    answer = await client.post(
        "/books/1", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == HTTPStatus.OK


async def test_another_media_type_is_refused(client: httpx2.AsyncClient) -> None:
    for media_type in ("text/plain", "application/xml", "multipart/form-data", ""):
        answer = await client.post(
            "/books/1", content=b'{"title": "Tao"}', headers={"content-type": media_type}
        )

        problem(answer, 415, "unsupported_media_type")
        assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [b'{"title":', b"{'title': 1}", b'{"title": "\xff"}', b"[" * 100_000, b"{} {}", b"nul"],
    ids=lambda body: body[:12],
)
async def test_malformed_json_is_a_bad_request(body: bytes, client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/books/1", content=body, headers={"content-type": "application/json"}
    )

    problem(answer, 400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/title", "missing"),
        ([], "", "model_attributes_type"),
        (None, "", "missing"),
        ({"title": 1}, "/title", "string_type"),
        ({"title": "x" * 21}, "/title", "string_too_long"),
        ({"title": "x", "colour": 1}, "/colour", "extra_forbidden"),
        ({"title": "x", "a/b~c": 1}, "/a~1b~0c", "extra_forbidden"),
        ({"title": "x", "authors": ["a", 2]}, "/authors/1", "string_type"),
        ({"title": "x", "marks": {"a/b": "c"}}, "/marks/a~1b", "int_parsing"),
        ({"title": "x", "form": {"kind": "paper"}}, "/form/pages", "missing"),
        ({"title": "x", "form": {"kind": "paper", "pages": "z"}}, "/form/pages", "int_parsing"),
        ({"title": "x", "form": {"kind": "wax"}}, "/form", "union_tag_invalid"),
        ({"title": "x", "form": {"kind": "audio", "pages": 1}}, "/form/minutes", "missing"),
        ({"title": "x", "shelf": "attic"}, "/shelf", "int_parsing"),
    ],
    ids=str,
)
async def test_a_pointer_leads_to_the_value_of_the_body_that_does_not_fit(
    body: object, pointer: str, code: str, client: httpx2.AsyncClient
) -> None:
    document = problem(await client.post("/books/1", json=body), 422, "invalid_request")

    assert (document["errors"][0]["pointer"], document["errors"][0]["code"]) == (pointer, code)


async def test_what_does_not_fit_outside_the_body_is_named_by_its_place(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(
        "/books/one?limit=0", json={"title": "x"}, headers={"x-count": "many"}
    )

    document = problem(answer, 422, "invalid_request")
    assert set(pointers(document)) == {"#path/number", "#query/limit", "#header/x-count"}


async def test_a_problem_stays_small_and_does_not_repeat_what_was_sent(
    client: httpx2.AsyncClient,
) -> None:
    huge = "秘" * 5_000
    body = {"title": huge, huge: 1, "authors": [1] * 1_000, "marks": {huge: "x"}}

    answer = await client.post("/books/1", json=body)

    document = problem(answer, 422, "invalid_request")
    assert len(document["errors"]) == FIELD_ERRORS_MAX
    assert len(answer.content) < 20_000
    assert huge[:300] not in answer.text


async def test_a_name_that_cannot_be_encoded_does_not_break_the_answer(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(
        "/books/1",
        content=b'{"title": "x", "\\ud800": 1}',
        headers={"content-type": "application/json"},
    )

    problem(answer, 422, "invalid_request")


async def test_a_refusal_has_the_status_of_the_nearest_class_in_the_table(
    client: httpx2.AsyncClient,
) -> None:
    lent = problem(await client.get("/failures/lent"), 409, "book_lent")
    twice = problem(await client.get("/failures/twice"), 409, "book_lent_twice")

    assert (lent["title"], lent["detail"]) == ("书已借出", "the book is with li.na")
    assert "errors" not in lent
    assert twice["detail"] == "the book is lent twice"


async def test_a_refusal_that_knows_its_place_points_to_it(client: httpx2.AsyncClient) -> None:
    document = problem(await client.get("/failures/pages"), 422, "pages_invalid")

    assert document["errors"] == [
        {"pointer": "/pages", "code": "pages_invalid", "detail": "no book has 0 pages"}
    ]


async def test_statuses_that_others_raise_have_their_problem_and_keep_their_headers(
    client: httpx2.AsyncClient,
) -> None:
    too_many = await client.get("/failures/quota")
    problem(too_many, 429, "too_many_requests")
    problem(await client.get("/failures/teapot"), 418, "bad_request")

    assert too_many.headers["retry-after"] == "7"


@pytest.mark.parametrize(("name", "code"), [("database", "database_unavailable"), ("lock", "busy")])
async def test_a_passing_failure_says_when_to_come_again_and_not_why(
    name: str, code: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.get(f"/failures/{name}")

    document = problem(answer, 503, code)
    assert int(answer.headers["retry-after"]) > 0
    assert str(FAILURES[name]) not in document["detail"]


@pytest.mark.parametrize("name", ["ours", "timeout"])
async def test_our_own_failure_is_a_500_without_its_detail(
    name: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.get(f"/failures/{name}")

    problem(answer, 500, "internal_error")
    assert str(FAILURES[name]) not in answer.text


async def test_a_request_that_takes_too_long_is_ended(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/never")

    problem(answer, 503, "request_timed_out")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", Language.ZH),
        ("zh-CN", Language.ZH),
        ("en", Language.EN),
        ("en-GB,en;q=0.9", Language.EN),
        ("zh;q=0.5, en;q=0.9", Language.EN),
        ("en;q=0.5, zh-Hant;q=0.9", Language.ZH),
        ("en, zh", Language.ZH),
        ("fr, de", Language.ZH),
        ("fr, en;q=0.1", Language.EN),
        ("*", Language.ZH),
        ("en;q=0", Language.ZH),
        ("en;q=abc", Language.ZH),
        ("EN", Language.EN),
        (";;;,,,q=;", Language.ZH),
    ],
)
def test_the_title_is_in_the_callers_language_and_chinese_first(
    accepted: str, language: Language
) -> None:
    assert preferred_language(accepted) is language


@given(st.text())
def test_no_accept_language_breaks_the_answer(accepted: str) -> None:
    assert preferred_language(accepted) in Language


async def test_the_type_is_the_same_in_every_language(client: httpx2.AsyncClient) -> None:
    zh = await client.get("/nothing", headers={"accept-language": "zh"})
    en = await client.get("/nothing", headers={"accept-language": "en"})

    assert (zh.json()["title"], en.json()["title"]) == ("未找到", "Not found")
    assert zh.json()["type"] == en.json()["type"]
    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh-CN", "en")
    assert "Accept-Language" in zh.headers["vary"]


def test_a_table_knows_which_refusals_it_lacks() -> None:
    assert TABLE.missing(LibraryError) == {
        "BookLentTwiceError (book_lent_twice)",
        "NobodyMappedError (nobody_mapped)",
    }


def edge_errors(base: type[ProblemError] = ProblemError) -> list[type[ProblemError]]:
    children = base.__subclasses__()
    return children + [error for child in children for error in edge_errors(child)]


@pytest.mark.parametrize("error_type", edge_errors(), ids=lambda error: error.__name__)
def test_every_refusal_of_the_edge_has_a_title(error_type: type[ProblemError]) -> None:
    examples: dict[object, object] = {int: 1, str: "text", Sequence[FieldError]: []}
    required = [
        examples[parameter.annotation]
        for parameter in signature(error_type).parameters.values()
        if parameter.default is parameter.empty
    ]

    error = error_type(*required)  # pyright: ignore[reportArgumentType]  # each class has its own few arguments

    assert error.code in EDGE_TITLES
    assert re.fullmatch(r"urn:fundmix:problem:[a-z-]+", problem_type(error.code))
