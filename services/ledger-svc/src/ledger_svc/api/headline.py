"""A reading in one plain sentence."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

TENTH: Final = Decimal("0.1")


def headline(government_share: Fraction | None, *, year: int) -> str:
    """With one place, half to even; only all of it is shown as 100, and only nothing as 0."""
    if government_share is None:
        return f"{year}年没有收入"
    tenths = round(government_share * 1000)
    if 0 < government_share < 1:
        tenths = min(max(tenths, 1), 999)
    percent = Decimal(tenths) / 10
    shown_percent = str(percent.quantize(TENTH, ROUND_HALF_EVEN)).removesuffix(".0")
    return f"每100元收入{shown_percent}元来自财政"
