"""`fundmix donations` and `fundmix import`: from what a donor announces to its statement."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.fundmix import Fundmix

pytestmark = pytest.mark.timeout(900)

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
MEAL: Final = "长者助餐"
LEDGER_S_MAX: Final = 60.0


def an_announcement(reference: str, amount: str) -> dict[str, Any]:
    money = {"amount": amount, "currency": "CNY"}
    return {
        "reference": reference,
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "kind": "cash",
        "amount": money,
        "given_on": "2026-03-01",
        "lines": [{"agency": AGENCY, "amount": money, "restricted_to": MEAL}],
    }


def announced_in(fundmix: Fundmix, folder: Path, reference: str, amount: str) -> dict[str, Any]:
    file = folder / "gift.json"
    file.write_text(json.dumps(an_announcement(reference, amount)))
    return fundmix.json("donations", "announce", str(file))


def given(fundmix: Fundmix, folder: Path, reference: str, amount: str) -> dict[str, Any]:
    """A donation of 2026 that the ledger has posted."""
    announced = announced_in(fundmix, folder, reference, amount)
    fundmix.json(
        "donations",
        "confirm",
        announced["announcement_id"],
        AGENCY,
        f"--line=1={reference}",
        "--received-on=2026-03-02",
        f"--bank-reference=BK-{reference}",
    )
    [donation] = fundmix.json("donations", "list", f"--reference={reference}")
    until_posted(fundmix, donation["donation_id"])
    return donation


def until_posted(fundmix: Fundmix, lot_id: str) -> None:
    deadline = time.monotonic() + LEDGER_S_MAX
    while lot_id not in {g["lot_id"] for g in gifts(fundmix)}:
        assert time.monotonic() < deadline, "the ledger has not posted the gift"
        time.sleep(0.2)


def gifts(fundmix: Fundmix) -> list[dict[str, Any]]:
    return fundmix.json("donations", "gifts", ENTERPRISE, "--year=2026")


def test_a_gift_is_announced_confirmed_receipted_and_given_back(
    registered: Fundmix, tmp_path: Path
) -> None:
    fundmix = registered
    donation = given(fundmix, tmp_path, "DN-E2E-1", "500.00")
    donation_id = donation["donation_id"]
    asked = ("--reference=RF-E2E-1", "--amount=500.00", "--reason=donor_withdrew")

    receipt = fundmix.json("receipts", "issue", donation_id)
    refused = fundmix.run("donations", "refund", donation_id, *asked, exit_code=1)
    fundmix.json("receipts", "withdraw", receipt["number"], "--reason=refund")
    refund = fundmix.json("donations", "refund", donation_id, *asked)
    paid = fundmix.json(
        "donations",
        "pay-refund",
        refund["refund_id"],
        f"--refunded-on={refund['held_on']}",
        "--bank-reference=BK-BACK-1",
    )
    statement = fundmix.json("donations", "statement", ENTERPRISE, "2026")

    assert "receipt_stands" in refused
    assert (refund["state"], paid["state"]) == ("held", "paid")
    assert statement["given"][0]["refunded"]["amount"] == "500.00"
    fundmix.run("donations", "statement", ENTERPRISE, "2026")


def test_a_donors_pledge_is_fulfilled_in_kind_and_the_rest_cancelled(
    registered: Fundmix, tmp_path: Path
) -> None:
    proof = tmp_path / "invoice.pdf"
    proof.write_bytes(b"an invoice")
    pledged = registered.json(
        *("donations", "pledge", AGENCY, f"--donor={ENTERPRISE}", "--as-donor"),
        *("--reference=PL-E2E-1", "--kind=in_kind", "--amount=300.00"),
        *("--pledged-on=2026-03-01", "--part=2026-03-10=100.00", "--part=2026-04-10=200.00"),
    )

    donation = registered.json(
        *("donations", "receive", AGENCY, f"--donor={ENTERPRISE}", "--reference=DN-E2E-4"),
        *("--kind=in_kind", "--amount=100.00", "--received-on=2026-03-11"),
        *("--given-on=2026-03-10", f"--pledge={pledged['pledge_id']}"),
        *("--description=大米", "--quantity=20.5", "--unit=公斤"),
        *(f"--proof={proof}", "--proof-kind=invoice", "--because=机构停网"),
    )
    cancelled = registered.json(
        "donations", "cancel-pledge", pledged["pledge_id"], "--reason=agreed", "--as-donor"
    )

    assert [part["amount"]["amount"] for part in pledged["schedule"]] == ["100.00", "200.00"]
    assert donation["goods"] == {
        "description": "大米",
        "quantity": "20.5",
        "unit": "公斤",
        "proof_kind": "invoice",
        "proof_sha256": hashlib.sha256(b"an invoice").hexdigest(),
    }
    assert (donation["delegation"], donation["recorded_by"]) == ("机构停网", "cli-officer")
    assert (donation["given_on"], donation["fulfils"]["amount"]) == ("2026-03-10", "100.00")
    assert (cancelled["state"], cancelled["outstanding"]["amount"]) == ("cancelled", "0.00")


def test_time_and_sponsorship_are_received_as_what_they_are(registered: Fundmix) -> None:
    usual = ("donations", "receive", AGENCY, f"--donor={ENTERPRISE}", "--received-on=2026-03-02")

    time_given = registered.json(
        *(*usual, "--reference=DN-E2E-5", "--kind=service", "--amount=150.00"),
        *("--description=法律咨询", "--hours=1.5", "--rate=100.00"),
    )
    sponsored = registered.json(
        *(*usual, "--reference=DN-E2E-6", "--amount=8.00", "--bank-reference=BK-E2E-6"),
        *("--sponsorship", "--anonymous"),
    )
    refused = registered.run(
        *(*usual, "--reference=DN-E2E-7", "--amount=8.00", "--bank-reference=BK-E2E-7"),
        "--description=大米",
        exit_code=1,
    )

    assert time_given["service"]["hours"] == "1.5"
    assert (sponsored["is_sponsorship"], sponsored["is_anonymous"]) == (True, True)
    assert "/goods" in refused


def test_an_officer_splits_one_transfer_over_agencies(registered: Fundmix, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(
        "reference,agency,amount,restricted_to\n"
        f"DN-E2E-8,{AGENCY},60.00,{MEAL}\n"
        f"DN-E2E-9,{OTHER_AGENCY},40.00,\n"
    )
    usual = ("donations", "deposit", f"--donor={ENTERPRISE}", "--received-on=2026-03-02")
    whole = (*usual, "--amount=100.00", "--bank-reference=BK-E2E-8", f"--lines={file}")

    foreign = registered.run(*whole, exit_code=1)
    split = registered.json(*whole, "--because=市级统一收款")
    own = registered.json(
        *(*usual, "--amount=3.00", "--bank-reference=BK-E2E-9"),
        *(f"--line=DN-E2E-10={AGENCY}=1.00={MEAL}", f"--line=DN-E2E-11={AGENCY}=2.00"),
    )

    assert "foreign_row" in foreign
    assert [(d["agency"], d["amount"]["amount"]) for d in split["donations"]] == [
        (AGENCY, "60.00"),
        (OTHER_AGENCY, "40.00"),
    ]
    assert [d["restricted_to"] for d in own["donations"]] == [MEAL, None]


def test_an_officer_confirms_for_an_agency(registered: Fundmix, tmp_path: Path) -> None:
    announced = announced_in(registered, tmp_path, "DN-E2E-12", "20.00")

    registered.json(
        *("donations", "confirm", announced["announcement_id"], AGENCY, "--line=1=DN-E2E-12"),
        *("--received-on=2026-03-02", "--bank-reference=BK-E2E-12", "--because=机构停网"),
    )

    [donation] = registered.json("donations", "list", "--reference=DN-E2E-12")
    assert donation["delegation"] == "机构停网"


def test_an_officer_rejects_for_an_agency(registered: Fundmix, tmp_path: Path) -> None:
    announced = announced_in(registered, tmp_path, "DN-E2E-20", "20.00")

    rejected = registered.json(
        *("donations", "reject", announced["announcement_id"], AGENCY, "--line=1"),
        *("--reason=not_received", "--because=机构停网"),
    )

    assert [line["state"] for line in rejected["lines"]] == ["rejected"]


def test_goods_are_described_and_proved_after_they_came(
    registered: Fundmix, tmp_path: Path
) -> None:
    proof = tmp_path / "appraisal.pdf"
    proof.write_bytes(b"an appraisal")
    usual = ("--description=棉被", "--quantity=30", "--unit=床")
    donation = registered.json(
        *("donations", "receive", AGENCY, f"--donor={ENTERPRISE}", "--reference=DN-E2E-21"),
        *("--kind=in_kind", "--amount=90.00", "--received-on=2026-03-11", *usual),
    )

    about = ("donations", "goods", donation["donation_id"], *usual)
    proved = registered.json(*about, f"--proof={proof}", "--proof-kind=appraisal")

    assert donation["goods"]["proof_kind"] is None
    assert proved["goods"] == donation["goods"] | {
        "proof_kind": "appraisal",
        "proof_sha256": hashlib.sha256(b"an appraisal").hexdigest(),
    }


def test_pledges_are_listed_by_their_state(registered: Fundmix) -> None:
    registered.json(
        *("donations", "pledge", AGENCY, f"--donor={ENTERPRISE}", "--reference=PL-E2E-20"),
        *("--amount=5.00", "--pledged-on=2026-03-01", "--part=2026-03-10=5.00"),
    )

    overdue = registered.json("donations", "pledges", f"--agency={AGENCY}", "--state=overdue")

    assert "PL-E2E-20" in {pledge["reference"] for pledge in overdue}
    assert {pledge["state"] for pledge in overdue} == {"overdue"}


def test_a_donor_withdraws_what_it_has_announced(registered: Fundmix, tmp_path: Path) -> None:
    announced = announced_in(registered, tmp_path, "DN-E2E-13", "20.00")

    withdrawn = registered.json("donations", "withdraw", announced["announcement_id"])

    assert [line["state"] for line in withdrawn["lines"]] == ["withdrawn"]


def test_what_is_left_is_kept_for_something_else_and_a_refund_is_cancelled(
    registered: Fundmix, tmp_path: Path
) -> None:
    consent = tmp_path / "consent.pdf"
    consent.write_bytes(b"the donor's consent")
    donation_id = given(registered, tmp_path, "DN-E2E-14", "90.00")["donation_id"]

    refund = registered.json(
        *("donations", "refund", donation_id, "--reference=RF-E2E-2", "--amount=10.00"),
        "--reason=left_over",
    )
    kept = registered.json("donations", "cancel-refund", refund["refund_id"])
    change = registered.json(
        *("donations", "change-purpose", donation_id, "--reference=PC-E2E-1"),
        *("--amount=90.00", "--to=儿童阅读", "--consented-on=2026-03-03"),
        *(f"--document={consent}", f"--changed-on={refund['held_on']}"),
    )
    changes = registered.json("donations", "purpose-changes", f"--donation={donation_id}")
    refunds = registered.json("donations", "refunds", f"--donation={donation_id}")

    assert (refund["state"], kept["state"]) == ("held", "cancelled")
    assert (change["restricted_to"], change["new_restricted_to"]) == (MEAL, "儿童阅读")
    assert changes == [change]
    [listed] = refunds
    assert listed["released_at"] is not None
    assert listed | {"released_at": None} == kept | {"released_at": None}


def test_receipts_are_drafted_issued_for_a_month_printed_and_checked(
    registered: Fundmix, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.pdf"
    [first, second] = [
        registered.json(
            *("donations", "receive", OTHER_AGENCY, f"--donor={ENTERPRISE}"),
            *(f"--reference=DN-{day}", "--amount=8.00", f"--bank-reference=BK-{day}"),
            f"--received-on={day}",
        )
        for day in ("2025-11-03", "2025-11-04")
    ]

    draft = registered.json("receipts", "draft", first["donation_id"], "--handler=王芳")
    registered.json("receipts", "withdraw", draft["receipt_id"], "--reason=wrong")
    job = registered.json("receipts", "bulk", OTHER_AGENCY, "202511")
    looked_at = registered.json("receipts", "job", job["job_id"])
    listed = registered.json("receipts", "list", f"--agency={OTHER_AGENCY}", "--state=issued")
    year = listed[0]["shown"]["issued_on"][:4]
    gaps = registered.json("receipts", "gaps", OTHER_AGENCY, year)
    number, code = listed[0]["number"], listed[0]["shown"]["check_code"]
    registered.run("receipts", "pdf", number, f"--out={file}")
    valid = registered.json("receipts", "check", number, code)
    wrong = registered.run("receipts", "check", number, "AAAA-AAAA", exit_code=1)

    assert draft["state"] == "draft"
    assert (job["state"], job["issued"], looked_at) == ("finished", 2, job)
    assert {r["donation_id"] for r in listed} == {first["donation_id"], second["donation_id"]}
    assert (gaps["taken"], gaps["is_whole"]) == (2, True)
    assert file.read_bytes().startswith(b"%PDF-")
    assert valid["status"] == "valid"
    assert "unknown" in wrong


def test_whom_to_ask_about_a_donation_is_kept_changed_and_erased(
    registered: Fundmix, tmp_path: Path
) -> None:
    file = tmp_path / "contact.json"
    donation_id = given(registered, tmp_path, "DN-E2E-15", "11.00")["donation_id"]
    person = {"organisation": ENTERPRISE, "name": "张三丰", "phone": "13800138000"}
    file.write_text(json.dumps({"agency": AGENCY, **person}))
    contact_id = registered.json("donations", "contact", "record", str(file))["contact_id"]

    registered.json("donations", "contact", "link", donation_id, contact_id)
    read = registered.json("donations", "contact", "of", donation_id)
    file.write_text(json.dumps({**person, "phone": "13900139000"}))
    change = ("donations", "contact", "change", AGENCY, contact_id, str(file))
    registered.json(*change, "--version=1")
    stale = registered.run(*change, "--version=1", exit_code=1)
    file.write_text(json.dumps({"agency": AGENCY, "phone": "139 0013 9000"}))
    found = registered.json("donations", "contact", "find", str(file))
    erased = registered.json(
        "donations", "contact", "erase", AGENCY, contact_id, "--reason=asked_by_person"
    )
    shown = registered.json("donations", "contact", "show", AGENCY, contact_id)
    accesses = registered.json("donations", "contact", "accesses", f"--contact={contact_id}")

    assert (read["contact_id"], read["person"]["name"]) == (contact_id, "张三丰")
    assert "version_mismatch" in stale
    assert [item["contact_id"] for item in found["items"]] == [contact_id]
    assert {kept["what"]: kept["count"] for kept in erased["kept"]}["donations"] == 1
    assert shown["person"] is None
    assert [access["act"] for access in accesses] == [
        *("recorded", "linked", "read", "changed", "found", "erased")
    ]


def test_a_source_names_its_columns_and_its_imports_are_listed(
    registered: Fundmix, tmp_path: Path
) -> None:
    file = tmp_path / "bank.csv"
    file.write_text(
        "编号,捐赠方类型,捐赠方,机构,类型,钱数,到账日期,银行流水号\n"
        f"DN-E2E-16,企业,{ENTERPRISE},{AGENCY},现金,12.00,2026-03-02,BK-E2E-16\n"
    )
    source = "--source=bank-e2e"

    before = registered.json("donations", "import-columns", source)
    named = registered.json(
        *("donations", "set-import-columns", source, "--column=钱数=amount"),
        *("--column=编号=reference", "--column=捐赠方=donor_code"),
        *("--column=机构=agency", "--column=捐赠方类型=donor_kind"),
    )
    after = registered.json("donations", "import-columns", source)
    booked = registered.json("import", str(file), source)
    [batch] = registered.json("donations", "imports", source)

    assert before["columns"] == {}
    assert after == named
    assert (batch["batch_id"], batch["donations"]) == (booked["batch_id"], 1)


def test_the_open_data_of_gifts_is_written_to_files(registered: Fundmix, tmp_path: Path) -> None:
    given(registered, tmp_path, "DN-E2E-17", "13.00")
    package, table = tmp_path / "gifts.json", tmp_path / "gifts.csv"

    registered.run("donations", "export", "360giving", package, "--year=2026")
    registered.run("donations", "export", "360giving-csv", table, f"--agency={AGENCY}")

    grants = json.loads(package.read_bytes())["grants"]
    assert {grant["recipientOrganization"][0]["id"] for grant in grants} >= {f"CN-USCC-{AGENCY}"}
    assert table.read_text().count(f"CN-USCC-{ENTERPRISE}") >= 1


def test_what_was_recorded_in_error_is_undone(registered: Fundmix, tmp_path: Path) -> None:
    donation = given(registered, tmp_path, "DN-E2E-2", "70.00")

    undone = registered.json("donations", "reverse", donation["donation_id"], "--reason=录入有误")
    again = registered.run(
        "donations", "reverse", donation["donation_id"], "--reason=录入有误", exit_code=1
    )

    assert undone["reversed_on"] is not None
    assert "donation_reversed" in again


def test_what_waits_is_told(registered: Fundmix, tmp_path: Path) -> None:
    file = tmp_path / "gift.json"
    file.write_text(json.dumps(an_announcement("DN-E2E-3", "30.00")))
    announced = registered.json("donations", "announce", str(file))

    waiting = registered.json("donations", "todo", AGENCY)
    registered.json(
        "donations",
        "reject",
        announced["announcement_id"],
        AGENCY,
        "--line=1",
        "--reason=duplicate",
    )

    assert announced["announcement_id"] in {item["id"] for item in waiting}


def test_the_samples_donations_come_in_are_undone_and_come_in_again(
    registered: Fundmix, sample: Path
) -> None:
    file = str(sample / "donations.csv")
    control = ("--control-count=1008", "--control-total=14404600.00")

    dry = registered.json("import", file, "--dry-run", *control)
    refused = registered.run("import", file, "--control-count=1007", exit_code=1)
    first = registered.json("import", file, *control)
    twice = registered.json("import", file, *control)
    undone = reversed_batch(registered, first["batch_id"])
    again = registered.json("import", file, *control)

    assert (dry["failed"], dry["suspected"], dry["duplicates"]) == (0, [], 0)
    assert "not what the file should have" in refused
    for batch in (first, again):
        assert (batch["donations"], batch["pledges"], batch["duplicates"]) == (984, 340, 0)
    assert (twice["batch_id"], twice["duplicates"]) == (None, 1008)
    assert (undone["donations"], undone["pledges"]) == (984, 340)


def reversed_batch(fundmix: Fundmix, batch_id: str) -> dict[str, Any]:
    """As soon as the ledger has posted all of it."""
    deadline = time.monotonic() + LEDGER_S_MAX
    while True:
        try:
            return fundmix.json("donations", "reverse-import", batch_id, "--reason=文件有误")
        except AssertionError as error:
            if "ledger_unavailable" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
