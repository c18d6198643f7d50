"""What people see."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from fundmix_cli.city.files import RowError
from fundmix_cli.city.outcome import FileSummary
from fundmix_cli.commands.mix import json_of
from fundmix_cli.display.harmless import harmless, harmless_parts
from fundmix_cli.display.loading import print_errors, reversed_note, row_progress, summary_table
from fundmix_cli.display.mix import headline, mix_view, percent
from rich.console import Console, RenderableType


def a_mix(**changes: Any) -> dict[str, Any]:
    return {
        "year": 2024,
        "agency": None,
        "on": None,
        "as_of": None,
        "basis": "restated",
        "received_by_channel": {"government": "965.00", "enterprise": "35.00"},
        "received_total": "1000.00",
        "in_kind_total": "12.50",
        "government_share": 0.965,
        "hhi": 0.93245,
        "effective_sources": 1.072444,
        "n": 2,
        "agencies": {},
        "quarantined": 0,
    } | changes


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=100).print(view)
    return text.getvalue()


def test_a_mix_shows_a_bar_per_channel_the_largest_first() -> None:
    lines = printed(mix_view(a_mix())).splitlines()

    government, enterprise = (line for line in lines if "█" in line or "▉" in line)
    assert "财政" in government
    assert "96.50" in government
    assert "35.00" in enterprise
    assert government.count("█") > enterprise.count("█")


def test_a_channel_that_took_back_more_than_it_gave_has_no_share() -> None:
    received = {"government": "965000.00", "foundation": "-100.01"}
    text = printed(mix_view(a_mix(received_by_channel=received, received_total="965000.00")))
    [foundation] = (line for line in text.splitlines() if line.lstrip().startswith("foundation"))

    assert foundation.split() == ["foundation", "基金会", "-100.01", "-"]
    assert "in no share and not in the total" in text
    assert "in no share" not in printed(mix_view(a_mix()))


def test_the_headline_says_it_plainly_in_both_languages() -> None:
    chinese, english = headline(a_mix())

    assert chinese.plain == "每100元收入96.5元来自财政"
    assert english.plain == "Of every 100 yuan received, 96.5 came from government"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("0.96849", "96.8"),
        ("0.9685", "96.8"),
        ("0.9", "90"),
        ("0.999999", "99.9"),
        ("1", "100"),
        ("0.000001", "0.1"),
        ("0", "0"),
    ],
)
def test_a_share_is_told_with_one_place(share: str, text: str) -> None:
    assert percent(Decimal(share)) == text


def test_no_income_is_no_share() -> None:
    nothing = a_mix(
        received_by_channel={},
        received_total="0.00",
        government_share=None,
        hhi=None,
        effective_sources=None,
        n=0,
    )

    text = printed(mix_view(nothing))

    assert "2024年没有收入" in text
    assert "government share none" in text


def test_a_mix_says_what_it_was_asked_by() -> None:
    of_days = a_mix(on="2024-06-30", as_of="2024-07-31")
    as_booked = a_mix(basis="official")

    assert "of the city, on 2024-06-30, as known on 2024-07-31" in printed(mix_view(of_days))
    assert "of the city, as booked" in printed(mix_view(as_booked))
    assert json_of(of_days)["on"] == "2024-06-30"
    assert json_of(as_booked)["basis"] == "official"
    assert json_of(a_mix()).keys().isdisjoint({"on", "as_of", "basis"})


def test_what_is_not_counted_is_told() -> None:
    assert "3 events are in quarantine" in printed(mix_view(a_mix(quarantined=3)))
    assert "quarantine" not in printed(mix_view(a_mix()))


def test_without_a_terminal_progress_is_a_line_for_each_quarter() -> None:
    text = StringIO()
    with row_progress(Console(file=text), {"contracts.csv": 6, "empty.csv": 0}) as on_row:
        for _ in range(6):
            on_row("contracts.csv")

    assert text.getvalue().splitlines() == [
        f"contracts.csv: {done} of 6 rows" for done in (2, 3, 5, 6)
    ]


def test_on_a_terminal_progress_is_a_bar_for_each_file() -> None:
    text = StringIO()
    terminal = Console(file=text, force_terminal=True, width=100)
    with row_progress(terminal, {"contracts.csv": 1}) as on_row:
        on_row("contracts.csv")

    assert "1/1" in text.getvalue()


def test_a_load_says_what_it_leaves_alone() -> None:
    one = FileSummary(file="donations.csv", rows=9, new=1, there=2, reversed=1, errors=5)
    several = replace(one, reversed=3)
    nothing = replace(one, reversed=0)

    assert printed(summary_table([one])).split()[-6:] == ["donations.csv", "9", "1", "2", "1", "5"]
    assert reversed_note([nothing]) is None
    assert (reversed_note([nothing, one]) or "").startswith("1 row is left alone")
    assert (reversed_note([one, several]) or "").startswith("4 rows are left alone")


def test_errors_come_in_the_order_of_the_files() -> None:
    text = StringIO()
    lines = [("b.csv", 2), ("a.csv", 10), ("a.csv", 9)]
    errors = [RowError(file=f, line=n, field="x", reason="[odd]") for f, n in lines]

    print_errors(Console(file=text), errors)

    assert text.getvalue().splitlines() == [
        "a.csv:9: x: [odd]",
        "a.csv:10: x: [odd]",
        "b.csv:2: x: [odd]",
    ]


def test_text_of_others_cannot_steer_the_terminal() -> None:
    shown = harmless_parts({"n\x1b[2J": ["\x1b]0;title\x07", {"a": "\u202egnp.exe"}], "row": 3})

    assert shown == {"n\\u001b[2J": ["\\u001b]0;title\\u0007", {"a": "\\u202egnp.exe"}], "row": 3}


def test_text_as_people_write_it_is_shown_as_it_is() -> None:
    text = "东莞市\u3000乐雅社会工作服务中心（𠮷）\n\tCafé 👩‍👧 [red]"

    assert harmless(text) == text
