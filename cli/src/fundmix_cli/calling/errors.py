"""Why a call did not come to its end.

CallError
├── NotRunningError       no installation runs in that folder
├── ServiceAwayError      a service gave no answer for as long as we were willing to ask
├── TokenRefusedError     the issuer gives no token to such a person
└── RefusedError          a service has understood the request, and turns it down
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from fundmix_cli.claims import Claims


class CallError(Exception):
    pass


class NotRunningError(CallError):
    def __init__(self, home: Path) -> None:
        super().__init__(f"nothing runs in {home}: start it with fundmix up")


class ServiceAwayError(CallError):
    def __init__(self, url: str, reason: str, *, time_s: float) -> None:
        super().__init__(f"no answer from {url} in {time_s:.0f} s: {reason}")


class TokenRefusedError(CallError):
    def __init__(self, claims: Claims, status: int) -> None:
        super().__init__(f"the issuer gives no token for {claims}: status {status}")


class FieldProblem(BaseModel):
    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457) of our services."""

    status: int
    code: str
    detail: str = ""
    errors: Sequence[FieldProblem] = ()


class RefusedError(CallError):
    def __init__(self, problem: Problem) -> None:
        fields = [f"{error.pointer}: {error.detail}" for error in problem.errors]
        reason = "; ".join(fields) or problem.detail or problem.code
        super().__init__(f"{reason} ({problem.code}, {problem.status})")
        self.problem = problem


@contextmanager
def first_of_group() -> Generator[None]:
    """Of the call errors of requests that ran together, raise the first.

    A group with any other error in it stays as it is: that is a mistake of our own.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        _, others = group.split(CallError)
        if others is not None:
            raise
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # isinstance loses what is in the group
        raise error from None
