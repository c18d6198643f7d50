"""Credit codes are checked as GB 32100-2015 says, whatever way they were typed."""

import csv
from pathlib import Path
from typing import Final

import pytest
from fundmix_events.credit_code import ALPHABET, CreditCode, check_character
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from stdnum.cn import uscc

CODES: Final = TypeAdapter[str](CreditCode)
VALID: Final = "52441900AJC6XAY6DW"

# python-stdnum wants eight digits first; the standard lets letters stand for some offices.
NUMERIC_PREFIXES: Final = st.text("0123456789", min_size=8, max_size=8)
BODIES: Final = st.text(ALPHABET, min_size=9, max_size=9)
VALID_CODES: Final = st.text(ALPHABET, min_size=17, max_size=17).map(
    lambda first_seventeen: first_seventeen + check_character(first_seventeen)
)
SEPARATORS: Final = (
    " \t\n\u00a0\u2009\u3000"  # blanks
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u30a0\ufe58\ufe63\uff0d"  # hyphens
    "\u00ad\u200b\u202c\ufeff"  # what cannot be seen
)


def is_valid(code: str) -> bool:
    try:
        CODES.validate_python(code)
    except ValidationError:
        return False
    return True


def code_of_refusal(code: object) -> str:
    with pytest.raises(ValidationError) as refused:
        CODES.validate_python(code)
    (found,) = refused.value.errors()
    return found["type"]


def full_width(character: str) -> str:
    return chr(ord(character) + 0xFEE0)


def codes_of_the_sample_city() -> list[str]:
    root = Path(__file__).parents[3]
    shared, own = (base / "dongguan" for base in (root / "../shared/data", root / "samples"))
    folder = shared if shared.is_dir() else own
    with (folder / "organisations.csv").open(encoding="utf-8", newline="") as file:
        return [row["uscc"] for row in csv.DictReader(file)]


@given(NUMERIC_PREFIXES, BODIES)
def test_the_check_character_is_the_one_that_others_calculate(prefix: str, body: str) -> None:
    first_seventeen = prefix + body

    assert check_character(first_seventeen) == uscc.calc_check_digit(first_seventeen)


@given(NUMERIC_PREFIXES, BODIES, st.sampled_from(ALPHABET))
def test_a_code_is_valid_where_others_find_it_valid(prefix: str, body: str, last: str) -> None:
    code = prefix + body + last

    assert is_valid(code) == uscc.is_valid(code)


@given(NUMERIC_PREFIXES, BODIES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_found(
    prefix: str, body: str, place: int, mistyped: str
) -> None:
    code = prefix + body + check_character(prefix + body)
    other = code[:place] + mistyped + code[place + 1 :]

    assert is_valid(other) == (other == code)


@given(NUMERIC_PREFIXES, BODIES, st.integers(0, 16))
def test_two_swapped_neighbours_are_always_found(prefix: str, body: str, place: int) -> None:
    code = prefix + body + check_character(prefix + body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert is_valid(swapped) == (swapped == code)


def test_every_code_of_the_sample_city_is_valid() -> None:
    codes = codes_of_the_sample_city()

    assert len(set(codes)) == 121
    assert [code for code in codes if CODES.validate_python(code) != code] == []
    assert all(map(uscc.is_valid, codes))


def test_an_office_may_be_a_letter() -> None:
    rural_collective = "N2441900MF1234567"

    assert is_valid(rural_collective + check_character(rural_collective))


@pytest.mark.parametrize(
    "typed",
    [
        "52441900ajc6xay6dw",
        " 52441900AJC6XAY6DW\t",
        "52441900AJC6XAY6DW\r\n",
        "52 4419 00 AJC6XAY6D W",
        "52-441900-AJC6XAY6D-W",
        "５２４４１９００ＡＪＣ６ＸＡＹ６ＤＷ",
        "５２４４１９００ａｊｃ６ｘａｙ６ｄｗ",
        "52441900\u3000AJC6XAY6DW",
        "52441900\u00a0AJC6\u2009XAY6DW",
        "\ufeff52441900AJC6XAY6DW",
        "52441900\u200bAJC6XAY6DW\u202c",
    ],
)
def test_what_people_type_becomes_the_one_code(typed: str) -> None:
    assert CODES.validate_python(typed) == VALID


@given(VALID_CODES, st.data())
def test_however_a_code_is_typed_it_is_the_same_code(code: str, data: st.DataObject) -> None:
    typed = "".join(
        data.draw(st.sampled_from((c, c.lower(), full_width(c), full_width(c.lower()))))
        + data.draw(st.text(SEPARATORS, max_size=1))
        for c in code
    )

    assert CODES.validate_python(typed) == code


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("", "credit_code_length"),
        ("52441900AJC6XAY6D", "credit_code_length"),
        ("52441900AJC6XAY6DWW", "credit_code_length"),
        ("52441900AJC6XAY6DI", "credit_code_character"),
        ("52441900AJC6XAY6DO", "credit_code_character"),
        ("5244190OAJC6XAY6DW", "credit_code_character"),
        ("52441900AJC6XAY6_W", "credit_code_character"),
        ("52441900АJC6XAY6DW", "credit_code_character"),  # a Cyrillic A
        ("52441900AJC6XAY6DX", "credit_code_check"),
        ("000000000000000001", "credit_code_check"),
        (None, "string_type"),
        (524419000000000000, "string_type"),
    ],
)
def test_a_refusal_says_which_rule_is_broken(code: object, refusal: str) -> None:
    assert code_of_refusal(code) == refusal
