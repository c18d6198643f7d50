"""The sample city's gifts as open data, read by the tools that others read it with."""

import csv
import gc
import io
import json
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2
import jsonschema
import pytest
from donations_svc import public_queries
from donations_svc.api.open_giving import Batches, as_csv, as_package
from donations_svc.domain.donation import Donation, DonationTerms, receive_donation
from donations_svc.storage import donations
from donations_svc.storage.public_gifts import GiftFilter
from fundmix_events import topics
from fundmix_events.donations import DonationKind, Donor, DonorKind
from fundmix_events.money import Money
from fundmix_events.registry import Organisation, OrganisationKind
from fundmix_kit import replica
from fundmix_kit.ids import uuid7
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Api, Caller, refusal
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
Row = Mapping[str, str]

ROOT: Final = Path(__file__).parents[4]
SAMPLE: Final = ROOT / "samples" / "dongguan"
STANDARD: Final = ROOT.parent / "shared" / "standards" / "360giving"
# The package of 1.4.3 names the schema of 1.4.2, which is the same.
NAMED_BY_PACKAGE: Final = (
    "https://raw.githubusercontent.com/ThreeSixtyGiving/standard/1.4.2/schema/"
    "360-giving-schema.json"
)
PACKAGE: Final = "/v1/public/360giving.json"
TABLE: Final = "/v1/public/360giving.csv"
LIST: Final = "/v1/public/donations"
RECORDED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
MANY: Final = """
    INSERT INTO donation (donation_id, version, reference, donor_kind, donor_code, agency, channel,
                          kind, amount_minor, currency, bank_reference, given_on, received_on,
                          is_anonymous, line, is_sponsorship, refunded_minor, recorded_by,
                          recorded_at)
    SELECT gen_random_uuid(), 1, $2::text || n, 'enterprise', '91441900LX8R25H7GP',
           '52441900AJC6XAY6DW', 'enterprise', 'cash', 100, 'CNY', $2 || n,
           date '2024-01-01' + n % 366, date '2025-01-01', false, 1, false, 0, 'treasurer-1', now()
    FROM generate_series(1, $1::int) AS n
"""
CHANGE: Final = """
    INSERT INTO purpose_change
        (change_id, donation_id, agency, reference, lot_id, restricted_to, new_restricted_to,
         amount_minor, currency, basis, consented_on, document_sha256, changed_on, recorded_by,
         recorded_at)
    VALUES ($1, $2, $3, 'C-1', $1, '长者助餐', '青少年服务', 4000, 'CNY', 'donor_consent',
            '2025-05-30', repeat('0', 64), '2025-06-01', 'treasurer-1', $4)
"""
AGENCY: Final = "52441900AJC6XAY6DW"
MEMORY_GROWTH_MAX: Final = 1.5

needs_the_standard = pytest.mark.standard(STANDARD.name)


def rows_of(name: str) -> list[Row]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The rest are pledges of which nothing has arrived.
DONATIONS: Final = [row for row in rows_of("donations.csv") if row["received_on"]]
NAMED: Final = [
    row for row in DONATIONS if row["donor_kind"] != "individual" and row["anonymous"] == "false"
]


@pytest.fixture(scope="module")
async def city(shared_api: Api) -> Api:
    organisations = {
        row["uscc"]: Organisation(
            code=row["uscc"], name=row["name"], kind=OrganisationKind(row["kind"])
        )
        for row in rows_of("organisations.csv")
    }
    states = [State(code, 2, o.model_dump_json()) for code, o in organisations.items()]
    async with shared_api.database.transaction() as connection:
        await replica.save(connection, topics.REGISTRY, states)
        for row in DONATIONS:
            await donations.insert(
                connection, donation_of(row, organisations), recorded_at=RECORDED_AT
            )
    return shared_api


def donation_of(row: Row, organisations: Mapping[str, Organisation]) -> Donation:
    received_on = date.fromisoformat(row["received_on"])
    terms = DonationTerms(
        reference=row["donation_ref"],
        donor=Donor(kind=DonorKind(row["donor_kind"]), code=row["donor_uscc"] or None),
        agency=row["agency_uscc"],
        kind=DonationKind(row["kind"]),
        amount=Money.of(minor(row["amount"])),
        restricted_to=row["restricted_to"] or None,
        given_on=received_on,
        received_on=received_on,
        bank_reference=row["bank_reference"] or None,
        is_anonymous=row["anonymous"] == "true",
    )
    donation, _, _ = receive_donation(
        terms,
        donation_id=uuid7(),
        register=organisations,
        pledge=None,
        today=date(2026, 1, 1),
        by="treasurer-1",
    )
    return donation


