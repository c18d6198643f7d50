"""`fundmix goal`: what people see of goals and readings."""

from io import StringIO
from typing import Any, Final

from fundmix_cli.display.goals import (
    cliff_view,
    goal_view,
    goals_table,
    growth_view,
    ranking_view,
    reading_view,
)
from rich.console import Console, RenderableType

AGENCY: Final = "52441900AJC6XAY6DW"
CONCENTRATION: Final = {
    "government_share": 0.965,
    "hhi": 0.93245,
    "hhi_normalised": 0.915563,
    "effective_sources": 1.072444,
}


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=200).print(view)
    return text.getvalue()


def a_goal(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "goal_id": "01932b5e-7c00-7000-8000-0000000000f1",
        "agency": None,
        "year": 2024,
        "version": 1,
        "basis": "received",
        "government_share_max": "0.850000",
        "hhi_max": None,
        "procurement_growth_min": "0.000000",
        "channel_minimums": {"enterprise": {"amount": None, "share": "0.050000"}},
        "audited_income": None,
        "reason": "[多元化]",
        "set_by": "officer-1",
        "set_at": "2024-01-02T01:30:00Z",
        "standing": None,
    }
    return usual | changes


def a_reading(**changes: Any) -> dict[str, Any]:
    def income(total: str) -> dict[str, Any]:
        government = {"amount": total, "share": 0.965}
        return {
            **CONCENTRATION,
            "total": {"amount": total},
            "by_channel": {"government": government},
        }

    limit: dict[str, Any] = {
        "kind": "channel_amount_min",
        "channel": "enterprise",
        "limit": "5000.00",
        "measured": "35.00",
        "projected": "5035.00",
        "status": "at_risk",
        "lacking": "4965.00",
    }
    growth = {"signed_growth": None, "paid_growth": 0.1}
    usual: dict[str, Any] = {
        "year": 2024,
        "agency": None,
        "on": "2024-06-30",
        "as_of": None,
        "basis": "received",
        "headline": "每100元收入96.5元来自财政",
        "status": "at_risk",
        "limits": [limit],
        "channel_list": {"version": 1, "n": 7},
        "received": income("1000.00"),
        "recognised": income("0.00"),
        "projection": {
            **CONCENTRATION,
            "total": "6000.00",
            "due": {"government": "1234.50"},
            "pledged": {"enterprise": "5000.00"},
        },
        "overdue_government": {"amount": "77.00", "instalments": 2},
        "payers": {"largest_funder": None, "buyers": 0, "buyer_hhi": None},
        "median_agency": {"government_share": None, "agencies": 0},
        "coverage": None,
        "pace": {"growth": None, "year_gone": 0.497268},
        "procurement": growth,
        "seq": 47,
        "quarantined": 0,
    }
    return usual | changes


def test_a_reading_is_said_in_one_sentence_and_shown_with_its_limits() -> None:
    shown = printed(reading_view(a_reading()))

    assert "每100元收入96.5元来自财政" in shown
    assert "0.915563" in shown
    assert "1,234.50" in shown
    assert "有风险 at_risk" in shown
    assert "4,965.00" in shown
    assert "entries counted: 47" in shown


def test_what_is_not_counted_is_said() -> None:
    shown = printed(reading_view(a_reading(quarantined=2, status=None)))

    assert "2 events are in quarantine" in shown
    assert "goal:" not in shown


def test_no_ratio_is_shown_as_none() -> None:
    nothing = dict.fromkeys(CONCENTRATION)
    received = {**nothing, "total": {"amount": "0.00"}, "by_channel": {}}

    shown = printed(reading_view(a_reading(received=received)))

    assert "none" in shown


def test_goals_are_listed_with_where_they_stand() -> None:
    standing = {"status": "met", "since_seq": 3, "since_on": "2024-06-30"}
    shown = printed(goals_table([a_goal(), a_goal(agency=AGENCY, standing=standing)]))

    assert "not looked at yet" in shown
    assert "达标 met" in shown
    assert AGENCY in shown


def test_a_goal_is_shown_with_its_versions_and_their_reasons() -> None:
    shown = printed(goal_view(a_goal(versions=[a_goal(), a_goal(version=2)])))

    assert "[多元化]" in shown
    assert "enterprise ≥ 0.050000" in shown


def test_a_ranking_a_growth_and_a_cliff_are_tables() -> None:
    row = {"rank": None, "agency": AGENCY, "total": "0.00"} | dict.fromkeys(CONCENTRATION)
    ranking = {"year": 2024, "on": "2024-06-30", "by": "hhi", "agencies": 1, "quarantined": 0}
    ending = {
        "ends_on": "2024-12-31",
        "number": "DG-2024-0001",
        "agency": AGENCY,
        "buyer": "11441900AHP4983MNR",
        "service_area": "[社区]",
        "town": "厚街镇",
        "ceiling": "1000.00",
        "unpaid": "400.00",
    }
    cliff = {
        "on": "2024-12-01",
        "through": "2025-03-01",
        "contracts": 1,
        "ceiling_total": "1000.00",
        "unpaid_total": "400.00",
        "items": [ending],
        "quarantined": 0,
    }

    amount = {"amount": "1000.00", "why": "/v1/why"}
    growth = {
        "year": 2024,
        "on": "2024-06-30",
        "agency": None,
        "quarantined": 0,
        **dict.fromkeys(("signed", "signed_before", "paid", "paid_before"), amount),
        "paid_last_year": amount,
        "projected": "1250.00",
        "signed_growth": None,
        "paid_growth": 0.0,
        "projected_growth": 0.25,
    }

    assert AGENCY in printed(ranking_view(ranking | {"items": [row]}))
    assert "0.250000" in printed(growth_view(growth))
    assert "[社区]" in printed(cliff_view(cliff))
