"""Amounts in Chinese capitals (人民币大写), as on cheques: nothing can be added or changed.

The rules are those of 《支付结算办法》附件一《正确填写票据和结算凭证的基本规定》, part one.
"""

from typing import Final

from fundmix_events.money import AMOUNT_MINOR_MAX, Currency, Money

DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
PLACES: Final = ("", "拾", "佰", "仟")
GROUPS: Final = ("", "万", "亿")
GROUP: Final = 10_000
FULL_GROUP: Final = 1_000


def in_words(amount: Money) -> str:
    """Like 人民币壹仟肆佰零玖元伍角整. `amount` is not negative, and in yuan."""
    assert amount.currency is Currency.CNY, f"{amount.currency} has no words here"
    assert 0 <= amount.amount_minor <= AMOUNT_MINOR_MAX, f"{amount} has no words"
    yuan, minor = divmod(amount.amount_minor, 100)
    tenths, cents = divmod(minor, 10)
    words = f"{_whole(yuan)}元" if yuan or not minor else ""
    if tenths:
        words += f"{DIGITS[tenths]}角"
    elif words and cents:
        words += DIGITS[0]
    # What ends in 分 needs no 整: nothing can be written after it.
    return f"人民币{words}" + (f"{DIGITS[cents]}分" if cents else "整")


def _whole(number: int) -> str:
    """Groups of four digits; one 零 stands for any zeros between two digits that are none."""
    words = "" if number else DIGITS[0]
    is_apart = False
    for group in reversed(range(len(GROUPS))):
        part = number // GROUP**group % GROUP
        if part:
            needs_zero = bool(words) and (is_apart or part < FULL_GROUP)
            words += (DIGITS[0] if needs_zero else "") + _group(part) + GROUPS[group]
        is_apart = not part
    return words


def _group(part: int) -> str:
    words = ""
    is_apart = False
    for place in reversed(range(len(PLACES))):
        digit = part // 10**place % 10
        if digit:
            words += (DIGITS[0] if words and is_apart else "") + DIGITS[digit] + PLACES[place]
        is_apart = not digit
    return words
