"""The ids of a request: the same in its log lines, its problem document and its events."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from fundmix_kit.ids import uuid7

SCOPE_KEY: Final = "fundmix.request_context"

# What a caller sends is copied into logs and events: short and plain, or not at all.
PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestContext:
    request_id: str
    correlation_id: str
    # W3C Trace Context, as it came.
    traceparent: str | None = None

    @property
    def trace_id(self) -> str | None:
        match = TRACEPARENT.fullmatch(self.traceparent or "")
        return match["trace_id"] if match else None


def read_context(headers: Headers) -> RequestContext:
    request_id = _plain(headers.get("x-request-id")) or str(uuid7())
    traceparent = headers.get("traceparent", "")
    return RequestContext(
        request_id=request_id,
        correlation_id=_plain(headers.get("x-correlation-id")) or request_id,
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else None,
    )


def context_of(scope: Scope) -> RequestContext:
    context = scope[SCOPE_KEY]
    assert isinstance(context, RequestContext), "the request did not come through the edge"
    return context


def _plain(value: str | None) -> str | None:
    return value if value is not None and PLAIN_ID.fullmatch(value) else None
