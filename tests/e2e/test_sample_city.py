"""The sample city through the public APIs: every figure, however often and however it is loaded."""

import csv
import json
import shutil
import signal
from collections import Counter, defaultdict
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from fundmix_events.credit_code import check_character
from fundmix_events.money import minor_from_text

from tests.e2e.fundmix import Fundmix

YEARS: Final = ("2024", "2025")
EXIT_INTERRUPTED: Final = 130
ENTRIES_MAX: Final = 10_000

pytestmark = pytest.mark.timeout(900)


def expected(sample: Path) -> dict[str, Any]:
    return json.loads((sample / "expected.json").read_bytes())


def figures(fundmix: Fundmix) -> dict[str, Any]:
    return {year: fundmix.json("mix", f"--year={year}") for year in YEARS}


def entries(fundmix: Fundmix) -> int:
    """How many there are: they are numbered without gaps, and the mix names the last."""
    token = fundmix.run("token", "auditor").strip()
    url = fundmix.json("status")["urls"]["ledger"]
    headers = {"Authorization": f"Bearer {token}"}
    mix: Any = httpx2.get(f"{url}/v1/mix?year=2024", headers=headers, trust_env=False).json()
    return mix["seq"]


def entries_wanted(sample: Path) -> int:
    """One for each contract signed and accepted, deduction, payment, gift pledged or had, use."""
    contracts, instalments, donations, expenditures = (
        list(csv.DictReader((sample / f"{name}.csv").read_text().splitlines()))
        for name in ("contracts", "instalments", "donations", "expenditures")
    )
    dated = [
        (instalments, "paid_on"),
        (donations, "pledged_on"),
        (donations, "received_on"),
        (expenditures, "spent_on"),
    ]
    deductions = sum(row["paid_amount"] != row["amount"] for row in instalments)
    return (
        2 * len(contracts) + deductions + sum(bool(row[day]) for rows, day in dated for row in rows)
    )


def assert_as_expected(fundmix: Fundmix, sample: Path) -> None:
    found = figures(fundmix)
    for year, wanted in expected(sample)["years"].items():
        beside = {"n": len(wanted["received_by_channel"]), "quarantined": 0}
        assert found[year] == wanted | beside
    assert entries(fundmix) == entries_wanted(sample)


def test_the_sample_city_comes_out_to_the_fen(demonstrated: Fundmix, sample: Path) -> None:
    assert_as_expected(demonstrated, sample)
    assert demonstrated.json("quarantine", "list") == []


def least_held(fundmix: Fundmix) -> dict[str, int]:
    """Of each fund the least that was at the bank on any day, by value date."""
    by_day: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry in fundmix.json("ledger", "entries", f"--rows={ENTRIES_MAX}")["items"]:
        for posting in entry["postings"]:
            account = posting["account"]
            if account["code"] == "assets:bank":
                fund = by_day[account["agency"], account["fund_code"]]
                fund[entry["value_on"]] += minor_from_text(posting["amount"]["amount"])
    return {
        f"{agency} {fund_code}": min(accumulate(moved[day] for day in sorted(moved)))
        for (agency, fund_code), moved in by_day.items()
    }


def test_no_gift_fund_is_below_zero_on_any_day_and_some_contracts_are(
    demonstrated: Fundmix, sample: Path
) -> None:
    below = {fund for fund, least in least_held(demonstrated).items() if least < 0}
    advanced = {
        f"{a['agency']} {a['fund_code']}" for a in demonstrated.json("ledger", "advances", "--ever")
    }

    assert all(" contract:" in fund for fund in below)
    assert len(below) == expected(sample)["contract_funds_prefinanced_on_some_day"]
    assert below == advanced


def test_the_mix_of_an_agency_is_that_of_the_city_for_it(
    demonstrated: Fundmix, sample: Path
) -> None:
    for year in YEARS:
        code, wanted = next(iter(expected(sample)["years"][year]["agencies"].items()))

        mix = demonstrated.json("mix", f"--year={year}", f"--agency={code}")

        assert {name: mix[name] for name in wanted} == wanted
        assert "agencies" not in mix


def test_the_cliff_of_the_city_is_that_of_its_agencies(demonstrated: Fundmix) -> None:
    asked = ("goal", "cliff", "--on=2025-10-01", "--days=120", "--limit=1000")

    city = demonstrated.json(*asked)

    [*owners] = {item["agency"] for item in city["items"]}
    assert len(owners) > 1
    of_each = [demonstrated.json(*asked, f"--agency={owner}") for owner in owners]
    assert len(city["items"]) == city["contracts"] == sum(one["contracts"] for one in of_each)
    for owner, one in zip(owners, of_each, strict=True):
        assert one["items"] == [item for item in city["items"] if item["agency"] == owner]


