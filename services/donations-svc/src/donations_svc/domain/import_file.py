"""A file of donations: its header in Chinese or English, and what a row alone tells is wrong."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple, get_type_hints

from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.donations import (
    DonationKind,
    Donor,
    DonorKind,
    Goods,
    ProofKind,
    Quantity,
    Service,
    Sha256,
)
from fundmix_events.money import Money
from fundmix_events.text import Label, Name
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from donations_svc.domain.donation import DonationTerms
from donations_svc.domain.pledge import PledgeTerms

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "reference": ("donation_ref", "捐赠编号", "捐赠号", "编号"),
    "donor_code": (
        *("donor_uscc", "捐赠方统一社会信用代码", "捐赠人统一社会信用代码"),
        *("统一社会信用代码", "捐赠方信用代码"),
    ),
    "donor_name": ("捐赠方名称", "捐赠人名称", "捐赠方", "捐赠人", "捐赠单位"),
    "donor_kind": ("捐赠方类型", "捐赠人类型", "捐赠方类别"),
    "agency": ("agency_uscc", "接收机构", "接收机构统一社会信用代码", "受赠机构", "接收单位"),
    "kind": ("类型", "捐赠类型", "捐赠方式"),
    "amount": ("金额", "捐赠金额", "价值"),
    "pledged_on": ("认捐日期", "承诺日期"),
    "received_on": ("到账日期", "接收日期", "收到日期", "入账日期"),
    "given_on": ("捐赠日期", "捐出日期"),
    "restricted_to": ("限定用途", "用途", "捐赠用途", "指定用途"),
    "bank_reference": ("银行流水号", "流水号", "银行凭证号"),
    "is_anonymous": ("anonymous", "是否匿名", "匿名"),
    "goods": ("物品名称", "物资名称", "物品"),
    "quantity": ("数量",),
    "unit": ("单位", "计量单位"),
    "proof_kind": ("价值依据",),
    "proof_sha256": ("价值依据文件哈希", "价值依据文件sha256"),
    "service": ("服务内容", "服务名称"),
    "hours": ("服务时长", "小时数", "时长"),
    "hourly_rate": ("每小时单价", "小时单价"),
    "is_sponsorship": ("是否有对价", "是否赞助"),
}
FIELDS: Final = tuple(HEADERS)
REQUIRED: Final = ("reference", "donor_kind", "kind", "amount")
DONOR_KINDS: Final = {
    "企业": DonorKind.ENTERPRISE,
    "公司": DonorKind.ENTERPRISE,
    "基金会": DonorKind.FOUNDATION,
    "高校": DonorKind.UNIVERSITY,
    "高等院校": DonorKind.UNIVERSITY,
    "大学": DonorKind.UNIVERSITY,
    "个人": DonorKind.INDIVIDUAL,
    "自然人": DonorKind.INDIVIDUAL,
    "政府": DonorKind.GOVERNMENT_BODY,
    "政府部门": DonorKind.GOVERNMENT_BODY,
    "机关": DonorKind.GOVERNMENT_BODY,
}
KINDS: Final = {
    "现金": DonationKind.CASH,
    "货币": DonationKind.CASH,
    "资金": DonationKind.CASH,
    "实物": DonationKind.IN_KIND,
    "物资": DonationKind.IN_KIND,
    "服务": DonationKind.SERVICE,
}
PROOF_KINDS: Final = {
    "发票": ProofKind.INVOICE,
    "市场价格": ProofKind.MARKET_PRICE,
    "市价": ProofKind.MARKET_PRICE,
    "评估": ProofKind.APPRAISAL,
    "评估报告": ProofKind.APPRAISAL,
}
BOOLEANS: Final = {"是": True, "true": True, "yes": True, "1": True} | {
    "否": False,
    "false": False,
    "no": False,
    "0": False,
}
# As spreadsheets show a day: 2024/1/5, 2024.1.5, 2024年1月5日, and with a time that is none.
DAY: Final = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0?0:00(?::00)?)?", re.ASCII
)
# 1,234.50 with its commas where they belong, a sign of the yuan before it or 元 behind.
AMOUNT: Final = re.compile(r"¥?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\s*元?", re.ASCII)
YUAN: Final = re.compile(r"[(（]元[)）]$")
# What joins the words of a name: Donation Ref, donation_ref and donation-ref are one.
JOINTS: Final = str.maketrans("", "", "_-")
HEADER_CHARACTERS_MAX: Final = 64

# So much of a cell is told that belongs to no column.
CELL_CHARACTERS_SHOWN_MAX: Final = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """`row` is the line or the row of the sheet; `column` is called as in the file."""

    row: int
    field: str | None
    column: str | None
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CellFault:
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Where each field stands, and what is in none of them."""

    names: Sequence[str]
    field_by_place: Mapping[int, str]
    ignored: Sequence[str]

    @property
    def missing(self) -> list[str]:
        """What every file has; which agency it is about, and when, is looked for row by row."""
        return [field for field in REQUIRED if field not in self.field_by_place.values()]

    @property
    def repeated(self) -> list[str]:
        fields = list(self.field_by_place.values())
        return sorted({field for field in fields if fields.count(field) > 1})

    def name_of(self, field: str | None) -> str | None:
        places = [place for place, there in self.field_by_place.items() if there == field]
        return self.names[places[0]] if places else None