def minor(amount: str) -> int:
    return int(amount.replace(".", ""))


@pytest.fixture(scope="module")
async def package(city: Api) -> Json:
    answer = await city.client.get(PACKAGE)
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.fixture(scope="module")
async def listed(city: Api) -> list[Json]:
    return [item async for item in pages(city.client, f"{LIST}?limit=200")]


async def pages(client: httpx2.AsyncClient, path: str) -> AsyncGenerator[Json]:
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            yield item
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")


def is_instant(text: object) -> bool:
    """Raises ValueError."""
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def errors_of(package: Json, *, are_formats_checked: bool = True) -> list[str]:
    grant, whole = (
        json.loads((STANDARD / f"360-giving-{name}schema.json").read_text())
        for name in ("", "package-")
    )
    # jsonschema leaves open of what type a registry's resources are.
    registry_class: Any = Registry
    resource = Resource.from_contents(grant, default_specification=DRAFT202012)
    registry = registry_class().with_resources(
        [(grant["$id"], resource), (NAMED_BY_PACKAGE, resource)]
    )
    checker: Any = jsonschema.FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(is_instant)
    validator: Any = jsonschema.Draft202012Validator(
        whole, registry=registry, format_checker=checker if are_formats_checked else None
    )
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(package)]


# JSON Schema leaves it to the validator whether formats count.
@needs_the_standard
@pytest.mark.parametrize("are_formats_checked", [True, False])
def test_the_city_is_a_valid_package(package: Json, *, are_formats_checked: bool) -> None:
    assert errors_of(package, are_formats_checked=are_formats_checked) == []
    assert len(package["grants"]) == len({grant["id"] for grant in package["grants"]}) > 0


@needs_the_standard
def test_the_validator_would_notice(package: Json) -> None:
    grant = dict(package["grants"][0])
    del grant["awardDate"]

    assert errors_of({**package, "grants": [grant]})
    assert errors_of({**package, "grants": []})


def test_every_named_gift_is_a_grant_and_no_other(package: Json) -> None:
    expected = Counter(
        (f"CN-USCC-{r['donor_uscc']}", f"CN-USCC-{r['agency_uscc']}", minor(r["amount"]), r["kind"])
        for r in NAMED
    )
    found = Counter(
        (
            grant["fundingOrganization"][0]["id"],
            grant["recipientOrganization"][0]["id"],
            round(grant["amountAwarded"] * 100),
            grant["fundingType"][0]["code"],
        )
        for grant in package["grants"]
    )

    assert found == expected
    assert 0 < len(NAMED) < len(DONATIONS)


async def test_what_is_published_adds_up_with_the_unnamed(city: Api, listed: list[Json]) -> None:
    unnamed = [item async for item in pages(city.client, f"{LIST}/unnamed?limit=7")]

    expected: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    donors: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for row in DONATIONS:
        if row not in NAMED:
            key = (int(row["received_on"][:4]), row["agency_uscc"], row["kind"])
            expected[key].append(minor(row["amount"]))
            donors[key].add(row["donor_uscc"] or row["donation_ref"])
    assert [(u["year"], u["agency"], u["kind"]) for u in unnamed] == sorted(expected)
    for found in unnamed:
        key = (found["year"], found["agency"], found["kind"])
        amounts = expected[key]
        if len(donors[key]) < 3:
            assert (found["gifts"], found["amount"], found["refunded"]) == (None, None, None)
        else:
            assert found["gifts"] == len(amounts)
            assert minor(found["amount"]["amount"]) == sum(amounts)
    assert len(listed) == len(NAMED)
    assert sum(minor(i["amount"]["amount"]) for i in listed) == sum(
        minor(row["amount"]) for row in NAMED
    )


async def test_nobody_and_no_bank_is_named(city: Api) -> None:
    banks = {row["bank_reference"] for row in DONATIONS if row["bank_reference"]}
    references = {row["donation_ref"] for row in DONATIONS}
    for path in (PACKAGE, TABLE, f"{LIST}?limit=200", f"{LIST}/unnamed"):
        text = (await city.client.get(path)).text
        assert "individual" not in text, path
        assert not any(word in text for word in banks | references | {"treasurer-1"}), path


