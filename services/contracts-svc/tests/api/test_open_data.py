"""The sample city's contracts as open data, read by the tools that others read it with."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx2
import jsonschema
import openpyxl
import pytest
from contracts_svc import NAME
from contracts_svc.main import PUBLISHED
from contracts_svc.testing.city import City, load
from fundmix_kit.clock import SystemClock
from fundmix_kit.outbox import Outbox
from fundmix_kit.testing.api import Api
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

Json = dict[str, Any]

ROOT: Final = Path(__file__).parents[4]
STANDARD: Final = ROOT.parent / "shared" / "standards" / "ocds-1.1.5"
OPEN_DATA: Final = "/v1/public/ocds"
CONTRACTS: Final = 240
INSTALMENTS: Final = 720
PAID: Final = 720

needs_the_standard = pytest.mark.standard(STANDARD.name)


@pytest.fixture(scope="module")
async def city(shared_api: Api) -> Api:
    clock = SystemClock()
    outbox = Outbox(source=f"/{NAME}", partitions=PUBLISHED, clock=clock)
    await load(shared_api.database, City.of(ROOT / "samples" / "dongguan"), outbox, clock)
    return shared_api


@pytest.fixture(scope="module")
async def releases(city: Api) -> Json:
    return (await city.client.get(f"{OPEN_DATA}/releases")).json()


@pytest.fixture(scope="module")
async def records(city: Api) -> Json:
    return (await city.client.get(f"{OPEN_DATA}/records")).json()


@pytest.fixture(scope="module")
async def listed(city: Api) -> list[Json]:
    return [item async for item in _pages(city.client, "/v1/public/projects")]


async def _pages(client: httpx2.AsyncClient, path: str) -> AsyncGenerator[Json]:
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            yield item
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")


def _errors(package: Json, schema_name: str) -> list[str]:
    schemas: dict[str, Json] = {
        path.name: json.loads(path.read_text()) for path in STANDARD.glob("*.json")
    }
    # jsonschema leaves open of what type a registry's resources are.
    registry_class: Any = Registry
    registry = registry_class().with_resources(
        (schema["id"], Resource.from_contents(schema, default_specification=DRAFT4))
        for schema in schemas.values()
    )
    validator: Any = jsonschema.Draft4Validator(
        schemas[schema_name],
        registry=registry,
        format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER,
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(package)][:5]


@needs_the_standard
def test_the_city_is_a_valid_release_package(releases: Json) -> None:
    assert _errors(releases, "release-package-schema.json") == []
    assert len({release["ocid"] for release in releases["releases"]}) == CONTRACTS
    assert len({release["id"] for release in releases["releases"]}) == len(releases["releases"])


@needs_the_standard
def test_the_city_is_a_valid_record_package(records: Json) -> None:
    assert _errors(records, "record-package-schema.json") == []
    assert len(records["records"]) == CONTRACTS


def test_every_award_has_its_contract_and_every_reference_its_party(releases: Json) -> None:
    for release in releases["releases"]:
        parties = {party["id"] for party in release["parties"]}
        assert len(parties) == len(release["parties"]) == 2
        assert release["buyer"]["id"] in parties
        for contract in release["contracts"]:
            assert contract["awardID"] == contract["id"]
            for transaction in contract.get("implementation", {}).get("transactions", []):
                assert {transaction["payer"]["id"], transaction["payee"]["id"]} == parties
        if "award" in release["tag"]:
            assert [a["id"] for a in release["awards"]] == [c["id"] for c in release["contracts"]]


def test_the_records_have_all_instalments_and_payments(records: Json, listed: list[Json]) -> None:
    compiled = [record["compiledRelease"] for record in records["records"]]
    milestones = [m for r in compiled for m in _milestones(r) if m["type"] == "payment"]
    paid = {r["contracts"][0]["id"]: _total(r) for r in compiled}

    assert len(milestones) == INSTALMENTS
    assert not any("value" in milestone for milestone in milestones)
    assert paid == {item["number"]: _minor(item["paid"]["amount"]) for item in listed}


def test_the_records_are_made_of_the_releases(releases: Json, records: Json) -> None:
    assert [r for record in records["records"] for r in record["releases"]] == releases["releases"]


async def test_a_contract_is_found_by_its_number(city: Api, records: Json) -> None:
    number = "DG-2024-0001"
    [expected] = [r for r in records["records"] if r["ocid"].endswith(number)]

    answer = await city.client.get(f"{OPEN_DATA}/contracts/{number}")
    record = await city.client.get(f"{OPEN_DATA}/records/{number}")

    assert answer.json()["releases"] == expected["releases"]
    assert record.json()["records"] == [expected]
    assert answer.json()["uri"].endswith(f"{OPEN_DATA}/contracts/{number}")


async def test_an_unknown_contract_is_not_found(city: Api) -> None:
    answer = await city.client.get(f"{OPEN_DATA}/contracts/nowhere/1")

    assert (answer.status_code, answer.json()["code"]) == (404, "contract_not_found")


async def test_nobody_is_named(city: Api) -> None:
    paths = ("/v1/public/projects/DG-2024-0001", "/v1/public/projects.csv", f"{OPEN_DATA}/records")
    for path in paths:
        text = (await city.client.get(path)).text
        assert not any(name in text for name in ("li.na", "wang.wei", "BK202400011")), path


@needs_the_standard
def test_ocdskit_compiles_the_same_records(tmp_path: Path, releases: Json, records: Json) -> None:
    package = tmp_path / "releases.json"
    package.write_text(json.dumps(releases, ensure_ascii=False))

    output = _run(
        ["ocdskit", "compile", "--schema", str(STANDARD / "release-schema.json")],
        standard_input=package.read_bytes(),
    )

    compiled = {release["ocid"]: release for release in map(json.loads, output.splitlines())}
    assert compiled == {r["ocid"]: r["compiledRelease"] for r in records["records"]}


@needs_the_standard
def test_a_workbook_of_flatten_tool_brings_it_all_back(tmp_path: Path, releases: Json) -> None:
    package, book, back = (tmp_path / name for name in ("in.json", "flat.xlsx", "out.json"))
    package.write_text(json.dumps(releases, ensure_ascii=False))
    schema = ["--schema", str(STANDARD / "release-schema.json")]
    common = ["--root-id", "ocid", *schema, "--root-list-path", "releases"]

    _run(["flatten-tool", "flatten", str(package), *common, "-f", "xlsx", "-o", str(book)])
    _run(["flatten-tool", "unflatten", str(book), *common, "-f", "xlsx", "-o", str(back)])

    returned = json.loads(back.read_text())["releases"]
    assert len(returned) == len(releases["releases"])
    for parts in (_contracts, _all_milestones, _all_transactions):
        assert _by_id(returned, parts) == _by_id(releases["releases"], parts)
    assert len(_by_id(returned, _all_transactions)) == PAID


async def test_the_csv_is_the_list(city: Api, listed: list[Json]) -> None:
    answer = await city.client.get("/v1/public/projects.csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert [_by_name(row) for row in rows] == [_as_csv(item) for item in listed]
    assert len(listed) == CONTRACTS


async def test_the_workbook_is_the_list(city: Api, listed: list[Json]) -> None:
    answer = await city.client.get("/v1/public/projects.xlsx")

    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    [sheet] = book.worksheets
    headings, *rows = sheet.iter_rows()
    names = [str(cell.value).rpartition(" ")[2] for cell in headings]
    assert [{name: cell.value for name, cell in zip(names, row, strict=True)} for row in rows] == [
        _as_cells(item) for item in listed
    ]
    [ceiling] = [cell for name, cell in zip(names, rows[0], strict=True) if name == "ceiling"]
    assert (ceiling.data_type, ceiling.number_format) == ("n", "0.00")
    assert rows[0][0].data_type == "s"


async def test_exports_take_the_same_query(city: Api) -> None:
    query = "?year=2024&town=厚街镇&sort=amount"

    items = (await city.client.get(f"/v1/public/projects{query}&limit=200")).json()["items"]
    answer = await city.client.get(f"/v1/public/projects.csv{query}")

    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert items
    assert [_by_name(row)["number"] for row in rows] == [item["number"] for item in items]


def _run(command: Sequence[str], *, standard_input: bytes | None = None) -> bytes:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run(
        [str(program), *command[1:]], input=standard_input, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _contracts(release: Json) -> Iterator[tuple[str, Json]]:
    for contract in release["contracts"]:
        yield contract["id"], {k: v for k, v in contract.items() if k != "implementation"}


def _all_milestones(release: Json) -> Iterator[tuple[str, Json]]:
    for milestone in _milestones(release):
        yield milestone["id"], milestone


def _all_transactions(release: Json) -> Iterator[tuple[str, Json]]:
    for contract in release["contracts"]:
        for transaction in contract.get("implementation", {}).get("transactions", []):
            yield transaction["id"], transaction


def _milestones(release: Json) -> list[Json]:
    [contract] = release["contracts"]
    return contract.get("implementation", {}).get("milestones", [])


def _by_id(
    releases: Sequence[Json], parts: Callable[[Json], Iterator[tuple[str, Json]]]
) -> dict[tuple[str, str], Json]:
    return {(r["id"], key): part for r in releases for key, part in parts(r)}


def _total(release: Json) -> int:
    return sum(round(t["value"]["amount"] * 100) for _, t in _all_transactions(release))


def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def _by_name(row: Mapping[str, str]) -> dict[str, str]:
    return {heading.rpartition(" ")[2]: value for heading, value in row.items()}


def _as_csv(item: Json) -> dict[str, str]:
    texts = {name: "" if v is None else str(v) for name, v in _as_cells(item).items()}
    return {**texts, **{name: item[name]["amount"] for name in ("ceiling", "paid")}}


def _as_cells(item: Json) -> Json:
    amounts = {name: _minor(item[name]["amount"]) / 100 for name in ("ceiling", "paid")}
    rest = {name: value for name, value in item.items() if name != "is_post_based"}
    return {**rest, **amounts, "currency": item["ceiling"]["currency"]}
