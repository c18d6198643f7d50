"""What a request asks beside its path: a name that its route does not read is refused.

A filter that is misspelt, or given twice where one is read, would else be left out without a word,
and the answer taken for one to another question. Public routes are open to it: their addresses are
passed on by programs that add names of their own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, get_args, get_origin

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request

from fundmix_kit.problems import FieldError, ProblemError

SEVERAL: Final = (list, Sequence)


class QueryNotReadError(ProblemError):
    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            f"{len(errors)} parameter(s) of the request would not be read; see errors.",
            errors=errors,
        )


class QueryParameters:
    """Of each route the names that it reads in the query, and whether it reads several of one."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._by_endpoint: dict[Callable[..., Any], Mapping[str, bool]] = {}

    def require_read(self, request: Request) -> None:
        """Raises QueryNotReadError."""
        if not request.scope["query_string"]:
            return
        if errors := list(_not_read(request.query_params, self._of(request.scope["endpoint"]))):
            raise QueryNotReadError(errors)

    def _of(self, endpoint: Callable[..., Any]) -> Mapping[str, bool]:
        if endpoint not in self._by_endpoint:
            self._by_endpoint = {
                route.endpoint: _read_by(route.dependant)
                for route in iter_route_contexts(self._app.routes)
                if route.endpoint is not None and hasattr(route, "dependant")
            }
        return self._by_endpoint[endpoint]


def _read_by(dependant: Any) -> Mapping[str, bool]:
    return {
        field.alias: _is_several(field.field_info.annotation)
        for field in get_flat_params(dependant)
        if getattr(field.field_info, "in_", None) is ParamTypes.query
    }


def _is_several(annotation: object) -> bool:
    """`list[X]`, also where it may be absent."""
    return get_origin(annotation) in SEVERAL or any(map(_is_several, get_args(annotation)))


def _not_read(query: QueryParams, read: Mapping[str, bool]) -> Iterator[FieldError]:
    for name, count in Counter(name for name, _ in query.multi_items()).items():
        pointer = f"#query/{name}"
        if name not in read:
            detail = f"This route reads {', '.join(sorted(read)) or 'no parameters'}."
            yield FieldError(pointer=pointer, code="unknown_parameter", detail=detail)
        elif count > 1 and not read[name]:
            detail = f"It is given {count} times, and one is read."
            yield FieldError(pointer=pointer, code="parameter_repeated", detail=detail)
