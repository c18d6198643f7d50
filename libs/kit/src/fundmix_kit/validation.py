"""From Pydantic's errors to field errors: where and why, without repeating what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fundmix_kit.problems import FieldError

# Their last step names what is absent from the body, or should be.
ABOUT_A_NAME: Final = frozenset({"missing", "extra_forbidden"})


def field_errors(errors: Sequence[Mapping[str, Any]], *, body: object) -> list[FieldError]:
    return [
        FieldError(
            pointer=_pointer(error["loc"], body=body, about_a_name=error["type"] in ABOUT_A_NAME),
            code=_code(error),
            detail=error["msg"],
        )
        for error in errors
    ]


def json_pointer(steps: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _pointer(location: Sequence[str | int], *, body: object, about_a_name: bool) -> str:
    part, *steps = location
    if part != "body":
        return f"#{part}{json_pointer(steps)}"
    return json_pointer(_steps_in(body, steps, about_a_name=about_a_name))


def _steps_in(body: object, steps: Sequence[str | int], *, about_a_name: bool) -> list[str | int]:
    """The steps that lead through the body; Pydantic adds the names of union members between."""
    found: list[str | int] = []
    value = body
    for place, step in enumerate(steps):
        is_last = place == len(steps) - 1
        match value, step:
            case dict(), str() if step in value:
                value = cast("dict[str, object]", value)[step]
            case list(), int() if step < len(cast("list[object]", value)):
                value = cast("list[object]", value)[step]
            case _ if not (is_last and about_a_name):
                continue
            case _:
                pass
        found.append(step)
    return found


def _code(error: Mapping[str, Any]) -> str:
    """The stable code of our own value errors, else Pydantic's type."""
    cause = error.get("ctx", {}).get("error")
    code = getattr(cause, "code", None)
    return code if isinstance(code, str) else error["type"]
