"""Which problem document answers which exception."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, cast

import asyncpg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.database import DatabaseUnavailableError
from fundmix_kit.problems import (
    RETRY_AFTER_S,
    FieldError,
    ProblemError,
    ProblemTable,
    answer_problem,
    problem_response,
)
from fundmix_kit.validation import field_errors

RETRY_AFTER: Final[Mapping[str, str]] = {"Retry-After": str(RETRY_AFTER_S)}

# A lock or a statement took longer than its limit: the same request may work later.
BUSY: Final = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


class MalformedJsonError(ProblemError):
    def __init__(self, reason: str) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST, "malformed_json", f"The body is not JSON: {reason}."
        )


def install_problems(app: FastAPI, table: ProblemTable) -> None:
    """Have every exception that a route may raise answered from `table`.

    What nothing here answers is ours: `fundmix_kit.edge` logs it and answers 500.
    """

    async def refused(request: Request, error: Exception) -> Response:
        code = cast("str", getattr(error, "code", "bad_request"))
        pointer = cast("str | None", getattr(error, "pointer", None))
        errors = (
            [] if pointer is None else [FieldError(pointer=pointer, code=code, detail=str(error))]
        )
        return problem_response(
            request.scope,
            table,
            status=table.status_of(error),
            code=code,
            detail=str(error),
            errors=errors,
        )

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        # FastAPI's answer to JSON that is not even text, or is nested too deep.
        is_unreadable = not isinstance(error, ProblemError) and isinstance(
            error.__cause__, UnicodeDecodeError | RecursionError
        )
        answered = MalformedJsonError("it cannot be read") if is_unreadable else error
        return answer_problem(request.scope, table, answered)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer_problem(request.scope, table, _invalid_request(error))

    async def database_away(request: Request, _: Exception) -> Response:
        return problem_response(
            request.scope,
            table,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code=DatabaseUnavailableError.code,
            detail="The database cannot be reached for now.",
            headers=RETRY_AFTER,
        )

    async def busy(request: Request, _: Exception) -> Response:
        return problem_response(
            request.scope,
            table,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code="busy",
            detail="Others work on the same data; it took too long to wait for them.",
            headers=RETRY_AFTER,
        )

    for error_type in table.status_by_error:
        app.add_exception_handler(error_type, refused)
    for error_type in BUSY:
        app.add_exception_handler(error_type, busy)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(DatabaseUnavailableError, database_away)


def _invalid_request(error: RequestValidationError) -> ProblemError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return MalformedJsonError(f"{first['ctx']['error']} at character {first['loc'][1]}")
    # FastAPI hands on the bytes of a body that is not declared to be JSON.
    if isinstance(error.body, bytes):
        return ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be sent as application/json.",
            headers={"Accept": "application/json"},
        )
    errors = field_errors(error.errors(), body=error.body)
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_request",
        f"{len(errors)} value(s) of the request do not fit; see errors.",
        errors=errors,
    )
