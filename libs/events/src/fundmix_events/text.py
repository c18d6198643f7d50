"""Text that people type: NFC, bounded, on one line, without control characters."""

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

# Control and surrogate characters, and line breaks. Not those that are unassigned: which these are
# depends on the age of Python's tables, and a rare name written today must be read by all.
FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
DIRECTION_MARKS: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def normalise(text: object) -> object:
    """NFC, before anything is counted: it may make a text longer."""
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text


def check(text: str) -> str:
    """Raises PydanticCustomError (a ValueError) for control characters and direction marks."""
    if text.isprintable():
        return text  # at once: nothing that is forbidden is printable
    if any(c in DIRECTION_MARKS or unicodedata.category(c) in FORBIDDEN_CATEGORIES for c in text):
        raise PydanticCustomError(
            "text_control_character",
            "text has no control characters, line breaks or direction marks",
        )
    return text


Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    BeforeValidator(normalise),
    AfterValidator(check),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    BeforeValidator(normalise),
    AfterValidator(check),
]
Remark = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    BeforeValidator(normalise),
    AfterValidator(check),
]