def columns_of(header: Sequence[str], remembered: Mapping[str, str]) -> Columns:
    """What the source's own names mean goes before what names mean anywhere."""
    names = [name.strip()[:HEADER_CHARACTERS_MAX] for name in header]
    known = {**FIELD_BY_HEADER, **{unified(name): field for name, field in remembered.items()}}
    field_by_place = {
        place: known[unified(name)] for place, name in enumerate(names) if unified(name) in known
    }
    ignored = [name for place, name in enumerate(names) if name and place not in field_by_place]
    return Columns(names=names, field_by_place=field_by_place, ignored=ignored)


def unified(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).translate(JOINTS)
    return YUAN.sub("", "".join(plain.split()).strip("*").lower())


FIELD_BY_HEADER: Final = {
    unified(header): field for field, names in HEADERS.items() for header in (field, *names)
}


def _day(text: object) -> object:
    return _remembered_day(text) if isinstance(text, str) else text


# The same few hundred days stand in a whole file.
@lru_cache(maxsize=4_096)
def _remembered_day(text: str) -> date | str:
    """A day that there is not stays as it was written, to be refused."""
    written = DAY.fullmatch(text)
    if written is None:
        return text
    year, month, day = map(int, written.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return f"{year:04}-{month:02}-{day:02}"


def _money(text: object) -> object:
    """An amount that is more than nothing; never rounded, and no unit but the yuan."""
    if not isinstance(text, str):
        return text
    written = AMOUNT.fullmatch(text if text.isascii() else unicodedata.normalize("NFKC", text))
    money = Money.parse(
        text if written is None else written[1].replace(",", "") + (written[2] or "")
    )
    if money.amount_minor <= 0:
        raise PydanticCustomError("amount_not_positive", "an amount is more than nothing")
    return money


def _truth(text: object) -> object:
    known = BOOLEANS.get(text.lower()) if isinstance(text, str) else text
    if known is None:
        raise PydanticCustomError("boolean_invalid", "this is 是 or 否, true or false")
    return known


def _donor_kind(text: object) -> object:
    return DONOR_KINDS.get(text, text) if isinstance(text, str) else text


def _kind(text: object) -> object:
    return KINDS.get(text, text) if isinstance(text, str) else text


def _proof_kind(text: object) -> object:
    return PROOF_KINDS.get(text, text) if isinstance(text, str) else text


WrittenDay = Annotated[Day, BeforeValidator(_day)]
WrittenMoney = Annotated[Money, BeforeValidator(_money)]
Truth = Annotated[bool, BeforeValidator(_truth)]


class ImportRow(NamedTuple):
    """A pledge, a donation, or both: a pledge that has been fulfilled."""

    reference: Label
    donor_kind: Annotated[DonorKind, BeforeValidator(_donor_kind)]
    agency: CreditCode
    kind: Annotated[DonationKind, BeforeValidator(_kind)]
    amount: WrittenMoney
    donor_code: CreditCode | None = None
    donor_name: Name | None = None
    pledged_on: WrittenDay | None = None
    received_on: WrittenDay | None = None
    given_on: WrittenDay | None = None
    restricted_to: Label | None = None
    bank_reference: Label | None = None
    is_anonymous: Truth = False
    goods: Name | None = None
    quantity: Quantity | None = None
    unit: Label | None = None
    proof_kind: Annotated[ProofKind | None, BeforeValidator(_proof_kind)] = None
    proof_sha256: Sha256 | None = None
    service: Name | None = None
    hours: Quantity | None = None
    hourly_rate: WrittenMoney | None = None
    is_sponsorship: Truth = False

    @property
    def donor(self) -> Donor:
        return _donor(self.donor_kind, self.donor_code)

    @property
    def key(self) -> tuple[str, str]:
        return self.agency, self.reference

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Fields and reasons, but for those that every pledge and donation is refused for."""
        if self.pledged_on is None and self.received_on is None:
            yield "received_on", "a gift was pledged, received, or both"
        if self.pledged_on and self.received_on and self.received_on < self.pledged_on:
            yield "received_on", "it was received before it was pledged"
        if self.received_on is None and self.bank_reference:
            yield "bank_reference", "only what has arrived has one"
        if self.donor_kind is DonorKind.INDIVIDUAL and self.donor_name:
            yield "donor_name", "of a person only the kind is kept: leave the name out"
        if len({self.goods is None, self.quantity is None, self.unit is None}) > 1:
            yield "goods", "goods have a name, a quantity and a unit"
        if self.goods is None and self.proof_kind is not None:
            yield "proof_kind", "it proves the value of no goods"
        if (self.proof_kind is None) != (self.proof_sha256 is None):
            yield "proof_sha256", "a proof has its kind and its document"
        if len({self.service is None, self.hours is None, self.hourly_rate is None}) > 1:
            yield "service", "time has a name, its hours and their rate"

    def pledge_terms(self, pledged_on: date) -> PledgeTerms:
        return PledgeTerms(
            reference=self.reference,
            donor=self.donor,
            agency=self.agency,
            kind=self.kind,
            amount=self.amount,
            restricted_to=self.restricted_to,
            pledged_on=pledged_on,
            is_anonymous=self.is_anonymous,
        )

    def donation_terms(self, received_on: date, *, delegation: str | None) -> DonationTerms:
        return DonationTerms(
            reference=self.reference,
            donor=self.donor,
            agency=self.agency,
            kind=self.kind,
            amount=self.amount,
            restricted_to=self.restricted_to,
            given_on=self.given_on or received_on,
            received_on=received_on,
            bank_reference=self.bank_reference,
            is_anonymous=self.is_anonymous,
            goods=self._goods(),
            service=self._service(),
            is_sponsorship=self.is_sponsorship,
            delegation=delegation,
        )

    def _goods(self) -> Goods | None:
        if self.goods is None or self.quantity is None or self.unit is None:
            return None
        return Goods(
            description=self.goods,
            quantity=self.quantity,
            unit=self.unit,
            proof_kind=self.proof_kind,
            proof_sha256=self.proof_sha256,
        )

    def _service(self) -> Service | None:
        if self.service is None or self.hours is None or self.hourly_rate is None:
            return None
        return Service(description=self.service, hours=self.hours, hourly_rate=self.hourly_rate)


# Whoever has read both once need not read them again.
@lru_cache(maxsize=4_096)
def _donor(kind: DonorKind, code: str | None) -> Donor:
    return Donor(kind=kind, code=code)


# All else stands in many rows of a file in the same way.
OF_ITS_OWN: Final = frozenset({"reference", "amount", "bank_reference"})


def _reader(field: str, how: Any) -> Callable[[str], Any]:
    read = TypeAdapter[Any](how).validator.validate_python
    return read if field in OF_ITS_OWN else lru_cache(maxsize=1_024)(read)


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    field: _reader(field, how)
    for field, how in get_type_hints(ImportRow, include_extras=True).items()
}
NEEDED: Final = [field for field in ImportRow._fields if field not in ImportRow._field_defaults]


def read_row(
    number: int,
    cells: Sequence[str],
    faults: Mapping[int, CellFault],
    *,
    columns: Columns,
    own_agency: str | None,
) -> ImportRow | list[RowError]:
    """All that is wrong in it at once. `own_agency` is meant where the file names none."""
    errors = [
        RowError(
            row=number,
            field=columns.field_by_place[place],
            column=columns.names[place],
            code=fault.code,
            detail=fault.detail,
        )
        for place, fault in faults.items()
        if place in columns.field_by_place
    ]
    faulty = {error.field for error in errors}
    values: dict[str, Any] = {} if own_agency is None else {"agency": own_agency}

    def refuse(field: str, code: str, detail: str) -> None:
        if field not in faulty:
            faulty.add(field)
            column = columns.name_of(field)
            errors.append(
                RowError(row=number, field=field, column=column, code=code, detail=detail)
            )

    for place, field in columns.field_by_place.items():
        if place < len(cells) and (text := cells[place].strip()):
            try:
                values[field] = READERS[field](text)
            except ValidationError as error:
                [found, *_] = error.errors(
                    include_url=False, include_input=False, include_context=False
                )
                refuse(field, found["type"], found["msg"])
    beyond = cells[len(columns.names) :]
    if beyond and (more := next((cell for cell in beyond if cell.strip()), None)) is not None:
        detail = f"{more[:CELL_CHARACTERS_SHOWN_MAX]!r} stands beyond the last column of the header"
        errors.append(
            RowError(row=number, field=None, column=None, code="too_many_cells", detail=detail)
        )
    for field in NEEDED:
        if field not in values:
            refuse(field, "missing", "Field required")
    if errors:
        return errors
    row = ImportRow(**values)
    errors += [
        RowError(
            row=number,
            field=field,
            column=columns.name_of(field),
            code="contradictory_terms",
            detail=reason,
        )
        for field, reason in row.contradictions()
    ]
    return errors or row
