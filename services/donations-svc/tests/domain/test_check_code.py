"""The check code: the same for a number, another for another key, and typed as people type."""

import pytest
from donations_svc.domain.check_code import ALPHABET, LENGTH, check_code, in_groups, is_code_of
from hypothesis import given
from hypothesis import strategies as st

KEY = bytes(range(32))
NUMBER = "52441900AJC6XAY6DW-2026-000001"


def test_a_code_is_short_and_of_plain_characters() -> None:
    code = check_code(KEY, NUMBER)

    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert code == "PFD4Q5VC4CTB"


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_another_key_or_number_has_another_code(key: bytes, number: str) -> None:
    assert (check_code(key, number) == check_code(KEY, NUMBER)) is ((key, number) == (KEY, NUMBER))


def test_a_code_may_be_typed_as_it_is_read_from_paper() -> None:
    for number in map(str, range(200)):
        code = check_code(KEY, number)
        misread = code.replace("0", "o").replace("1", "l")
        for typed in (code.lower(), in_groups(code), misread, f" {code}-"):
            assert is_code_of(KEY, number, typed)


@pytest.mark.parametrize("wrong", ["", "0", "PFD4Q5VC4CT", "码" * 12, "PFD4Q5VC4CTB0"])
def test_a_wrong_code_is_none(wrong: str) -> None:
    assert not is_code_of(KEY, NUMBER, wrong)