def test_the_mix_is_told_plainly(demonstrated: Fundmix) -> None:
    shown = demonstrated.run("mix", "--year=2024")

    assert "每100元收入96.5元来自财政" in shown
    assert "104,000,000.00" in shown


def test_loading_again_changes_nothing_and_says_so(demonstrated: Fundmix, sample: Path) -> None:
    summary = demonstrated.run("load", sample).splitlines()

    counted = {
        words[0]: words[1:]
        for line in summary
        if len(words := line.split()) == 6 and words[0].endswith(".csv")
    }
    assert counted == {
        "organisations.csv": ["121", "0", "121", "0", "0"],
        "contracts.csv": ["240", "0", "240", "0", "0"],
        "instalments.csv": ["720", "0", "720", "0", "0"],
        "evaluations.csv": ["480", "0", "480", "0", "0"],
        "donations.csv": ["1008", "0", "1008", "0", "0"],
        "expenditures.csv": ["667", "0", "667", "0", "0"],
    }
    assert_as_expected(demonstrated, sample)


def test_sending_every_event_again_changes_nothing(demonstrated: Fundmix, sample: Path) -> None:
    asked = demonstrated.json("topics", "rebuild")
    demonstrated.run("load", sample)

    assert asked == dict.fromkeys(["registry", "contracts", "donations", "ledger"], "asked")
    assert_as_expected(demonstrated, sample)


def test_a_load_interrupted_twice_and_repeated_comes_to_the_same(
    other: Fundmix, sample: Path
) -> None:
    other.run("up", "-d")

    for how, half in (
        (signal.SIGINT, "donations.csv: 252"),
        (signal.SIGKILL, "contracts.csv: 180"),
    ):
        with other.running("load", sample) as load:
            assert any(line.startswith(half) for line in load.stdout or ()), "it ended before"
            load.send_signal(how)
            assert load.wait() == (EXIT_INTERRUPTED if how == signal.SIGINT else -how)
    other.run("load", sample)

    assert_as_expected(other, sample)


def test_a_demo_once_stops_by_itself(other: Fundmix) -> None:
    other.run("down")

    shown = other.run("demo", "--once")

    assert "all 123 figures are as expected.json says" in shown
    other.run("status", exit_code=3)


def test_a_demo_of_another_city_names_each_figure_that_differs(
    demonstrated: Fundmix, sample: Path, tmp_path: Path
) -> None:
    city = shutil.copytree(sample, tmp_path / "city")
    wanted = expected(sample)
    wanted["years"]["2025"]["received_by_channel"]["university"] = "529378.84"
    (city / "expected.json").write_text(json.dumps(wanted))

    told = demonstrated.run("demo", "--once", "--data", city, exit_code=1)

    difference = "2025 received_by_channel university: expected 529378.84, found 529378.85"
    assert difference in told
    assert "1 of 123 figures differ" in told
    # It ran before, and so it runs on.
    demonstrated.run("status")


def test_a_demo_of_a_city_that_expects_nothing_only_shows(
    demonstrated: Fundmix, sample: Path, tmp_path: Path
) -> None:
    city = shutil.copytree(sample, tmp_path / "city")
    (city / "expected.json").unlink()

    shown = demonstrated.run("demo", "--data", city)

    assert "104,000,000.00" in shown
    assert "112,000,000.00" in shown
    assert "nothing to compare with" in shown


def test_rows_that_differ_or_are_refused_are_told_and_change_nothing(
    demonstrated: Fundmix, sample: Path, tmp_path: Path
) -> None:
    city = shutil.copytree(sample, tmp_path / "city")
    seventeen = "9144190000000000X"
    stranger = seventeen + check_character(seventeen)
    gifts = (city / "donations.csv").read_text().splitlines()
    gifts[1] = gifts[1].replace("14487.57", "14487.58")
    gifts.append(gifts[2].replace("DN-2024-00002", "DN-9").replace("BD202400002", "BD9"))
    gifts[-1] = gifts[-1].replace("91441900LX8R25H7GP", stranger)
    (city / "donations.csv").write_text("\n".join(gifts))

    told = demonstrated.run("load", city, exit_code=1)

    assert "donations.csv:2: amount: the file has 14487.58 CNY, the system 14487.57 CNY" in told
    assert f"donations.csv:1010: donor_uscc: {stranger} is not in the register" in told
    assert_as_expected(demonstrated, sample)
