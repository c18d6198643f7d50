"""Amounts in capitals: the examples of the rule, and that every amount reads back as itself."""

from typing import Final

import pytest
from donations_svc.domain.amount_words import in_words
from fundmix_events.money import AMOUNT_MINOR_MAX, Money
from hypothesis import example, given
from hypothesis import strategies as st

VALUES: Final = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES: Final = {"拾": 10, "佰": 100, "仟": 1_000}
GROUPS: Final = {"万": 10_000, "亿": 100_000_000}


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        # 《支付结算办法》附件一, 第二条 and 第三条.
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.30", "叁角整"),
        ("0.31", "叁角壹分"),
        ("10.00", "壹拾元整"),
        ("100000.00", "壹拾万元整"),
        ("1000500.00", "壹佰万零伍佰元整"),
        ("100005000.00", "壹亿零伍仟元整"),
        ("100100000.00", "壹亿零壹拾万元整"),
        ("100000000000.00", "壹仟亿元整"),
    ],
)
def test_amounts_are_written_as_the_rule_says(figures: str, words: str) -> None:
    assert in_words(Money.parse(figures)) == f"人民币{words}"


def read(words: str) -> int:
    """In fen, read character by character as a person reads them."""
    total = group = digit = fen = 0
    for character in words.removeprefix("人民币").removesuffix("整"):
        if character in VALUES:
            digit = VALUES[character]
        elif character in PLACES:
            group += digit * PLACES[character]
            digit = 0
        elif character in GROUPS:
            total += (group + digit) * GROUPS[character]
            group = digit = 0
        elif character == "元":
            fen = (total + group + digit) * 100
            digit = 0
        else:
            fen += digit * {"角": 10, "分": 1}[character]
            digit = 0
    return fen


@given(st.integers(0, AMOUNT_MINOR_MAX) | st.integers(0, 10**7))
@example(AMOUNT_MINOR_MAX)
@example(10_000_000_001)
def test_every_amount_reads_back_as_itself(amount_minor: int) -> None:
    assert read(in_words(Money.of(amount_minor))) == amount_minor


@given(st.integers(0, AMOUNT_MINOR_MAX) | st.integers(0, 10**7))
def test_there_is_one_zero_between_digits_and_an_end(amount_minor: int) -> None:
    words = in_words(Money.of(amount_minor))

    assert "零零" not in words
    assert words.endswith(("整", "分"))
    assert "零元" not in words or amount_minor == 0
    assert all(f"零{unit}" not in words for unit in "拾佰仟万亿角分")
