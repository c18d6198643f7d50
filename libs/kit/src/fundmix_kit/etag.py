"""Versions as strong entity tags (RFC 9110): who changes something says what he has seen."""

import re
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.problems import FieldError, ProblemError

TAG: Final = re.compile(r'"(?P<version>[0-9]{1,18})"')
# A tag that can be no version of ours: well formed, and sure not to match.
NO_VERSION: Final = -1
ANY_TAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')


class IfMatchMissingError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.PRECONDITION_REQUIRED,
            "if_match_missing",
            "Send If-Match with the ETag of what you have read.",
        )


class IfMatchInvalidError(ProblemError):
    def __init__(self) -> None:
        detail = 'If-Match must be "*" or one entity tag, such as "3" with its quotes.'
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "if_match_invalid",
            detail,
            errors=[FieldError(pointer="#header/if-match", code="if_match_invalid", detail=detail)],
        )


class VersionMismatchError(ProblemError):
    def __init__(self, current_version: int) -> None:
        super().__init__(
            HTTPStatus.PRECONDITION_FAILED,
            "version_mismatch",
            "It was changed since you have read it; read it again.",
            headers={"ETag": etag(current_version)},
        )


def etag(version: int) -> str:
    return f'"{version}"'


def expected_version(request: Request, *, required: bool) -> int | None:
    """The version the caller has seen; None: any (`*`, or no If-Match where none is required).

    Raises IfMatchMissingError and IfMatchInvalidError.
    """
    sent = request.headers.get("if-match", "").strip()
    if not sent:
        if required:
            raise IfMatchMissingError
        return None
    if sent == "*":
        return None
    if not ANY_TAG.fullmatch(sent):
        raise IfMatchInvalidError
    match = TAG.fullmatch(sent)
    return int(match["version"]) if match else NO_VERSION


def check_version(current_version: int, *, expected: int | None) -> None:
    """Raises VersionMismatchError. Call it with the row locked."""
    if expected is not None and expected != current_version:
        raise VersionMismatchError(current_version)


def resource_response(request: Request, body: BaseModel, *, version: int) -> Response:
    """A single resource with its tag, or 304 for a caller who has this version."""
    tag = etag(version)
    # Kept only by the caller's own cache, and asked for again each time.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {item.strip() for item in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, f"W/{tag}", "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers)
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")
