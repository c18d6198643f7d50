"""The sample city's books in other tools: accepted, and every balance the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openpyxl
import pytest
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import minor_from_text
from ledger_svc.domain.account_names import AccountParts

from tests.e2e.fundmix import Fundmix
from tests.exports.checking import EACH_TOOL, TOOLS, Balances

pytestmark = pytest.mark.timeout(900)


def listed(fundmix: Fundmix, path: str, **params: str) -> Iterator[Any]:
    token = fundmix.run("token", "auditor").strip()
    url = fundmix.json("status")["urls"]["ledger"]
    headers = {"Authorization": f"Bearer {token}"}
    query = {**params, "limit": "200"}
    with httpx2.Client(base_url=url, headers=headers, trust_env=False) as client:
        while True:
            page: Any = client.get(path, params=query).raise_for_status().json()
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]


def account_of(item: Any) -> AccountParts:
    return AccountParts(
        item["agency"], AccountCode(item["code"]), item["fund_code"], Channel(item["channel"])
    )


def balances(fundmix: Fundmix, **params: str) -> Balances:
    amounts = {
        account_of(item): minor_from_text(item["amount"]["amount"])
        for item in listed(fundmix, "/v1/balances", **params)
    }
    return {account: amount for account, amount in amounts.items() if amount}


@pytest.mark.parametrize("name", EACH_TOOL)
def test_the_whole_sample_is_accepted_and_every_balance_is_ours(
    demonstrated: Fundmix, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"books.{name}"

    demonstrated.run("export", name, "--out", path)

    TOOLS[name].accepted(path)
    ours = balances(demonstrated)
    assert len(ours) > 1000
    assert TOOLS[name].balances(path) == ours


@pytest.mark.parametrize("name", EACH_TOOL)
def test_the_last_months_of_one_agency_stand_alone(
    demonstrated: Fundmix, tmp_path: Path, name: str
) -> None:
    agency = next(listed(demonstrated, "/v1/balances"))["agency"]
    path = tmp_path / f"books.{name}"

    demonstrated.run("export", name, "--from=202507", f"--agency={agency}", "--out", path)

    TOOLS[name].accepted(path)
    assert TOOLS[name].balances(path) == balances(demonstrated, agency=agency)


def test_the_tables_have_the_same_entries_and_debits(demonstrated: Fundmix, tmp_path: Path) -> None:
    told = {
        name: demonstrated.run("export", name, "--out", tmp_path / name).split(": ", 1)[1]
        for name in ("beancount", "hledger", "csv", "xlsx")
    }

    assert len(set(told.values())) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(told)
    (tmp_path / "xlsx").rename(tmp_path / "books.xlsx")
    book = openpyxl.load_workbook(tmp_path / "books.xlsx", read_only=True)
    assert book.sheetnames == ["说明", "科目余额表", "序时账"]


def test_what_is_refused_leaves_the_file_that_was_there(
    demonstrated: Fundmix, tmp_path: Path
) -> None:
    path = tmp_path / "books.csv"
    path.write_text("before")

    told = demonstrated.run(
        "export", "csv", "--from=202402", "--to=202401", "--out", path, exit_code=1
    )

    assert "span_invalid" in told
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("books.csv", "before")]
