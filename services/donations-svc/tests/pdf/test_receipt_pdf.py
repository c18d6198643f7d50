"""Receipts as PDF: what stands on them, that nothing written by others does anything, PDF/A-2a."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pypdfium2
import pytest
import zxingcpp
from donations_svc.domain.amount_words import in_words
from donations_svc.domain.receipt import (
    KeptFor,
    OfficialBill,
    ReceiptState,
    Snapshot,
    Withdrawal,
    WithdrawalReason,
)
from donations_svc.receipt_pdf.content import Sheet
from donations_svc.receipt_pdf.renderer import Renderer, RendererBusyError
from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, ProofKind
from fundmix_events.money import Money
from fundmix_kit.embedded.kafka import resolve_jars
from pypdf import PdfReader

ISSUED_AT: Final = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
NUMBER: Final = "52441900AJC6XAY6DW-2026-000012"
CHECK_URL: Final = f"https://fund.example.org/v1/public/receipts/{NUMBER}?c=PFD4Q5VC4CTB"
AMOUNT: Final = Money.parse("123456.78")
VERAPDF_S_MAX: Final = 60
FOOTER: Final = re.compile(r"第\d+页，共\d+页")

# What the database has of receipts that were issued once; a file is never changed.
FORMS: Final = Path(__file__).parent
FORM_1_SHA256: Final = "d9afd4d148c56d2acf2d552466dbb161198cd9e7e2238781b6ede6ee065b36f2"
ELSEWHERE: Final = """
import hashlib, sys
from datetime import datetime
from pathlib import Path
from donations_svc.domain.receipt import ReceiptState, Snapshot
from donations_svc.receipt_pdf.content import Sheet
from donations_svc.receipt_pdf.renderer import Renderer
snapshot = Snapshot.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
at = datetime.fromisoformat(sys.argv[2])
sheet = Sheet(state=ReceiptState.ISSUED, snapshot=snapshot, at=at)
print(hashlib.sha256(Renderer(threads_max=1, waiting_max=1).render_here(sheet)).hexdigest())
"""

HOSTILE: Final = {
    "code": '#panic("x")',
    "markup": '= #eval("1") *b* _i_ $x$ @ref <label> // /* \\ ` #[]{}',
    "json": '"}],"title":"#panic()","x":["',
    "file": '#read("/etc/passwd") #image("receipt.typ") #include "receipt.typ"',
    "formula": "=cmd|' /C calc'!A0",
    "tags": "<svg onload=alert(1)></svg><script>",
    "right to left": "\u202eevil\u202c شركة",
    "emoji": "爱心👨‍👩‍👧‍👦❤️🇨🇳",
    "rare": "𠮷野家㛃䶮𬭼𰻝",
    "combining": "e\u0301a\u0308" + "z\u0300" * 200,
    "long": "长" * 10_000,
    "long and unbroken": "W" * 10_000,
    "controls": "a\u0000b\u0007c\ufeff\u2028d",
}


def a_snapshot(**changes: Any) -> Snapshot:
    usual: dict[str, Any] = {
        "number": NUMBER,
        "agency": "52441900AJC6XAY6DW",
        "agency_name": "东莞市阳光社会工作服务中心",
        "donor": Donor(kind=DonorKind.ENTERPRISE, code="91441900LX8R25H7GP"),
        "donor_name": "东莞市松山湖智能制造有限公司",
        "is_anonymous": False,
        "reference": "D-2026-0031",
        "kind": DonationKind.CASH,
        "amount": AMOUNT,
        "amount_in_words": in_words(AMOUNT),
        "received": AMOUNT,
        "refunded": Money.of(0),
        "restricted_to": "长者助餐",
        "given_on": date(2026, 3, 2),
        "received_on": date(2026, 3, 2),
        "bank_reference": "20260302-8871",
        "goods": None,
        "official_bill": None,
        "handler": "王芳",
        "replaces": None,
        "issued_on": date(2026, 3, 5),
        "check_code": "PFD4Q5VC4CTB",
        "check_url": CHECK_URL,
    }
    usual |= changes
    kept = KeptFor(restricted_to=usual["restricted_to"], amount=usual["amount"])
    usual.setdefault("kept_for", (kept,))
    return Snapshot(**usual)


def a_sheet(state: ReceiptState = ReceiptState.ISSUED, **changes: Any) -> Sheet:
    withdrawal = Withdrawal(
        on=date(2026, 4, 1),
        at=ISSUED_AT,
        by="treasurer",
        reason=WithdrawalReason.REFUND,
        remark="内部备注",
    )
    is_withdrawn = state is ReceiptState.WITHDRAWN
    return Sheet(
        state=state,
        snapshot=a_snapshot(**changes),
        at=ISSUED_AT,
        withdrawal=withdrawal if is_withdrawn else None,
    )


def a_kept_sheet(kept: str) -> Sheet:
    snapshot = Snapshot.model_validate_json(kept)
    return Sheet(state=ReceiptState.ISSUED, snapshot=snapshot, at=ISSUED_AT)


GOODS: Final = Goods(
    description="护理床", quantity=Decimal("12.500"), unit="张", proof_kind=ProofKind.APPRAISAL
)
SHEETS: Final = {
    "money": a_sheet(),
    "goods": a_sheet(kind=DonationKind.IN_KIND, goods=GOODS, bank_reference=None),
    "person": a_sheet(donor=Donor(kind=DonorKind.INDIVIDUAL), donor_name="爱心人士"),
    "partly refunded": a_sheet(received=Money.parse("200000.00"), refunded=Money.parse("76543.22")),
    "everything": a_sheet(
        replaces=NUMBER.replace("12", "11"),
        official_bill=OfficialBill(code="44010126", number="0001234567"),
    ),
    "withdrawn": a_sheet(ReceiptState.WITHDRAWN),
    "draft": a_sheet(ReceiptState.DRAFT, number="", check_code="", check_url="", handler=None),
}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(threads_max=2, waiting_max=20)
    yield renderer
    renderer.close()


def text_of(pdf: bytes) -> str:
    """Without blanks and line breaks: where a line ends is no matter."""
    pages = PdfReader(BytesIO(pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def lines_of(pdf: bytes) -> list[str]:
    pages = PdfReader(BytesIO(pdf)).pages
    return [line for page in pages for line in page.extract_text().splitlines()]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def codes_on(pdf: bytes) -> list[str]:
    """What a reader of bar codes finds on the first page."""
    page: Any = pypdfium2.PdfDocument(pdf)[0]
    bitmap = page.render(scale=3, grayscale=True)
    pixels = bytes(bitmap.buffer)
    rows = (pixels[y * bitmap.stride :][: bitmap.width] for y in range(bitmap.height))
    picture = memoryview(b"".join(rows)).cast("B", (bitmap.height, bitmap.width))
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("name", SHEETS)
def test_a_receipt_is_one_page_that_says_all(name: str, renderer: Renderer) -> None:
    sheet = SHEETS[name]
    shown = sheet.snapshot

    pdf = renderer.render_here(sheet)

    reader = PdfReader(BytesIO(pdf))
    assert len(reader.pages) == 1
    text = text_of(pdf)
    for part in (
        "捐赠接收确认函",
        shown.agency_name,
        shown.donor_name,
        shown.amount_in_words,
        "¥123,456.78",
        shown.reference,
        shown.number,
        shown.handler or "",
        shown.replaces or "",
        shown.restricted_to or "",
    ):
        assert squeezed(part) in text
    assert "内部备注" not in text


def test_goods_are_told_by_what_they_are(renderer: Renderer) -> None:
    text = text_of(renderer.render_here(SHEETS["goods"]))

    for part in ("实物", "护理床", "12.5张", "评估报告", "接收日期"):
        assert part in text


def test_what_was_given_back_is_told(renderer: Renderer) -> None:
    text = text_of(renderer.render_here(SHEETS["partly refunded"]))

    assert "原捐赠¥200,000.00，已退还¥76,543.22" in text


def test_a_changed_purpose_is_told_with_what_it_was_before(renderer: Renderer) -> None:
    kept_for = (
        KeptFor(restricted_to="长者助餐", amount=Money.parse("100000.00")),
        KeptFor(restricted_to=None, amount=Money.parse("23456.78")),
    )

    text = text_of(renderer.render_here(a_sheet(kept_for=kept_for)))

    assert "原捐赠用途长者助餐" in text
    assert "变更后用途长者助餐：¥100,000.00" in text
    assert "变更后用途非限定：¥23,456.78" in text


def test_a_withdrawn_receipt_says_so_across_and_why(renderer: Renderer) -> None:
    text = text_of(renderer.render_here(SHEETS["withdrawn"]))

    assert "作废" in text.replace("已于2026年4月1日作废", "")
    assert "已于2026年4月1日作废。原因：捐赠退还。" in text


def test_a_draft_says_so_and_has_nothing_to_check(renderer: Renderer) -> None:
    pdf = renderer.render_here(SHEETS["draft"])

    assert "草稿" in text_of(pdf)
    assert codes_on(pdf) == []


@pytest.mark.parametrize("name", ["money", "withdrawn", "everything"])
def test_the_code_on_it_leads_to_the_check(name: str, renderer: Renderer) -> None:
    assert codes_on(renderer.render_here(SHEETS[name])) == [CHECK_URL]


def test_the_same_receipt_gives_the_same_bytes() -> None:
    first = Renderer(threads_max=1, waiting_max=1)
    pdf = first.render_here(SHEETS["money"])
    first.render_here(SHEETS["goods"])

    assert first.render_here(SHEETS["money"]) == pdf
    assert Renderer(threads_max=1, waiting_max=1).render_here(a_sheet()) == pdf
    assert PdfReader(BytesIO(pdf)).metadata.creation_date == ISSUED_AT  # pyright: ignore[reportOptionalMemberAccess]  # it has one


def test_a_receipt_of_form_1_has_the_bytes_that_it_had_first() -> None:
    kept = (FORMS / "form_1.json").read_text()

    pdf = Renderer(threads_max=1, waiting_max=1).render_here(a_kept_sheet(kept))

    assert sha256(pdf).hexdigest() == FORM_1_SHA256


def test_neither_the_process_nor_its_place_and_time_zone_change_a_receipt(tmp_path: Path) -> None:
    command = (sys.executable, "-c", ELSEWHERE, str(FORMS / "form_1.json"), ISSUED_AT.isoformat())
    surroundings = {"TZ": "America/New_York", "LC_ALL": "C", "LANG": "C"}

    told = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
    )

    assert told.stdout.strip() == FORM_1_SHA256, told.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in FORMS.glob("form_*.json")))
def test_whatever_was_once_kept_of_a_receipt_can_be_shown(name: str, renderer: Renderer) -> None:
    kept = (FORMS / name).read_text()

    text = text_of(renderer.render_here(a_kept_sheet(kept)))

    assert "捐赠用途长者助餐" in text
    assert "¥123,456.78" in text


async def test_receipts_made_at_once_are_the_same_as_one_by_one(renderer: Renderer) -> None:
    alone = {name: renderer.render_here(sheet) for name, sheet in SHEETS.items()}

    made = await asyncio.gather(*(renderer.render(sheet) for sheet in SHEETS.values()))

    assert dict(zip(SHEETS, made, strict=True)) == alone


async def test_a_crowd_is_told_to_come_back() -> None:
    small = Renderer(threads_max=1, waiting_max=2)

    answers = await asyncio.gather(
        *(small.render(a_sheet()) for _ in range(6)), return_exceptions=True
    )

    small.close()
    assert sum(isinstance(answer, bytes) for answer in answers) == 2
    assert sum(isinstance(answer, RendererBusyError) for answer in answers) == 4


def test_every_font_is_in_the_file(renderer: Renderer) -> None:
    page: Any = PdfReader(BytesIO(renderer.render_here(SHEETS["everything"]))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]

    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor
        assert "NotoSansCJK" in descriptor["/FontName"]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_others_have_written_is_only_shown(name: str, renderer: Renderer) -> None:
    text = HOSTILE[name]
    goods = GOODS.model_copy(update={"description": text, "unit": text[:50]})

    pdf = renderer.render_here(
        a_sheet(
            donor_name=text,
            restricted_to=text,
            reference=text,
            handler=text[:50],
            kind=DonationKind.IN_KIND,
            goods=goods,
            official_bill=OfficialBill.model_construct(code=text, number=text),
        )
    )

    assert codes_on(pdf) in ([CHECK_URL], [])
    found = text_of(pdf)
    assert "root:" not in found
    assert "捐赠接收确认函" in found
    if text.isascii() and text.isprintable():
        assert squeezed(text) in FOOTER.sub("", found)


def test_what_has_no_place_to_break_a_line_stays_on_the_sheet(renderer: Renderer) -> None:
    """Each line of the text holds no more than fits between the margins."""
    name = "W" * 200

    pdf = renderer.render_here(a_sheet(donor_name=name))

    lines = [line for line in lines_of(pdf) if "WW" in line]
    assert sum(line.count("W") for line in lines) == 2 * len(name)
    assert max(map(len, lines)) < 60


def test_what_the_font_cannot_show_is_named(renderer: Renderer) -> None:
    text = text_of(renderer.render_here(a_sheet(donor_name="张\u202e😀三")))

    assert "致：张〓〓三" in text
    assert "〓为字库未收的字符（U+202E、U+1F600）。" in text


@pytest.mark.verapdf
@pytest.mark.timeout(900)
async def test_every_receipt_is_accepted_as_pdf_a_2a_and_pdf_ua(
    renderer: Renderer, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    root = pytestconfig.rootpath
    jars = await resolve_jars(root / "deploy" / "verapdf" / "pom.xml", root / ".cache" / "verapdf")
    hostile = {name: a_sheet(donor_name=text[:300]) for name, text in HOSTILE.items()}
    for number, sheet in enumerate([*SHEETS.values(), *hostile.values()]):
        (tmp_path / f"{number}.pdf").write_bytes(renderer.render_here(sheet))

    for flavour in ("2a", "ua1"):
        command = (
            *("java", "-cp", f"{jars}/*", "org.verapdf.apps.GreenfieldCliWrapper"),
            *("--flavour", flavour, "--format", "text", str(tmp_path)),
        )
        answer = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=VERAPDF_S_MAX
        )
        told = answer.stdout.splitlines()
        assert len(told) == len(SHEETS) + len(HOSTILE), answer.stderr
        assert all(line.startswith("PASS ") for line in told), answer.stdout
