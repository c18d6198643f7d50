"""`fundmix ledger` and `fundmix goal`: what two persons decide, a journal, a goal and a close."""

import asyncio
import hashlib
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.fundmix import Fundmix
from tests.e2e.nonsense import send_nonsense, the_quarantined

AGENCY: Final = "52441900AJC6XAY6DW"
BODY: Final = "11441900AHP4983MNR"
POSTED_S_MAX: Final = 60.0
JOURNAL: Final = """凭证号,日期,科目,项目,借方金额,贷方金额,摘要
记-001,2023-06-03,业务活动成本,,120.50,,午餐食材
记-001,2023-06-03,管理费用,,30.00,,银行手续费
记-002,2023-06-05,应付职工薪酬,,900.00,,计提
"""
MEANINGS: Final = (
    "--account=业务活动成本=expenses:programme",
    "--account=管理费用=expenses:management",
    "--account=应付职工薪酬=ignore",
)

pytestmark = pytest.mark.timeout(900)


def posted(fundmix: Fundmix, wanted: str) -> list[dict[str, Any]]:
    """The requests of a reference or a batch, once each has its place in the journal."""
    deadline = time.monotonic() + POSTED_S_MAX
    while True:
        found = fundmix.json("ledger", "requests", wanted)
        if found and all(request["entry_seq"] is not None for request in found):
            return found
        assert time.monotonic() < deadline, "the ledger has not posted it"
        time.sleep(0.2)


def approved(fundmix: Fundmix, *asked: str) -> dict[str, Any]:
    """Prepared by one person, approved by another, and posted."""
    request = fundmix.json("ledger", *asked)
    fundmix.json("ledger", "decide", "approve", request["request_id"])
    [request] = posted(fundmix, f"--reference={request['reference']}")
    return request


def earning(reference: str, amount: str, received_on: str) -> tuple[str, ...]:
    return (
        *("income", AGENCY, "--channel=own", "--code=dues"),
        f"--reference={reference}",
        f"--amount={amount}",
        f"--received-on={received_on}",
    )


def spending(reference: str, amount: str, spent_on: str) -> tuple[str, ...]:
    return (
        *("spend", AGENCY, f"--reference={reference}"),
        f"--amount={amount}",
        f"--spent-on={spent_on}",
    )


def yuan(figure: Any) -> Decimal:
    """Of an amount, a line of a balance sheet, or the last column of one of activities."""
    if isinstance(figure, str):
        return Decimal(figure)
    return Decimal(figure.get("amount") or figure["total"]["amount"])


def bank(fundmix: Fundmix, on: str) -> dict[str, str]:
    """What is at the bank on a day, by channel."""
    found = fundmix.json("ledger", "balances", f"--agency={AGENCY}", f"--on={on}")
    return {b["channel"]: b["amount"]["amount"] for b in found if b["code"] == "assets:bank"}


def test_what_came_and_its_use_are_decided_by_two_persons(
    registered: Fundmix, tmp_path: Path
) -> None:
    proof = tmp_path / "发票.pdf"
    proof.write_bytes(b"an invoice")
    came = approved(registered, *earning("IN-E2E-1", "1000.00", "2010-01-10"), f"--payer={BODY}")
    use = (*spending("EX-E2E-1", "400.00", "2010-01-20"), f"--document={proof}")
    request_id = registered.json("ledger", *use)["request_id"]

    waiting = registered.json("ledger", "todo", AGENCY)
    alone = registered.run(
        "ledger", "decide", "approve", request_id, "--as=cli-accountant", exit_code=1
    )
    registered.json("ledger", "decide", "approve", request_id)
    [used] = posted(registered, "--reference=EX-E2E-1")

    assert came["terms"]["payer"] == BODY
    assert [item["request_id"] for item in waiting] == [request_id]
    assert "same_person" in alone
    assert used["terms"]["document_sha256"] == hashlib.sha256(b"an invoice").hexdigest()
    assert bank(registered, "2010-01-19") == {"own": "1000.00"}
    assert bank(registered, "2010-01-20") == {"own": "600.00"}
    lots = registered.json("ledger", "lots", AGENCY, "general")
    assert {lot["document"]: lot["left"]["amount"] for lot in lots}["IN-E2E-1"] == "600.00"


def test_what_is_not_there_is_not_spent_and_what_was_wrong_is_reversed(
    registered: Fundmix,
) -> None:
    came = approved(registered, *earning("IN-E2E-2", "10.00", "2009-01-10"))
    beyond = registered.json("ledger", *spending("EX-E2E-2", "10.01", "2009-01-20"))
    request_id = beyond["request_id"]

    overdrawn = registered.run("ledger", "decide", "approve", request_id, exit_code=1)
    rejected = registered.json("ledger", "decide", "reject", request_id, "--reason=余额不足")
    wrong = ("reverse", AGENCY, str(came["entry_seq"]), "--reference=RV-E2E-2")
    approved(registered, *wrong, "--reason=重复入账", f"--document-sha256={'0' * 64}")

    assert "insufficient_funds" in overdrawn
    assert (rejected["state"], rejected["reason"]) == ("rejected", "余额不足")
    assert bank(registered, "2009-12-31").get("own", "0.00") == "0.00"


