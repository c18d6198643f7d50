"""What may be tried with a contract, in any order; much of it is refused."""

from dataclasses import dataclass
from typing import Any, Final

from fundmix_events.money import Money
from hypothesis import strategies as st

Json = dict[str, Any]

BUYER: Final = "11441900AHP4983MNR"
AGENCY: Final = "52441900AJC6XAY6DW"
DIMENSIONS: Final = {"evaluator": "professional", "finance_officer": "buyer", "agency": "self"}
SIGNED_ON: Final = "2024-02-21"
LATER: Final = "2024-06-28"
SCORES: Final = ("59.90", "60.00", "75.50", "92.00")


@dataclass(frozen=True, kw_only=True)
class Step:
    """`share` is a part of whatever the step is about, in thousandths; over 1,000 is too much."""

    kind: str
    number: int
    person: int
    share: int


KINDS: Final = (
    "amend_up",
    "amend_down",
    "amend_back",
    "deliver",
    "accept",
    "invoice",
    "approve",
    "evaluate",
    "object",
    "agree",
    "decide",
    "pay",
    "confirm",
    "reverse",
    "pay_back",
    "terminate",
)
# What people do one after the other, about the same thing: without these, chance would hardly ever
# come past the first instalment.
COURSES: Final = (
    *((kind,) for kind in KINDS),
    ("deliver", "accept"),
    ("approve", "pay"),
    ("invoice", "approve", "pay", "confirm"),
    ("approve", "pay", "reverse"),
    ("approve", "pay", "reverse", "pay", "confirm"),
    ("approve", "pay", "amend_back", "pay_back"),
    ("evaluate", "agree", "approve", "pay"),
    ("evaluate", "object", "decide", "approve"),
    ("amend_up", "approve", "pay"),
)


@st.composite
def _course(draw: st.DrawFn) -> list[Step]:
    kinds = draw(st.sampled_from(COURSES))
    number = draw(st.sampled_from([1, 1, 1, 2, 2, 3, 4]))
    person = draw(st.integers(0, 1))
    share = draw(st.sampled_from([1, 100, 250, 333, 500, 1000, 1000, 1001]))
    return [Step(kind=kind, number=number, person=person, share=share) for kind in kinds]


steps: Final = st.lists(_course(), min_size=4, max_size=12).map(
    lambda courses: [step for course in courses for step in course]
)


def in_turn(*done: tuple[str, int, int]) -> list[Step]:
    """Kind, number and share of each step."""
    return [Step(kind=kind, number=number, person=0, share=share) for kind, number, share in done]


# Every kind of step where it is accepted: chance alone might leave one out.
A_LIFE: Final = in_turn(
    ("amend_up", 1, 1000),
    ("amend_down", 1, 100),
    ("deliver", 1, 1000),
    ("accept", 1, 500),
    ("invoice", 1, 1000),
    ("approve", 1, 1000),
    ("pay", 1, 1000),
    ("confirm", 1, 1000),
    ("approve", 3, 1000),
    ("pay", 3, 1000),
    ("reverse", 3, 1000),
    ("pay", 3, 1000),
    ("amend_back", 1, 100),
    ("pay_back", 1, 1000),
    ("evaluate", 1, 1000),
    ("object", 1, 1000),
    ("decide", 1, 250),
    ("approve", 2, 1000),
    ("accept", 1, 1000),
    ("pay", 2, 1000),
)
AN_END: Final = in_turn(
    ("deliver", 1, 1000),
    ("evaluate", 1, 1000),
    ("agree", 1, 1000),
    ("approve", 2, 1000),
    ("pay", 2, 1000),
    ("reverse", 2, 1000),
    ("pay", 2, 1000),
    ("accept", 1, 333),
    ("terminate", 1, 500),
    ("approve", 3, 1000),
    ("pay", 3, 1000),
)

amounts: Final = st.lists(st.integers(1, 10_000_001), min_size=1, max_size=3)
quantities: Final = st.integers(1, 7)


def yuan(amount_minor: int) -> Json:
    sign = "-" if amount_minor < 0 else ""
    major, minor = divmod(abs(amount_minor), 100)
    return {"amount": f"{sign}{major}.{minor:02d}", "currency": "CNY"}


def fen(money: Json) -> int:
    return Money.parse(money["amount"]).amount_minor