def test_the_list_and_the_package_have_the_same(package: Json, listed: list[Json]) -> None:
    assert [
        (grant["id"], round(grant["amountAwarded"] * 100), grant["awardDate"][:10])
        for grant in package["grants"]
    ] == [(i["grant_id"], minor(i["amount"]["amount"]), i["given_on"]) for i in listed]


@pytest.mark.parametrize(
    "query", ["year=2024", "agency=52441900AJC6XAY6DW", "donor=91441900XT1FLMTK2M"]
)
async def test_exports_take_the_same_filters(city: Api, query: str) -> None:
    items = [item async for item in pages(city.client, f"{LIST}?limit=200&{query}")]
    package = (await city.client.get(f"{PACKAGE}?{query}&x=%3Cscript%3E")).json()
    table = (await city.client.get(f"{TABLE}?{query}")).content

    ids = [item["grant_id"] for item in items]
    assert 0 < len(ids) < len(NAMED)
    assert [grant["id"] for grant in package["grants"]] == ids
    assert [row["id"] for row in cells(table)] == ids
    assert package["downloadURL"] == f"http://127.0.0.1:8030{PACKAGE}?{query}"


async def test_there_is_no_package_without_a_grant(city: Api) -> None:
    answer = await city.client.get(f"{PACKAGE}?year=1999")

    assert refusal(answer)[:2] == (404, "no_grants")


@needs_the_standard
async def test_flatten_tool_makes_the_same_package_of_the_table(
    city: Api, package: Json, tmp_path: Path
) -> None:
    folder, back = tmp_path / "in", tmp_path / "out.json"
    folder.mkdir()
    (folder / "grants.csv").write_bytes((await city.client.get(TABLE)).content)

    options = {
        "--input-format": "csv",
        "--encoding": "utf-8-sig",
        "--root-list-path": "grants",
        "--root-id": "",
        "--schema": str(STANDARD / "360-giving-schema.json"),
        "--output-name": str(back),
    }
    run(["flatten-tool", "unflatten", str(folder), *chain.from_iterable(options.items())])

    assert json.loads(back.read_text())["grants"] == package["grants"]


async def test_no_cell_is_a_formula(api: Api, treasurer: Caller) -> None:
    evil = "=cmd|' /C calc'!A0"
    organisation = Organisation(
        code="91441900LX8R25H7GP", name=f"@{evil}", kind=OrganisationKind.ENTERPRISE
    )
    async with api.database.transaction() as connection:
        state = State(organisation.code, 2, organisation.model_dump_json())
        await replica.save(connection, topics.REGISTRY, [state])
    given = await treasurer.post("/v1/donations", a_gift(restricted_to=evil))
    assert given.status_code == 201, given.text

    answer = await api.client.get(TABLE)
    [grant] = (await api.client.get(PACKAGE)).json()["grants"]

    [row] = cells(answer.content)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert row["grantProgramme/0/title"] == f"'{evil}"
    assert row["fundingOrganization/0/name"] == f"'@{evil}"
    assert grant["grantProgramme"][0]["title"] == evil
    assert answer.headers["content-disposition"] == 'attachment; filename="360giving.csv"'


@pytest.mark.parametrize(
    "changes",
    [
        {"donor": {"kind": "individual"}},
        {"donor": {"kind": "individual"}, "is_anonymous": True},
        {"is_anonymous": True},
        {"is_sponsorship": True},
    ],
    ids=str,
)
async def test_what_must_not_be_named_is_nowhere(
    api: Api, treasurer: Caller, changes: Json
) -> None:
    given = await treasurer.post("/v1/donations", a_gift(**changes))
    assert given.status_code == 201, given.text

    assert (await api.client.get(LIST)).json()["items"] == []
    assert cells((await api.client.get(TABLE)).content) == []
    assert refusal(await api.client.get(PACKAGE)).code == "no_grants"


async def test_what_was_reversed_is_published_no_more(api: Api, treasurer: Caller) -> None:
    given = await treasurer.post("/v1/donations", a_gift())
    async with api.database.transaction() as connection:
        await connection.execute(
            "UPDATE donation SET reversed_on = '2025-04-01', reversal_reason = 'twice'"
        )

    assert given.status_code == 201
    assert (await api.client.get(LIST)).json()["items"] == []


