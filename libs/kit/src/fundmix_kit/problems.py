"""Every refusal and failure leaves as one RFC 9457 document: `application/problem+json`.

`errors` says where it went wrong. `pointer` is a JSON pointer (RFC 6901) into the request's body,
such as `/instalments/2/amount` ("" is the whole body); what is wrong outside the body is named
`#query/limit`, `#path/contract_id`, `#header/idempotency-key` or `#cookie/name`.

`type` and `code` are for programs and never change; `title` is for people, in the language of
`Accept-Language`, Chinese first; `instance` names the request, as the log does.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from fundmix_kit.request_context import context_of

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2

# A document stays small whatever was sent.
FIELD_ERRORS_MAX: Final = 50
POINTER_CHARACTERS_MAX: Final = 200
DETAIL_CHARACTERS_MAX: Final = 500
LANGUAGE_RANGES_MAX: Final = 20


class Language(StrEnum):
    ZH = "zh-CN"
    EN = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Title:
    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    pointer: str
    code: str
    detail: str


class ProblemError(HTTPException):
    """A refusal by the HTTP edge itself; the domain's own refusals know no HTTP.

    It is an HTTPException because FastAPI lets only those pass while it reads a body.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.status = status
        self.code = code
        self.errors = tuple(errors)


# The codes of the edge itself. Those with the name of a status answer what Starlette raises.
EDGE_TITLES: Final[Mapping[str, Title]] = {
    "bad_request": Title(zh="请求有误", en="Bad request"),
    "body_too_large": Title(zh="请求内容过大", en="Request body too large"),
    "busy": Title(zh="系统繁忙，请稍后重试", en="Too busy right now"),
    "catching_up": Title(zh="系统正在恢复，请稍后重试", en="Still catching up"),
    "database_unavailable": Title(zh="数据库暂不可用", en="Database unavailable"),
    "dev_issuer_refused": Title(zh="不接受开发环境的令牌", en="Development token refused"),
    "foreign_level": Title(zh="属于另一付款层级", en="Belongs to the other level"),
    "foreign_row": Title(zh="无权访问其他单位的数据", en="Belongs to another organisation"),
    "forbidden": Title(zh="没有权限", en="Not allowed"),
    "idempotency_key_invalid": Title(zh="幂等键无效", en="Invalid idempotency key"),
    "idempotency_key_missing": Title(zh="缺少幂等键", en="Idempotency key missing"),
    "idempotency_key_reused": Title(
        zh="幂等键已用于另一请求", en="Idempotency key used for another request"
    ),
    "if_match_invalid": Title(zh="If-Match 无效", en="Invalid If-Match"),
    "if_match_missing": Title(zh="缺少 If-Match", en="If-Match missing"),
    "internal_error": Title(zh="系统内部错误", en="Internal error"),
    "invalid_request": Title(zh="请求内容不符合要求", en="Request does not fit"),
    "issuer_unavailable": Title(zh="身份服务暂不可用", en="Token issuer unavailable"),
    "malformed_json": Title(zh="JSON 格式错误", en="Malformed JSON"),
    "method_not_allowed": Title(zh="不支持此方法", en="Method not allowed"),
    "not_found": Title(zh="未找到", en="Not found"),
    "organisation_missing": Title(zh="令牌未注明单位", en="Token names no organisation"),
    "position_invalid": Title(zh="Fundmix-After 无效", en="Invalid Fundmix-After"),
    "replica_lags": Title(zh="数据同步中，请稍后重试", en="Replica lags behind"),
    "request_timed_out": Title(zh="处理超时", en="Request took too long"),
    "role_not_allowed": Title(zh="此角色没有权限", en="Role not allowed"),
    "route_without_policy": Title(zh="此接口未开放", en="Route not open"),
    "service_unavailable": Title(zh="服务暂不可用", en="Service unavailable"),
    "too_many_requests": Title(zh="请求过于频繁", en="Too many requests"),
    "too_many_streams": Title(zh="导出任务过多，请稍后重试", en="Too many long answers"),
    "unauthenticated": Title(zh="未登录或令牌无效", en="Not authenticated"),
    "unsupported_media_type": Title(zh="不支持的内容类型", en="Unsupported media type"),
    "version_mismatch": Title(zh="数据已被他人修改", en="Changed in the meantime"),
}

