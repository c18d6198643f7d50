"""Points of a score: whole hundredths from 0.00 to 100.00, and exact means of them."""

import re
from fractions import Fraction
from typing import Final

HUNDREDTHS: Final = 100
POINTS_MAX: Final = 100 * HUNDREDTHS
MICRO: Final = 1_000_000
POINTS_TEXT: Final = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?", re.ASCII)


def points_from_text(text: str) -> int:
    """Read "88.5" as 8850 hundredths. A third decimal is refused, not rounded.

    Raises ValueError.
    """
    match = POINTS_TEXT.fullmatch(text)
    if match is None:
        raise ValueError("points are written like 88 or 88.50, with two decimals at most")
    points = int(match["whole"]) * HUNDREDTHS + int((match["part"] or "").ljust(2, "0"))
    if points > POINTS_MAX:
        raise ValueError("there are 100 points at most")
    return points


def text_from_points(points: int) -> str:
    whole, part = divmod(points, HUNDREDTHS)
    return f"{whole}.{part:02d}"


def micro_from_points(points: Fraction) -> int:
    """Millionths of a point, for showing: rounded half-even, as Python rounds a fraction."""
    return round(points * MICRO / HUNDREDTHS)


def text_from_micro(micro: int) -> str:
    whole, part = divmod(micro, MICRO)
    return f"{whole}.{part:06d}"
