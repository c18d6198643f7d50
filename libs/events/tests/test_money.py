"""Money is read exactly or not at all, and is written as it was read."""

from decimal import Decimal
from typing import Any, Final

import pytest
from fundmix_events.money import (
    AMOUNT_MINOR_MAX,
    Amount,
    AmountOrNothing,
    Currency,
    Money,
    SignedAmount,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

AMOUNTS_MINOR: Final = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)


def code_of(error: ValidationError) -> str:
    (found,) = error.errors()
    return found["type"]


@given(AMOUNTS_MINOR)
def test_what_is_written_is_read_again(amount_minor: int) -> None:
    money = Money.of(amount_minor)

    assert Money.model_validate_json(money.model_dump_json()) == money
    assert Money.parse(str(money).removesuffix(" CNY")) == money


@given(AMOUNTS_MINOR)
def test_the_text_says_exactly_the_amount(amount_minor: int) -> None:
    text: str = Money.of(amount_minor).model_dump()["amount"]

    assert Decimal(text) * 100 == amount_minor
    assert text == f"{Decimal(amount_minor) / 100:.2f}"


@pytest.mark.parametrize(
    ("text", "amount_minor"),
    [
        ("12000.00", 12_000_00),
        ("12000.5", 12_000_50),
        ("12000", 12_000_00),
        ("0.01", 1),
        ("-0.01", -1),
        ("0", 0),
        ("-0.00", 0),
        ("007.10", 7_10),
        ("100000000000.00", AMOUNT_MINOR_MAX),
        ("-100000000000.00", -AMOUNT_MINOR_MAX),
    ],
)
def test_plain_numbers_are_amounts(text: str, amount_minor: int) -> None:
    assert Money.parse(text).amount_minor == amount_minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100000000000.01", "amount_too_large"),
        ("-100000000000.01", "amount_too_large"),
        ("999999999999999.99", "amount_too_large"),
        ("1.000", "amount_too_precise"),
        ("0.001", "amount_too_precise"),
        ("", "amount_not_a_number"),
        (".5", "amount_not_a_number"),
        ("5.", "amount_not_a_number"),
        ("+5.00", "amount_not_a_number"),
        ("--5.00", "amount_not_a_number"),
        (" 5.00", "amount_not_a_number"),
        ("5.00\n", "amount_not_a_number"),
        ("5,000.00", "amount_not_a_number"),
        ("5_000.00", "amount_not_a_number"),
        ("5e3", "amount_not_a_number"),
        ("0x10", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("Infinity", "amount_not_a_number"),
        ("¥5.00", "amount_not_a_number"),
        ("１２.００", "amount_not_a_number"),
        ("٣.00", "amount_not_a_number"),
        ("9" * 5_000, "amount_not_a_number"),
    ],
)
def test_anything_else_is_refused_and_never_rounded(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Money.model_validate({"amount": text, "currency": "CNY"})

    assert code_of(refused.value) == code
    with pytest.raises(ValueError, match="an amount"):
        Money.parse(text)


@pytest.mark.parametrize("amount", [12_000.0, 0.1, 12_000, True, None, ["1.00"], {"minor": 1}])
def test_an_amount_is_text_and_no_number_of_json(amount: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Money.model_validate({"amount": amount, "currency": "CNY"})

    assert code_of(refused.value) == "amount_not_text"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"amount": "1.00"}, "currency_missing"),
        ({"amount": "1.00", "currency": "USD"}, "enum"),
        ({"amount": "1.00", "currency": "cny"}, "enum"),
        ({"amount": "1.00", "currency": None}, "enum"),
        ({"amount": "1.00", "currency": "CNY", "scale": 3}, "extra_forbidden"),
        ({"amount": "1.00", "currency": "CNY", "amount_minor": 100}, "amount_stated_twice"),
        ({"currency": "CNY"}, "missing"),
        ({}, "missing"),
        ("1.00", "model_type"),
        (100, "model_type"),
        (None, "model_type"),
        ({"amount_minor": 1.0, "currency": "CNY"}, "int_type"),
        ({"amount_minor": True, "currency": "CNY"}, "int_type"),
        ({"amount_minor": AMOUNT_MINOR_MAX + 1, "currency": "CNY"}, "less_than_equal"),
        ({"amount_minor": -AMOUNT_MINOR_MAX - 1, "currency": "CNY"}, "greater_than_equal"),
    ],
)
def test_money_is_an_amount_with_its_currency_and_nothing_else(value: object, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Money.model_validate(value)

    assert code_of(refused.value) == code


def test_money_is_calculated_in_whole_minor_units() -> None:
    paid, due = Money.parse("0.10"), Money.parse("0.20")

    assert paid + due == Money.parse("0.30")
    assert paid - due == Money.parse("-0.10")
    assert -due == Money.parse("-0.20")
    assert str(due) == "0.20 CNY"
    assert Money.of(1) == Money(amount_minor=1, currency=Currency.CNY)


def test_a_sum_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ValidationError):
        _ = Money.of(AMOUNT_MINOR_MAX) + Money.of(1)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Amount, "0.00", "amount_not_positive"),
        (Amount, "-0.01", "amount_not_positive"),
        (AmountOrNothing, "-0.01", "amount_negative"),
    ],
)
def test_what_is_promised_or_paid_is_not_negative(kind: Any, text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python({"amount": text, "currency": "CNY"})

    assert code_of(refused.value) == code


def test_the_smallest_amounts_are_amounts() -> None:
    assert TypeAdapter(Amount).validate_python(Money.of(1)) == Money.of(1)
    assert TypeAdapter(AmountOrNothing).validate_python(Money.of(0)) == Money.of(0)


@pytest.mark.parametrize("kind", [Amount, AmountOrNothing, SignedAmount])
def test_nobody_outside_speaks_in_minor_units(kind: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python({"amount_minor": 100, "currency": "CNY"})

    assert code_of(refused.value) == "amount_missing"
    assert TypeAdapter(kind).validate_python(Money.of(100)) == Money.of(100)


@pytest.mark.parametrize("kind", [Amount, AmountOrNothing, SignedAmount])
@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        ({"amount": "1.00", "amount_minor": 100, "currency": "CNY"}, "amount_stated_twice", ()),
        ({"amount": "1.00", "currency": "CNY", "scale": 3}, "extra_forbidden", ("scale",)),
        ({"amount": "1.00", "currency": "USD"}, "enum", ("currency",)),
        ({"amount": "1.00", "scale": 3}, "currency_missing", ()),
        ({"amount": "1.000", "currency": "CNY"}, "amount_too_precise", ()),
        ({"amount": 1, "currency": "CNY"}, "amount_not_text", ()),
        ("1.00", "model_type", ()),
    ],
)
def test_a_refused_amount_is_told_like_refused_money(
    kind: Any, value: object, code: str, place: tuple[str, ...]
) -> None:
    for _ in range(2):  # what was refused is not remembered
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(kind).validate_python(value)

        assert code_of(refused.value) == code
        assert refused.value.errors()[0]["loc"] == place


def test_what_was_read_as_one_kind_of_amount_is_no_other_kind() -> None:
    nothing = {"amount": "0.00", "currency": "CNY"}

    assert TypeAdapter(AmountOrNothing).validate_python(nothing) == Money.of(0)
    with pytest.raises(ValidationError):
        TypeAdapter(Amount).validate_python(nothing)
