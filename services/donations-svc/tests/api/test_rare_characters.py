"""Emoji and rare characters: what is recorded comes out of every door as it came in."""

import csv
import io
from typing import Any, Final

import pytest
from donations_svc.consumer import state_of
from donations_svc.testing.imports import AGENCY, DONOR, a_csv, booked, row
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind, OrganisationRegistered
from fundmix_kit import replica
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Api, Caller

# A family joined by what nobody sees, a flag, a heart that is told to be red; of the second
# plane, of the third, of none yet, and somebody's own.
TEXTS: Final = (
    "👩\u200d👩\u200d👧\u200d👦🇨🇳",
    "助餐❤\ufe0f",
    "𠮷𡃁𪚥",
    "𰻞𰻞面",
    "示例\U0002fa20",
    "示例\ue000",
)


async def called(api: Api, name: str) -> None:
    event = OrganisationRegistered(
        aggregate_version=2,
        organisation=Organisation(code=DONOR, name=name, kind=OrganisationKind.ENTERPRISE),
    )
    async with api.database.transaction() as connection:
        await replica.save(connection, topics.REGISTRY, [State(event.key, 2, state_of(event))])


async def exported(api: Api) -> tuple[dict[str, Any], dict[str, str]]:
    """The only grant, of the package and of the table."""
    package = await api.client.get("/v1/public/360giving.json")
    table = await api.client.get("/v1/public/360giving.csv")
    [grant] = package.json()["grants"]
    [line] = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
    return grant, line


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
async def test_what_is_recorded_is_exported_as_it_is(
    api: Api, treasurer: Caller, text: str
) -> None:
    await called(api, f"{text}公司")
    body = {
        "reference": text,
        "donor": {"kind": "enterprise", "code": DONOR},
        "agency": AGENCY,
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": text,
        "restricted_to": text,
    }

    answer = await treasurer.post("/v1/donations", body)

    assert answer.status_code == 201, answer.text
    [shown] = (await treasurer.get("/v1/donations", reference=text)).json()["items"]
    assert {shown[name] for name in ("reference", "bank_reference", "restricted_to")} == {text}
    grant, line = await exported(api)
    assert grant["grantProgramme"] == [{"code": text, "title": text}]
    assert grant["fundingOrganization"][0]["name"] == f"{text}公司"
    assert f"用于{text}。" in grant["description"]
    assert (line["grantProgramme/0/code"], line["grantProgramme/0/title"]) == (text, text)
    assert line["fundingOrganization/0/name"] == f"{text}公司"
    assert line["description"] == grant["description"]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "gb18030"])
async def test_what_a_file_has_is_exported_as_it_is(
    api: Api, treasurer: Caller, codec: str
) -> None:
    # Half a pair of UTF-16 apart, of four bytes in GB18030: each text is one cell of one row.
    rows = [row(n, restricted_to=text) for n, text in enumerate(TEXTS, start=1)]

    await booked(treasurer, a_csv(rows).decode().encode(codec))

    shown = (await treasurer.get("/v1/donations")).json()["items"]
    assert [donation["restricted_to"] for donation in shown] == list(TEXTS)
    package = await api.client.get("/v1/public/360giving.json")
    titles = {grant["grantProgramme"][0]["title"] for grant in package.json()["grants"]}
    assert titles == set(TEXTS)
