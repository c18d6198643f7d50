"""Lists by keyset: a page starts after the last sort key of the one before, whatever was added."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.problems import FieldError, ProblemError

PAGE_ROWS_MAX: Final = 200
PAGE_ROWS: Final = 50
CURSOR_CHARACTERS_MAX: Final = 1_000
BIGINT: Final = range(-(2**63), 2**63)

Key = TypeVar("Key", bound=tuple[object, ...])
Row = TypeVar("Row")
Item = TypeVar("Item", bound=BaseModel)


class CursorInvalidError(ProblemError):
    def __init__(self) -> None:
        detail = "The cursor is none that this list has given."
        super().__init__(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            detail,
            errors=[FieldError(pointer="#query/cursor", code="cursor_invalid", detail=detail)],
        )


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = None


def encode_cursor(sort_key: Sequence[object]) -> str:
    return urlsafe_b64encode(to_json(sort_key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, key_type: type[Key]) -> Key:
    """`key_type` is the tuple type of the list's sort key. Raises CursorInvalidError."""
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        key: Key = _adapter(key_type).validate_json(text)
    except (binascii.Error, ValueError, ValidationError) as error:
        raise CursorInvalidError from error
    if not all(map(_is_comparable, key)):
        raise CursorInvalidError
    return key


def _is_comparable(value: object) -> bool:
    """A cursor is the caller's text, which may name what PostgreSQL has no value for."""
    match value:
        case int():
            return value in BIGINT
        case str():
            return "\x00" not in value
        case _:
            return True


@lru_cache(maxsize=64)
def _adapter(key_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(key_type)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageParams:
    limit: int = PAGE_ROWS
    cursor: str | None = None

    @property
    def rows_to_read(self) -> int:
        """One more than is shown: it tells whether another page follows."""
        return self.limit + 1

    def after(self, key_type: type[Key]) -> Key | None:
        """The sort key to start after; None: from the beginning. Raises CursorInvalidError."""
        return None if self.cursor is None else decode_cursor(self.cursor, key_type)


async def page_params(
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
) -> PageParams:
    return PageParams(limit=limit, cursor=cursor)


PageDep = Annotated[PageParams, Depends(page_params)]


def page_response(
    request: Request,
    rows: Sequence[Row],
    *,
    page: PageParams,
    sort_key: Callable[[Row], Sequence[object]],
    item: Callable[[Row], BaseModel],
    go_on_after: Sequence[object] | None = None,
    body_of: Callable[..., Page[BaseModel]] = Page[BaseModel],
) -> Response:
    """The page of `rows`, of which `page.rows_to_read` were read.

    `go_on_after` is where a search that looked far enough for one page goes on, although it has
    found no more rows; `body_of` makes a page that says more than its items.
    """
    shown = rows[: page.limit]
    has_more = len(rows) > page.limit
    next_key = sort_key(shown[-1]) if has_more else go_on_after
    next_cursor = None if next_key is None else encode_cursor(next_key)
    body = body_of(items=[item(row) for row in shown], next_cursor=next_cursor)
    headers: dict[str, str] = {}
    if next_cursor is not None:
        headers["Link"] = f'<{_next_url(request, next_cursor)}>; rel="next"'
    content = body.model_dump_json(serialize_as_any=True)
    return Response(content, headers=headers, media_type="application/json")


def _next_url(request: Request, cursor: str) -> str:
    """Relative: behind a proxy we do not know under which name we are called."""
    others = [
        (name, value) for name, value in request.query_params.multi_items() if name != "cursor"
    ]
    return f"{request.url.path}?{urlencode([*others, ('cursor', cursor)])}"
