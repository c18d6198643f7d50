"""Text that people type: NFC, bounded, on one line, visible, without control characters."""

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
# Letters, numbers, punctuation, symbols; what is unassigned or private is somebody's rare name.
VISIBLE_CATEGORIES: Final = frozenset({"L", "N", "P", "S"})
MAYBE_VISIBLE_CATEGORIES: Final = frozenset({"Cn", "Co"})
# Letters and symbols by their category, and yet nothing to see: fillers and the empty Braille cell.
BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def normalise(text: object) -> object:
    """NFC, before anything is counted: it may make a text longer."""
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text


def check(text: str) -> str:
    """Raises PydanticCustomError (a ValueError) : forbidden characters, or none to see."""
    # At once where it can be: nothing that is forbidden is printable.
    if not text.isprintable() and any(map(_is_forbidden, text)):
        raise PydanticCustomError(
            "text_control_character",
            "text has no control characters, line breaks or direction marks",
        )
    # Nearly always the first one is enough; letters and numbers are visible, but for a few fillers.
    is_seen_at_once = text[:1].isalnum() and text[0] not in BLANKS
    if not is_seen_at_once and not any(map(_is_visible, text)):
        raise PydanticCustomError("text_invisible", "text has a character that can be seen")
    return text


def _is_forbidden(character: str) -> bool:
    return character in DIRECTION_MARKS or unicodedata.category(character) in FORBIDDEN_CATEGORIES


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category[0] in VISIBLE_CATEGORIES or category in MAYBE_VISIBLE_CATEGORIES
    ) and character not in BLANKS


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