def test_an_accounting_journal_is_mapped_imported_and_approved(
    registered: Fundmix, tmp_path: Path
) -> None:
    file = tmp_path / "journal.csv"
    file.write_text(JOURNAL)
    approved(registered, *earning("IN-E2E-4", "200.00", "2023-01-10"))

    unmapped = registered.run("ledger", "import", AGENCY, file, exit_code=1)
    mapping = registered.json("ledger", "mapping", AGENCY, *MEANINGS)
    dry = registered.json("ledger", "import", AGENCY, str(file), "--dry-run")
    batch_id = registered.json("ledger", "import", AGENCY, str(file))["batch_id"]
    batch = registered.json("ledger", "approve-batch", AGENCY, batch_id)
    posted(registered, f"--batch={batch_id}")
    again = registered.json("ledger", "import", AGENCY, str(file))

    assert "import_not_ready" in unmapped
    assert mapping["accounts"]["应付职工薪酬"] == "ignore"
    assert (dry["control_count"], dry["control_total"]["amount"]) == (2, "150.50")
    assert (batch["requests"], batch["total"]["amount"]) == (2, "150.50")
    assert (again["batch_id"], again["unchanged"]) == (None, 2)
    spent = registered.json("ledger", "spending-limits", AGENCY, "--year=2023")
    assert (spent["programme"], spent["management"]) == ("120.50", "30.00")


def test_a_goal_is_set_and_read(registered: Fundmix) -> None:
    approved(registered, *earning("IN-E2E-5", "50.00", "2018-03-01"))
    registered.json("goal", "set", "--year=2018", "--hhi-max=0.7")

    goal = registered.json("goal", "set", "--year=2018", "--government-share-max=0.85")
    reading = registered.json("goal", "reading", "--year=2018", "--on=2018-12-31")
    apart = registered.json("goal", "reading", "--year=2018", "--basis=recognised")
    growth = registered.json("goal", "growth", "--year=2018")
    [row] = registered.json("goal", "ranking", "--year=2018", "--on=2018-12-31")["items"]

    assert (goal["version"], goal["hhi_max"]) == (2, None)
    assert reading["received"]["total"]["amount"] == "50.00"
    assert [limit["status"] for limit in reading["limits"]] == ["met"]
    assert (apart["basis"], apart["limits"]) == ("recognised", [])
    assert growth["signed"]["amount"] == "0.00"
    assert (row["agency"], row["total"]) == (AGENCY, "50.00")


def test_a_year_is_closed_once_nothing_waits_for_a_decision(registered: Fundmix) -> None:
    approved(registered, *earning("IN-E2E-6", "7.00", "2016-12-30"))
    asyncio.run(send_nonsense(registered))
    number = str(the_quarantined(registered)["id"])

    waits = registered.run("ledger", "close", "--year=2016", exit_code=1)
    registered.json("quarantine", "dismiss", number, "--reason=sent by hand")
    to_come = registered.run("ledger", "close", "--year=2199", exit_code=1)
    request_id = registered.json("ledger", "close", "--year=2016")["request_id"]
    [close] = registered.json("ledger", "todo")
    registered.json("ledger", "decide", "approve", request_id)
    posted(registered, "--kind=close")
    again = registered.run("ledger", "close", "201612", exit_code=1)
    approved(registered, *earning("IN-E2E-7", "8.00", "2016-12-31"))

    assert "quarantine" in waits
    assert "period_not_over" in to_come
    assert (close["kind"], close["reference"]) == ("close", "201612")
    assert "period_closed" in again
    restated = registered.json("mix", "--year=2016")
    official = registered.json("mix", "--year=2016", "--basis=official")
    assert (restated["received_total"], official["received_total"]) == ("15.00", "7.00")
    year_end = ("statement", "balance-sheet", "--on=2016-12-31", f"--agency={AGENCY}")
    for asked, total in (
        (("statement", "activities", "--year=2016"), "total_income"),
        (year_end, "total_assets"),
        (("flow", "--year=2016"), "total"),
    ):
        as_known = registered.json("ledger", *asked)
        as_booked = registered.json("ledger", *asked, "--basis=official")
        assert as_booked["basis"] == "official"
        assert yuan(as_known[total]) - yuan(as_booked[total]) == Decimal("8.00")
    # It has its true day, and is booked in the first open month.
    [late] = registered.json("ledger", "cut-off", "--around=2016-12-31", "--days=0")
    assert (late["period"], "booked_in_other_period" in late["reasons"]) == (201701, True)
