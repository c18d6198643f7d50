"""How much and how long a request may take."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from fundmix_kit.problems import RETRY_AFTER_S, ProblemError


class BodyTooLargeError(ProblemError):
    def __init__(self, body_bytes_max: int) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            f"The body may have {body_bytes_max} bytes at most.",
            # The rest of the body is not read.
            headers={"Connection": "close"},
        )


class RequestTimedOutError(ProblemError):
    def __init__(self, request_time_ms_max: int) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "request_timed_out",
            f"The request took longer than {request_time_ms_max} ms. "
            "Whether it was carried out is not known; ask again with the same Idempotency-Key.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


def limit_body(headers: Headers, receive: Receive, *, body_bytes_max: int) -> Receive:
    """Count what comes in: the declared length is checked at once, a chunked body as it comes.

    Raises BodyTooLargeError.
    """
    declared = headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > body_bytes_max:
        raise BodyTooLargeError(body_bytes_max)
    received_bytes = 0

    async def counted() -> Message:
        nonlocal received_bytes
        message = await receive()
        if message["type"] == "http.request":
            received_bytes += len(message.get("body", b""))
            if received_bytes > body_bytes_max:
                raise BodyTooLargeError(body_bytes_max)
        return message

    return counted
