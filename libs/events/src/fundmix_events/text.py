"""Text that people type: NFC, bounded, on one line, without control characters."""

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

# Control, surrogate and unassigned characters, and line breaks.
FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
DIRECTION_MARKS: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def clean(text: str) -> str:
    """Raises PydanticCustomError (a ValueError) for control characters and direction marks."""
    normal = unicodedata.normalize("NFC", text)
    if any(c in DIRECTION_MARKS or unicodedata.category(c) in FORBIDDEN_CATEGORIES for c in normal):
        raise PydanticCustomError(
            "text_control_character",
            "text has no control characters, line breaks or direction marks",
        )
    return normal


Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(clean),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(clean),
]
Remark = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    AfterValidator(clean),
]
