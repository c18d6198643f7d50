"""Files as people have them: in any of their encodings, with their headers, words and days."""

import json
from collections.abc import Sequence
from datetime import date

import pytest
from fundmix_events.registry import Level, OrganisationKind
from hypothesis import given
from hypothesis import strategies as st
from registry_svc.domain import import_file
from registry_svc.domain.errors import ImportUnreadableError
from registry_svc.domain.import_file import read_file

CODE = "52441900AJC6XAY6DW"
ENGLISH = f"code,name,kind,level,town,registered_on\n{CODE},示例甲,agency,city,,2009-01-15\n"
CHINESE = (
    "序号,统一社会信用代码,单位名称,类型,级别,镇街,成立日期\r\n"
    f"1,{CODE},示例甲,社工机构,市级,,2009年1月15日\r\n"
)
NDJSON = (
    f'{{"code": "{CODE}", "名称": "示例甲", "kind": "agency", "level": "city", '
    '"registered_on": "2009/1/15"}'
)


def codes_of(content: str) -> Sequence[tuple[int, str | None, str]]:
    return [(e.row, e.field, e.code) for e in read_file(content.encode()).errors]


@pytest.mark.parametrize(
    ("content", "file_format", "encoding", "number"),
    [
        (ENGLISH.encode(), "csv", "utf-8", 2),
        (ENGLISH.encode("utf-8-sig"), "csv", "utf-8", 2),
        (CHINESE.encode(), "csv", "utf-8", 2),
        (CHINESE.encode("gb18030"), "csv", "gb18030", 2),
        (NDJSON.encode(), "ndjson", "utf-8", 1),
        (f"\n{NDJSON}\n".encode("gb18030"), "ndjson", "gb18030", 2),
    ],
)
def test_the_same_organisation_is_read_from_every_form(
    content: bytes, file_format: str, encoding: str, number: int
) -> None:
    file = read_file(content)

    assert (file.format, file.encoding, file.rows_read) == (file_format, encoding, 1)
    assert file.errors == []
    [row] = file.rows
    assert row.number == number
    organisation = row.organisation
    assert (organisation.code, organisation.name) == (CODE, "示例甲")
    assert (organisation.kind, organisation.level) == (OrganisationKind.AGENCY, Level.CITY)
    assert (organisation.town, organisation.registered_on) == (None, date(2009, 1, 15))


def test_columns_that_say_nothing_to_us_are_told() -> None:
    assert read_file(CHINESE.encode()).ignored_columns == ["序号"]


def test_of_columns_that_say_nothing_to_us_only_some_are_told() -> None:
    line = json.dumps(dict.fromkeys([f"{n}\ud800" for n in range(200)]))

    columns = read_file(line.encode()).ignored_columns

    assert len(columns) == 100
    assert columns[0] == "0?"


def test_each_fault_of_a_row_is_told_with_its_place() -> None:
    content = f"uscc,name,kind\n{CODE},\u200b,bank\n\n{CODE[:-1]}X,甲,agency\n{CODE},甲,agency,x\n"

    assert codes_of(content) == [
        (2, "name", "text_invisible"),
        (2, "kind", "enum"),
        (4, "code", "credit_code_check"),
        (5, None, "row_length"),
    ]


def test_an_empty_or_missing_cell_is_missing() -> None:
    assert codes_of(f"code,name,kind\n{CODE},甲\n{CODE},,agency\n") == [
        (2, "kind", "missing"),
        (3, "name", "missing"),
    ]


@pytest.mark.parametrize("line", ["{", "{}}", '["a"]', "{" * 100_000])
def test_a_line_that_is_no_object_is_told_with_its_number(line: str) -> None:
    assert codes_of(f"{NDJSON}\n{line}\n") == [(2, None, "malformed_json")]


@pytest.mark.parametrize(
    "value", [5, 1.5, True, ["a"], {"a": 1}, "x" * 65], ids=lambda v: type(v).__name__
)
def test_a_value_of_another_form_is_a_fault_of_its_field(value: object) -> None:
    line = json.dumps({"code": CODE, "name": "甲", "kind": "agency", "town": value})

    assert [(row, field) for row, field, _ in codes_of(line)] == [(1, "town")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "lacks"),
        (b"code,name,kind\n", "no row"),
        (b"code,name\nx,y\n", "kind"),
        ("code,信用代码,name,kind\n".encode(), "more than once"),
        (b'code,name,kind\nx,"y"z,k\n', "line 2"),
        (b'code,name,kind\nx,"y', "line 2"),
        (b"\xff\xfe\x00", "neither"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImportUnreadableError, match=reason):
        read_file(content)


def test_there_is_an_end_to_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "IMPORT_ROWS_MAX", 2)
    row = f"{CODE},甲,agency\n"

    assert read_file(f"code,name,kind\n{row * 2}".encode()).rows_read == 2
    with pytest.raises(ImportUnreadableError, match="in parts"):
        read_file(f"code,name,kind\n{row * 3}".encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        file = read_file(content)
    except ImportUnreadableError:
        return
    assert file.rows_read >= len(file.rows)


@given(st.text(max_size=100), st.text(max_size=100))
def test_whatever_is_in_the_cells_is_read_or_told(name: str, town: str) -> None:
    line = json.dumps({"code": CODE, "name": name, "kind": "agency", "town": town})

    file = read_file(line.encode())

    assert bool(file.rows) != bool(file.errors)