async def test_two_donors_without_a_name_are_no_sum_and_three_are(
    api: Api, treasurer: Caller
) -> None:
    sums: list[Json] = []
    for _ in range(3):
        await treasurer.post("/v1/donations", a_gift(donor={"kind": "individual"}))
        [found] = (await api.client.get(f"{LIST}/unnamed")).json()["items"]
        sums.append(found)

    assert [found["gifts"] for found in sums] == [None, None, 3]
    assert sums[-1]["amount"] == {"amount": "300.00", "currency": "CNY"}


async def test_gifts_of_one_donor_are_no_sum_however_many(api: Api, treasurer: Caller) -> None:
    for _ in range(4):
        await treasurer.post("/v1/donations", a_gift(is_anonymous=True))
    person = (await treasurer.post("/v1/donor-contacts", {"agency": AGENCY, "name": "李四"})).json()
    for _ in range(4):
        given = await treasurer.post("/v1/donations", a_gift(donor={"kind": "individual"}))
        path = f"/v1/donations/{given.json()['donation_id']}/contact"
        linked = await treasurer.put(path, {"contact_id": person["contact_id"]})
        assert linked.status_code == 200, linked.text

    [found] = (await api.client.get(f"{LIST}/unnamed")).json()["items"]
    assert (found["gifts"], found["amount"]) == (None, None)

    await treasurer.post("/v1/donations", a_gift(donor={"kind": "individual"}))
    [found] = (await api.client.get(f"{LIST}/unnamed")).json()["items"]
    assert found["gifts"] == 9


async def test_a_changed_purpose_is_published(api: Api, treasurer: Caller) -> None:
    given = await treasurer.post("/v1/donations", a_gift(restricted_to="长者助餐"))
    changed_at = datetime(2027, 1, 1, tzinfo=UTC)
    async with api.database.transaction() as connection:
        await connection.execute(
            CHANGE, uuid7(), UUID(given.json()["donation_id"]), AGENCY, changed_at
        )

    [listed] = (await api.client.get(LIST)).json()["items"]
    [grant] = (await api.client.get(PACKAGE)).json()["grants"]

    assert listed["restricted_to"] == "长者助餐"
    assert listed["purpose_changes"] == [
        {
            "changed_on": "2025-06-01",
            "amount": {"amount": "40.00", "currency": "CNY"},
            "restricted_to": "青少年服务",
            "basis": "donor_consent",
        }
    ]
    assert grant["description"].endswith(
        "用于长者助餐。自2025-06-01起，其中40.00元改为用于青少年服务。"
    )
    assert grant["dateModified"] == "2027-01-01T00:00:00.000000+00:00"


async def test_a_list_of_any_length_takes_the_same_memory(api: Api) -> None:
    peaks: dict[str, list[int]] = {"json": [], "csv": []}
    for more in (2_000, 14_000):
        async with api.database.transaction() as connection:
            await connection.execute(MANY, more, f"M{more}-")
        for name, made in (("json", in_json), ("csv", in_csv)):
            peaks[name].append(await peak_of(made(public_queries.all_gifts(api.database, ALL))))

    for few, many in peaks.values():
        assert many < few * MEMORY_GROWTH_MAX, peaks


ALL: Final = GiftFilter()


def in_json(batches: Batches) -> AsyncGenerator[bytes]:
    return as_package(batches, {}, prefix="360G-x")


def in_csv(batches: Batches) -> AsyncGenerator[bytes]:
    return as_csv(batches, prefix="360G-x")


async def peak_of(pieces: AsyncGenerator[bytes]) -> int:
    """Bytes of Python's objects while the pieces are made and thrown away."""
    gc.collect()
    tracemalloc.start()
    try:
        async with aclosing(pieces):
            async for _ in pieces:
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def a_gift(**changes: Any) -> Json:
    usual = {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": "91441900LX8R25H7GP"},
        "agency": "52441900AJC6XAY6DW",
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
    }
    return {**usual, **changes}


def cells(table: bytes) -> list[dict[str, str]]:
    assert table.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def run(command: Sequence[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([str(program), *command[1:]], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
