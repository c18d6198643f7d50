"""The unified social credit code of an organisation (GB 32100-2015)."""

import unicodedata
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHARACTERS: Final = frozenset(ALPHABET)
LENGTH: Final = 18
VALUE_OF: Final = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(LENGTH - 1))
# Dashes and invisible marks, as found by their category; a minus sign is typed for a hyphen.
SEPARATOR_CATEGORIES: Final = frozenset({"Pd", "Cf"})
MINUS_SIGN: Final = "\u2212"

# What kind of organisation a registering office stands for, by the first two characters.
KIND_BY_PREFIX: Final = {
    "11": "government",
    "12": "public_institution",
    "51": "social_group",
    "52": "agency",
    "53": "foundation",
    "91": "enterprise",
}


def check_character(first_seventeen: str) -> str:
    total = sum(VALUE_OF[c] * w for c, w in zip(first_seventeen, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def normalise(text: str) -> str:
    """Undo what people type: blanks, hyphens, full-width and lower-case characters."""
    if text.isascii() and text.isalnum():
        return text.upper()
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c for c in plain if not _is_separator(c)).upper()


def _is_separator(character: str) -> bool:
    return (
        character.isspace()
        or character == MINUS_SIGN
        or unicodedata.category(character) in SEPARATOR_CATEGORIES
    )


def check(code: str) -> str:
    """Raises PydanticCustomError (a ValueError) saying which of the three rules is broken."""
    if len(code) != LENGTH:
        raise PydanticCustomError(
            "credit_code_length", "a unified social credit code has 18 characters"
        )
    if not CHARACTERS.issuperset(code):
        raise PydanticCustomError(
            "credit_code_character",
            "a unified social credit code has digits and capital letters without I, O, S, V, Z",
        )
    if code[-1] != check_character(code[:-1]):
        raise PydanticCustomError(
            "credit_code_check", "the last character does not match the others: mistyped?"
        )
    return code


def _read(text: str) -> str:
    return _remembered(text) if len(text) == LENGTH else check(normalise(text))


# The same few organisations stand in nearly every event.
@lru_cache(maxsize=4_096)
def _remembered(text: str) -> str:
    return check(normalise(text))


CreditCode = Annotated[
    str,
    AfterValidator(_read),
    Field(
        json_schema_extra={"pattern": f"^[{ALPHABET}]{{18}}$", "examples": ["52441900AJC6XAY6DW"]}
    ),
]
