"""Text is NFC, on one line, bounded, and stays as it is once it has been read."""

import unicodedata
from typing import Any, Final

import pytest
from fundmix_events.text import DIRECTION_MARKS, Label, Name, Remark
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

LABELS: Final = TypeAdapter[str](Label)
# Its NFC is two characters, so that counting first would let twice the length through.
GROWS: Final = "\u0958"


def code_of_refusal(text: object) -> str:
    with pytest.raises(ValidationError) as refused:
        LABELS.validate_python(text)
    (found,) = refused.value.errors()
    return found["type"]


@given(st.text(max_size=80))
def test_what_was_read_is_read_again_as_it_is(text: str) -> None:
    try:
        label = LABELS.validate_python(text)
    except ValidationError:
        return
    assert unicodedata.is_normalized("NFC", label)
    assert LABELS.validate_python(label) == label
    assert LABELS.validate_json(LABELS.dump_json(label)) == label


def test_two_ways_to_write_a_letter_are_one_text() -> None:
    assert LABELS.validate_python("Caf\u0065\u0301") == "Caf\u00e9"


def test_blanks_around_a_text_are_not_part_of_it() -> None:
    assert LABELS.validate_python("\u3000 长者助餐\t\r\n") == "长者助餐"


@pytest.mark.parametrize(
    "text",
    ["长者助餐", "O'Brien & Söhne №5", "𠮷野家", "\U0002ebf0", "👩‍👧", "ａｂｃ", "a\u00a0b"],
)
def test_what_names_are_made_of_is_kept(text: str) -> None:
    assert LABELS.validate_python(text) == text


@pytest.mark.parametrize(
    "character",
    ["\0", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", *sorted(DIRECTION_MARKS)],
    ids=ascii,
)
def test_control_characters_and_direction_marks_are_refused(character: str) -> None:
    assert code_of_refusal(f"a{character}b") == "text_control_character"


def test_half_a_character_is_refused() -> None:
    assert code_of_refusal("a\ud800b") in {"string_unicode", "text_control_character"}


@pytest.mark.parametrize("text", ["", " ", "\t\n\u3000"])
def test_nothing_is_no_text(text: str) -> None:
    assert code_of_refusal(text) == "string_too_short"


@pytest.mark.parametrize(
    "text",
    ["\u200b", "\u200b\u200d\ufeff", "\u00ad", "\u2060 \u2060", "\u3164", "\u2800", "\u0301"],
    ids=ascii,
)
@pytest.mark.parametrize("kind", [Label, Name, Remark])
def test_what_nobody_can_see_is_no_text(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter[str](kind).validate_python(text)

    assert [found["type"] for found in refused.value.errors()] == ["text_invisible"]


@pytest.mark.parametrize(
    "text", ["中", "7", "№", "—", "\u200b中", "\ue000", "\U000323b0"], ids=ascii
)
def test_one_character_to_see_is_enough(text: str) -> None:
    assert LABELS.validate_python(text) == text


@pytest.mark.parametrize("value", [None, 5, 5.0, True, ["a"]])
def test_only_text_is_text(value: object) -> None:
    assert code_of_refusal(value) == "string_type"


@pytest.mark.parametrize(("kind", "length_max"), [(Label, 64), (Name, 200), (Remark, 1000)])
def test_the_length_is_that_of_the_text_that_is_kept(kind: Any, length_max: int) -> None:
    texts = TypeAdapter[str](kind)

    assert len(texts.validate_python("长" * length_max)) == length_max
    assert len(texts.validate_python(f"  {'长' * length_max}  ")) == length_max
    assert len(texts.validate_python("e\u0301" * length_max)) == length_max
    assert len(texts.validate_python(GROWS * (length_max // 2))) == length_max
    for too_long in ("长" * (length_max + 1), GROWS * (length_max // 2 + 1)):
        with pytest.raises(ValidationError):
            texts.validate_python(too_long)