CODE_BY_STATUS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_request",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "service_unavailable",
}


class ProblemTable:
    """A service's table: which status each refusal of its domain has, and what it is called."""

    def __init__(
        self,
        status_by_error: Mapping[type[Exception], HTTPStatus],
        titles: Mapping[str, Title],
    ) -> None:
        self.status_by_error = dict(status_by_error)
        self._titles = {**EDGE_TITLES, **titles}

    def status_of(self, error: Exception) -> HTTPStatus:
        """The status of the nearest class in the table."""
        return next(
            self.status_by_error[base] for base in type(error).mro() if base in self.status_by_error
        )

    def title_of(self, code: str, status: HTTPStatus) -> Title:
        generic = CODE_BY_STATUS.get(status, "bad_request")
        return self._titles.get(code) or self._titles[generic]

    def missing(self, base: type[Exception]) -> set[str]:
        """The refusals under `base` without status or title; a service tests that it is empty."""
        codes: dict[type[Exception], str] = {
            error: error.__dict__["code"] for error in _subclasses(base) if "code" in error.__dict__
        }
        return {
            f"{error.__name__} ({code})"
            for error, code in codes.items()
            if code not in self._titles or not any(e in self.status_by_error for e in error.mro())
        }


def _subclasses(base: type[Exception]) -> set[type[Exception]]:
    children = set(base.__subclasses__())
    return children.union(*(_subclasses(child) for child in children))


def problem_type(code: str) -> str:
    return f"urn:fundmix:problem:{code.replace('_', '-')}"


def problem_response(
    scope: Scope,
    table: ProblemTable,
    *,
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    language = preferred_language(Headers(scope=scope).get("accept-language", ""))
    document: dict[str, object] = {
        "type": problem_type(code),
        "title": table.title_of(code, status).in_language(language),
        "status": status.value,
        "detail": detail[:DETAIL_CHARACTERS_MAX],
        "instance": f"urn:fundmix:request:{context_of(scope).request_id}",
        "code": code,
    }
    if errors:
        document["errors"] = [asdict(bounded(error)) for error in errors[:FIELD_ERRORS_MAX]]
    return Response(
        # Lone surrogates may come in with a JSON escape; they must not break the answer.
        json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace"),
        status.value,
        {**(headers or {}), "Content-Language": language, "Vary": "Accept-Language"},
        PROBLEM_MEDIA_TYPE,
    )


def answer_problem(scope: Scope, table: ProblemTable, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    is_ours = isinstance(error, ProblemError)
    return problem_response(
        scope,
        table,
        status=status,
        code=error.code if is_ours else CODE_BY_STATUS.get(status, "bad_request"),
        detail=error.detail,
        errors=error.errors if is_ours else (),
        headers=error.headers,
    )


def bounded(error: FieldError) -> FieldError:
    return FieldError(
        pointer=error.pointer[:POINTER_CHARACTERS_MAX],
        code=error.code[:POINTER_CHARACTERS_MAX],
        detail=error.detail[:DETAIL_CHARACTERS_MAX],
    )


def preferred_language(accept_language: str) -> Language:
    """English where it is asked for before Chinese (RFC 9110, 12.5.4); Chinese otherwise."""
    weights = {"zh": 0.0, "en": 0.0, "*": 0.0}
    for item in accept_language.split(",")[:LANGUAGE_RANGES_MAX]:
        language_range, _, parameter = item.partition(";")
        primary = language_range.strip().lower().partition("-")[0]
        if primary in weights:
            weights[primary] = max(weights[primary], _quality(parameter))
    return Language.EN if weights["en"] > max(weights["zh"], weights["*"]) else Language.ZH


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
