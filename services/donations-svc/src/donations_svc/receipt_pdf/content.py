"""What stands on a receipt, line by line: labels of ours, and text of others as it is."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

import segno
from fundmix_events.donations import DonationKind, DonorKind, Goods, ProofKind
from fundmix_events.money import Money, text_from_minor

from donations_svc.domain.check_code import in_groups
from donations_svc.domain.receipt import ReceiptState, Snapshot, Withdrawal, WithdrawalReason

TITLE: Final = "捐赠接收确认函"
ACROSS: Final = {ReceiptState.DRAFT: "草稿", ReceiptState.WITHDRAWN: "作废"}
KINDS: Final = {DonationKind.CASH: "货币", DonationKind.IN_KIND: "实物"}
PROOFS: Final = {
    ProofKind.INVOICE: "发票等凭据",
    ProofKind.MARKET_PRICE: "市场价格",
    ProofKind.APPRAISAL: "评估报告",
}
REASONS: Final = {
    WithdrawalReason.WRONG: "内容有误",
    WithdrawalReason.REFUND: "捐赠退还",
    WithdrawalReason.PURPOSE_CHANGE: "捐赠用途变更",
    WithdrawalReason.REVERSAL: "捐赠登记有误",
    WithdrawalReason.DONOR_REQUEST: "捐赠人要求",
}
UNRESTRICTED: Final = "非限定"
TO_SIGN: Final = "　　　　　　"
MISSING_SIGN: Final = "〓"
MISSING_SHOWN_MAX: Final = 8
# No part of writing of its own, so nothing is lost without it: joiners and variants of a sign.
INVISIBLE: Final = frozenset(
    {*(0x180B, 0x180C, 0x180D, 0x180F, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)}
    | {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)
STATEMENT: Final = (
    "{who}于{day}捐赠的{what}，本机构已收到。本机构将按照捐赠约定的用途使用，"
    "接受捐赠人查询和社会监督。特此确认，谨致谢忱。"
)
NOT_THE_BILL: Final = "本函是本机构出具的捐赠接收确认，不是财政部门监制的公益事业捐赠票据。"


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A receipt as it is to be printed; `at` is when it was issued, or drafted."""

    state: ReceiptState
    snapshot: Snapshot
    at: datetime
    withdrawal: Withdrawal | None = None

    @property
    def timestamp(self) -> int:
        """In seconds since 1970, as the file states it."""
        return int(self.at.timestamp())


def content_of(sheet: Sheet, *, has_glyph: Callable[[str], bool]) -> dict[str, Any]:
    """What the template gets. `has_glyph` says whether the font has a character.

    Where it has not, the sign 〓 stands, as printers do, and a note says for which characters.
    """
    shown = sheet.snapshot
    is_issued = bool(shown.number)
    is_person = shown.donor.kind is DonorKind.INDIVIDUAL
    content = {
        "title": TITLE,
        "across": ACROSS.get(sheet.state),
        "agency": shown.agency_name,
        "number": shown.number if is_issued else "（草稿，未编号）",
        "issued": f"开具日期　{_day(shown.issued_on)}" if is_issued else "",
        "issued_on": _day(shown.issued_on) if is_issued else "　　年　　月　　日",
        "donor": shown.donor_name,
        "statement": STATEMENT.format(
            who="您" if is_person else "贵单位",
            day=_day(shown.given_on),
            what="实物" if shown.kind is DonationKind.IN_KIND else shown.amount_in_words,
        ),
        "rows": [asdict(row) for row in _rows(shown)],
        "notes": _notes(sheet),
        "handler": shown.handler or TO_SIGN,
        "qr": qr_svg(shown.check_url) if is_issued else None,
        "qr_alt": f"查验二维码：{shown.check_url}",
        "check_code": in_groups(shown.check_code),
        "check_url": shown.check_url,
    }
    return _with_glyphs_only(content, has_glyph)


