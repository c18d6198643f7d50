"""A body is read as it was meant: a name that stands twice in an object of JSON is refused.

One of the two would else be left out without a word, and an amount taken that nobody meant.
"""

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.problems import FieldError, ProblemError
from fundmix_kit.validation import json_pointer

Pairs = list[tuple[str, Any]]
Steps = tuple[str | int, ...]


class MemberRepeatedError(ProblemError):
    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            f"{len(errors)} name(s) of the body stand more than once in one object; see errors.",
            errors=errors,
        )


class StrictRequest(Request):
    async def json(self) -> Any:
        """Raises MemberRepeatedError, and JSONDecodeError."""
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


def read_strictly(router: APIRouter) -> None:
    """Have all routes of a router read bodies so: said once, not where each router is made."""
    for context in iter_route_contexts(router.routes):
        if isinstance(context.original_route, APIRoute):
            context.original_route.__class__ = StrictRoute


def read_json(body: bytes) -> Any:
    """Raises MemberRepeatedError, and JSONDecodeError."""
    repeated: dict[int, Pairs] = {}

    def members(pairs: Pairs) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated[id(found)] = pairs
        return found

    value = json.loads(body, object_pairs_hook=members)
    if repeated:
        raise MemberRepeatedError([_error(steps) for steps in _places(value, repeated, ())])
    return value


def _error(steps: Steps) -> FieldError:
    return FieldError(
        pointer=json_pointer(steps),
        code="member_repeated",
        detail="It stands more than once in its object, and one would be read.",
    )


def _places(value: object, repeated: dict[int, Pairs], steps: Steps) -> Iterator[Steps]:
    """Where they stand; also in what the last of them has hidden."""
    match value:
        case dict():
            members = cast("dict[str, object]", value)
            pairs = repeated.get(id(members), list(members.items()))
            counts = Counter(name for name, _ in pairs)
            yield from ((*steps, name) for name, count in counts.items() if count > 1)
            for name, member in pairs:
                yield from _places(member, repeated, (*steps, name))
        case list():
            for place, item in enumerate(cast("list[object]", value)):
                yield from _places(item, repeated, (*steps, place))
        case _:
            pass
