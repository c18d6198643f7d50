"""A file of organisations: CSV in UTF-8 or GB18030, with Chinese or English headers, or NDJSON."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from fundmix_events.registry import Level, Organisation, OrganisationKind
from pydantic import ValidationError

from registry_svc.domain.errors import ImportUnreadableError

# All of them are registered in one transaction, which holds its locks as long as it takes.
IMPORT_ROWS_MAX: Final = 5_000
IGNORED_SHOWN_MAX: Final = 100

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "code": ("code", "uscc", "统一社会信用代码", "社会信用代码", "信用代码"),
    "name": ("name", "名称", "单位名称", "机构名称", "组织名称"),
    "kind": ("kind", "类型", "单位类型", "机构类型"),
    "level": ("level", "级别", "层级"),
    "town": ("town", "镇街", "所属镇街", "镇（街道）"),
    "registered_on": ("registered_on", "成立日期", "登记日期", "成立登记日期"),
}
FIELD_BY_HEADER: Final = {header: field for field, names in HEADERS.items() for header in names}
REQUIRED: Final = ("code", "name", "kind")
VALUE_BY_WORD: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        "社工机构": OrganisationKind.AGENCY,
        "社会工作服务机构": OrganisationKind.AGENCY,
        "承接主体": OrganisationKind.AGENCY,
        "购买主体": OrganisationKind.BUYER,
        "企业": OrganisationKind.ENTERPRISE,
        "基金会": OrganisationKind.FOUNDATION,
        "高校": OrganisationKind.UNIVERSITY,
        "高等院校": OrganisationKind.UNIVERSITY,
        "社会团体": OrganisationKind.SOCIAL_GROUP,
    },
    "level": {
        "市": Level.CITY,
        "市级": Level.CITY,
        "镇": Level.TOWN,
        "镇级": Level.TOWN,
        "镇街": Level.TOWN,
        "镇街级": Level.TOWN,
    },
}
# As spreadsheets show a day: 2009/1/15, 2009-1-15, 2009.1.15, 2009年1月15日.
DAY: Final = re.compile(
    r"(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?", re.ASCII
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """`row` counts as a spreadsheet does: 1 is the header of a CSV, or the first line of NDJSON."""

    row: int
    field: str | None
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    number: int
    organisation: Organisation


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFile:
    format: str
    encoding: str
    ignored_columns: Sequence[str]
    rows: Sequence[Row]
    errors: Sequence[RowError]
    rows_read: int


Record = Mapping[str, Any]
Numbered = tuple[int, Record | RowError]


def read_file(content: bytes) -> ImportFile:
    """Rows that cannot be read are told one by one. Raises ImportUnreadableError."""
    text, encoding = _decoded(content)
    is_json = text.lstrip().startswith("{")
    ignored: set[str] = set()
    rows: list[Row] = []
    errors: list[RowError] = []
    rows_read = 0
    for number, record in _json_records(text) if is_json else _csv_records(text):
        rows_read += 1
        if rows_read > IMPORT_ROWS_MAX:
            raise ImportUnreadableError(f"more than {IMPORT_ROWS_MAX} rows: send it in parts")
        if isinstance(record, RowError):
            errors.append(record)
            continue
        ignored |= {name for name in record if name not in FIELD_BY_HEADER}
        read = _organisation(number, record)
        if isinstance(read, Row):
            rows.append(read)
        else:
            errors += read
    if not rows_read:
        raise ImportUnreadableError("there is no row in it")
    return ImportFile(
        format="ndjson" if is_json else "csv",
        encoding=encoding,
        ignored_columns=[_shown(name) for name in sorted(ignored)[:IGNORED_SHOWN_MAX]],
        rows=rows,
        errors=errors,
        rows_read=rows_read,
    )


def _decoded(content: bytes) -> tuple[str, str]:
    """GB18030 where it is no UTF-8: text of the one is hardly ever text of the other."""
    for codec, name in (("utf-8-sig", "utf-8"), ("gb18030", "gb18030")):
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise ImportUnreadableError("it is text neither in UTF-8 nor in GB18030")


def _csv_records(text: str) -> Iterator[Numbered]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [_unified(name) for name in next(reader, list[str]())]
        _check_header(header)
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                detail = f"the row has {len(cells)} cells, the header {len(header)}"
                yield number, RowError(row=number, field=None, code="row_length", detail=detail)
                continue
            yield number, {name: cell for name, cell in zip(header, cells, strict=False) if name}
    except csv.Error as error:
        raise ImportUnreadableError(f"line {reader.line_num} is no CSV: {error}") from error


def _check_header(header: Sequence[str]) -> None:
    fields = [FIELD_BY_HEADER[name] for name in header if name in FIELD_BY_HEADER]
    missing = [f"{field} ({HEADERS[field][2]})" for field in REQUIRED if field not in fields]
    if missing:
        raise ImportUnreadableError(f"the header lacks {', '.join(missing)}")
    twice = sorted(field for field, count in Counter(fields).items() if count > 1)
    if twice:
        raise ImportUnreadableError(f"the header has {', '.join(twice)} more than once")


def _json_records(text: str) -> Iterator[Numbered]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record: object = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            yield number, cast("dict[str, Any]", record)
        else:
            detail = "the line is no JSON object"
            yield number, RowError(row=number, field=None, code="malformed_json", detail=detail)


def _organisation(number: int, record: Record) -> Row | list[RowError]:
    values = {
        FIELD_BY_HEADER[name]: _value(FIELD_BY_HEADER[name], value)
        for name, value in record.items()
        if name in FIELD_BY_HEADER
    }
    present = {field: value for field, value in values.items() if value is not None}
    try:
        return Row(number=number, organisation=Organisation.model_validate(present))
    except ValidationError as error:
        return list(_row_errors(number, error))


def _value(field: str, value: object) -> object:
    """An empty cell says nothing; words and days are taken as people write them."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if field == "registered_on" and (day := DAY.fullmatch(text)):
        return f"{day['year']}-{int(day['month']):02}-{int(day['day']):02}"
    return VALUE_BY_WORD.get(field, {}).get(text, text) or None


def _row_errors(number: int, error: ValidationError) -> Iterable[RowError]:
    for found in error.errors(include_url=False, include_input=False, include_context=False):
        yield RowError(
            row=number, field=str(found["loc"][0]), code=found["type"], detail=found["msg"]
        )


def _shown(name: str) -> str:
    """JSON can name half a character, which no answer can."""
    return name[:64].encode(errors="replace").decode()


def _unified(name: str) -> str:
    text = name.strip()
    return text.lower() if text.isascii() else text