def qr_svg(text: str) -> str:
    svg = BytesIO()
    segno.make(text, error="m", micro=False).save(svg, kind="svg", border=0, xmldecl=False)
    return svg.getvalue().decode()


def _rows(shown: Snapshot) -> list[Row]:
    rows = [Row("捐赠人", shown.donor_name)]
    if shown.donor.code is not None:
        rows.append(Row("统一社会信用代码", shown.donor.code))
    rows.append(Row("捐赠方式", KINDS[shown.kind]))
    if shown.goods is not None:
        rows += _goods_rows(shown.goods)
    rows += [
        Row("金额（大写）", shown.amount_in_words, is_strong=True),
        Row("金额（小写）", _figures(shown.amount), is_strong=True),
    ]
    if shown.refunded.amount_minor:
        kept = f"原捐赠{_figures(shown.received)}，已退还{_figures(shown.refunded)}"
        rows.append(Row("退还情况", kept))
    rows += [
        *_purpose_rows(shown),
        Row("到账日期" if shown.bank_reference else "接收日期", _day(shown.received_on)),
    ]
    if shown.bank_reference is not None:
        rows.append(Row("银行流水号", shown.bank_reference))
    rows.append(Row("捐赠编号", shown.reference))
    if shown.official_bill is not None:
        bill = shown.official_bill
        rows.append(Row("公益事业捐赠票据", f"代码 {bill.code}　号码 {bill.number}"))
    return rows


def _purpose_rows(shown: Snapshot) -> list[Row]:
    """What it is kept for; and what it was given for, where that was changed."""
    if [kept.restricted_to for kept in shown.kept_for] == [shown.restricted_to]:
        return [Row("捐赠用途", shown.restricted_to or UNRESTRICTED)]
    rows = [Row("原捐赠用途", shown.restricted_to or UNRESTRICTED)]
    for kept in shown.kept_for:
        name = kept.restricted_to or UNRESTRICTED
        rows.append(Row("变更后用途", f"{name}：{_figures(kept.amount)}"))
    return rows


def _goods_rows(goods: Goods) -> list[Row]:
    rows = [
        Row("物品名称", goods.description),
        Row("数量", f"{goods.quantity.normalize():f} {goods.unit}"),
    ]
    if goods.proof_kind is not None:
        rows.append(Row("价值依据", PROOFS[goods.proof_kind]))
    return rows


def _notes(sheet: Sheet) -> list[str]:
    notes = [NOT_THE_BILL]
    if sheet.snapshot.replaces is not None:
        notes.append(f"本函替代已作废的编号 {sheet.snapshot.replaces}。")
    if sheet.withdrawal is not None:
        reason = REASONS[sheet.withdrawal.reason]
        notes.append(f"本函已于{_day(sheet.withdrawal.on)}作废。原因：{reason}。")
    return notes


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _figures(amount: Money) -> str:
    yuan, _, fen = text_from_minor(amount.amount_minor).partition(".")
    return f"¥{int(yuan):,}.{fen}"


def _with_glyphs_only(content: dict[str, Any], has_glyph: Callable[[str], bool]) -> dict[str, Any]:
    """PDF/A has no place for a character that the font cannot show."""
    missing: dict[str, None] = {}

    def shown(text: str) -> str:
        characters: list[str] = []
        for character in text:
            if ord(character) in INVISIBLE:
                continue
            if has_glyph(character):
                characters.append(character)
            else:
                missing[character] = None
                characters.append(MISSING_SIGN)
        return "".join(characters)

    for name in ("agency", "donor", "handler", "qr_alt", "check_url"):
        content[name] = shown(content[name])
    for row in content["rows"]:
        row["value"] = shown(row["value"])
    if missing:
        named = "、".join(f"U+{ord(c):04X}" for c in list(missing)[:MISSING_SHOWN_MAX])
        more = "等" if len(missing) > MISSING_SHOWN_MAX else ""
        content["notes"].append(f"{MISSING_SIGN} 为字库未收的字符（{named}{more}）。")
    return content
