"""Money is an integer number of minor units and a currency, always together."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

# A hundred thousand million yuan in fen: far above any city's budget, far below 2^63.
AMOUNT_MINOR_MAX: Final = 10**13
MINOR_PER_MAJOR: Final = 100
AMOUNT_TEXT: Final = re.compile(
    r"(?P<sign>-?)(?P<major>[0-9]{1,15})(?:\.(?P<minor>[0-9]+))?", re.ASCII
)
DECIMALS_MAX: Final = 2


class Currency(StrEnum):
    CNY = "CNY"


CURRENCY_BY_CODE: Final = {currency.value: currency for currency in Currency}
WRITTEN_MEMBERS: Final = ("amount", "currency")


def minor_from_text(text: str) -> int:
    """Read "12000.00" as 1200000 fen.

    Raises PydanticCustomError (a ValueError) when the text is no plain number, has more than two
    decimals, or is beyond 10^13 minor units: an amount is never rounded on the way in.
    """
    match = AMOUNT_TEXT.fullmatch(text)
    if match is None:
        raise PydanticCustomError("amount_not_a_number", "an amount is written like 12000.00")
    decimals = match["minor"] or ""
    if len(decimals) > DECIMALS_MAX:
        raise PydanticCustomError("amount_too_precise", "an amount has at most two decimals")
    minor = int(match["major"]) * MINOR_PER_MAJOR + int(decimals.ljust(DECIMALS_MAX, "0") or "0")
    if minor > AMOUNT_MINOR_MAX:
        raise PydanticCustomError("amount_too_large", "an amount is at most 100000000000.00")
    return -minor if match["sign"] else minor


# The same amounts stand in an event, in the answer to its command, and in those that follow.
@lru_cache(maxsize=4_096)
def text_from_minor(amount_minor: int) -> str:
    major, minor = divmod(abs(amount_minor), MINOR_PER_MAJOR)
    return f"{'-' if amount_minor < 0 else ''}{major}.{minor:02d}"


class Money(BaseModel):
    """An amount with its currency; in JSON `{"amount": "12000.00", "currency": "CNY"}`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "properties": {
                "amount": {
                    "type": "string",
                    "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$",
                    "examples": ["12000.00"],
                },
                "currency": {"type": "string", "enum": ["CNY"]},
            },
            "required": ["amount", "currency"],
        },
    )

    amount_minor: int = Field(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX, strict=True)
    currency: Currency = Currency.CNY

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "amount" not in value:
            return value  # pyright: ignore[reportUnknownVariableType]  # of any shape; refused below
        amount: Any = value["amount"]  # pyright: ignore[reportUnknownVariableType]  # checked next
        if not isinstance(amount, str):
            raise PydanticCustomError("amount_not_text", 'an amount is text, like "12000.00"')
        if "currency" not in value:
            raise PydanticCustomError("currency_missing", "an amount states its currency")
        if "amount_minor" in value:
            raise PydanticCustomError("amount_stated_twice", "an amount is stated once")
        rest: dict[str, Any] = {str(k): v for k, v in value.items() if k != "amount"}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # keys of JSON
        return {"amount_minor": minor_from_text(amount), **rest}

    @model_serializer
    def _write_text(self) -> dict[str, str]:
        return {"amount": text_from_minor(self.amount_minor), "currency": str(self.currency)}

    @classmethod
    def of(cls, amount_minor: int, currency: Currency = Currency.CNY) -> "Money":
        return _shared(amount_minor, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency = Currency.CNY) -> "Money":
        """Raises ValueError, as `minor_from_text`."""
        return _shared(minor_from_text(text), currency)

    def __str__(self) -> str:
        return f"{text_from_minor(self.amount_minor)} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "amounts of two currencies are never added"
        return _shared(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "amounts of two currencies are never subtracted"
        return _shared(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return _shared(-self.amount_minor, self.currency)


def _as_written(value: object) -> object:
    """Nobody outside speaks in minor units: 100 would be taken for 100 yuan, and be 1."""
    if not isinstance(value, dict):
        return value
    members = cast("dict[object, object]", value)
    amount, currency = members.get("amount"), members.get("currency")
    if isinstance(amount, str) and isinstance(currency, str):
        if len(members) == len(WRITTEN_MEMBERS) and currency in CURRENCY_BY_CODE:
            return _remembered(amount, currency)
    elif "amount" not in members:
        raise PydanticCustomError("amount_missing", 'an amount is written like "12000.00"')
    return members


# The same amounts stand in one event and in those that follow it; what is frozen can be shared.
@lru_cache(maxsize=16_384)
def _remembered(amount: str, currency: str) -> Money:
    return Money.parse(amount, CURRENCY_BY_CODE[currency])


@lru_cache(maxsize=16_384, typed=True)
def _shared(amount_minor: int, currency: Currency) -> Money:
    return Money(amount_minor=amount_minor, currency=currency)


def _more_than_nothing(money: Money) -> Money:
    if money.amount_minor <= 0:
        raise PydanticCustomError("amount_not_positive", "this amount is more than nothing")
    return money


def _not_negative(money: Money) -> Money:
    if money.amount_minor < 0:
        raise PydanticCustomError("amount_negative", "this amount is not negative")
    return money


SignedAmount = Annotated[Money, BeforeValidator(_as_written)]
Amount = Annotated[Money, BeforeValidator(_as_written), AfterValidator(_more_than_nothing)]
AmountOrNothing = Annotated[Money, BeforeValidator(_as_written), AfterValidator(_not_negative)]
