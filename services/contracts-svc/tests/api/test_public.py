"""The public list: found by what it is asked for, page by page, and what overlaps in it."""

import csv
import io
from typing import Any, Final

import openpyxl
import pytest
from fundmix_kit.testing.api import Api, Caller, refusal

Json = dict[str, Any]

PROJECTS: Final = "/v1/public/projects"
OVERLAPS: Final = "/v1/public/overlaps"
BUYER: Final = "11441900AHP4983MNR"
OTHER_BUYER: Final = "114419008G9QC57CBT"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
FORMULA: Final = "=1+1 服务"


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture(scope="module")
async def listed(shared_api: Api, terms: Json) -> Api:
    """Five contracts; the third is another agency's, the fourth another buyer's, and in force."""
    changes: list[Json] = [
        {"number": "DG-1", "title": FORMULA},
        {
            "number": "DG-2",
            "starts_on": "2024-12-20",
            "ends_on": "2025-03-01",
            "signed_on": "2024-12-01",
        },
        {
            "number": "DG-3",
            "agency": OTHER_AGENCY,
            "town": "虎门镇",
            "purchase_mode": "project",
            "posts": None,
            "service_area": "医务社工",
            "title": "医务社工项目",
        },
        {
            "number": "DG/4",
            "buyer": OTHER_BUYER,
            "signed_on": "2025-06-01",
            "starts_on": "2025-06-02",
            "ends_on": "2025-12-31",
            "ceiling": yuan("2000.00"),
        },
        {"number": "DG-5", "starts_on": "2024-12-21", "people_served": "长者"},
    ]
    for change in changes:
        body = {**terms, **change, "published_on": None, "filed_on": None}
        if "ceiling" in change:
            body["instalments"] = [{**terms["instalments"][0], "amount": change["ceiling"]}]
        if change["number"] == "DG-5":
            body["ends_on"] = "2025-01-31"
            body["years"] = [
                {"year": 2024, "amount": yuan("400.00")},
                {"year": 2025, "amount": yuan("600.00")},
            ]
        if change["number"] == "DG-2":
            body["years"] = [
                {"year": 2024, "amount": yuan("400.00")},
                {"year": 2025, "amount": yuan("600.00")},
            ]
        officer = shared_api.caller("finance_officer", subject="li.na", org=body["buyer"])
        answer = await officer.post("/v1/contracts", body)
        assert answer.status_code == 201, answer.text
    return shared_api


async def numbers(api: Api, **query: str | int) -> list[str]:
    """Of a whole list, page by page."""
    found: list[str] = []
    path, parameters = PROJECTS, query or None
    while path:
        answer = await api.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found += [item["number"] for item in answer.json()["items"]]
        path, parameters = next_page(answer.headers.get("link", "")), None
    return found


def next_page(link: str) -> str:
    return link.partition(">")[0].removeprefix("<")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["DG-1", "DG-2", "DG-3", "DG-5", "DG/4"]),
        ({"year": 2025}, ["DG/4"]),
        ({"town": "虎门镇"}, ["DG-3"]),
        ({"agency": OTHER_AGENCY}, ["DG-3"]),
        ({"buyer": OTHER_BUYER}, ["DG/4"]),
        ({"service_area": "医务社工"}, ["DG-3"]),
        ({"people_served": "长者"}, ["DG-5"]),
        ({"purchase_mode": "project"}, ["DG-3"]),
        ({"purchase_mode": "post", "year": 2024, "town": "厚街镇"}, ["DG-1", "DG-2", "DG-5"]),
        ({"state": "completed"}, []),
        ({"state": "signed"}, []),
        ({"grade": "fail"}, []),
        ({"q": "医务"}, ["DG-3"]),
        ({"q": "务社工项"}, ["DG-3"]),
        ({"q": "dg/4"}, ["DG/4"]),
        ({"q": "务医"}, []),
        ({"q": "%%"}, []),
        ({"q": "示例"}, ["DG-1", "DG-2", "DG-3", "DG-5", "DG/4"]),
    ],
    ids=str,
)
async def test_a_contract_is_found_by_what_is_asked_for(
    listed: Api, query: dict[str, str | int], found: list[str]
) -> None:
    assert sorted(await numbers(listed, **query)) == found


@pytest.mark.parametrize(
    ("sort", "first"), [("signed_on", "DG/4"), ("amount", "DG/4"), ("number", "DG-1")]
)
async def test_each_order_is_kept_from_page_to_page(listed: Api, sort: str, first: str) -> None:
    whole = await numbers(listed, sort=sort)

    assert await numbers(listed, sort=sort, limit=1) == whole
    assert await numbers(listed, sort=sort, limit=2) == whole
    assert (whole[0], len(whole)) == (first, 5)


async def test_an_item_says_who_buys_what_from_whom(listed: Api) -> None:
    answer = await listed.client.get(PROJECTS, params={"q": "DG-3"})

    [item] = answer.json()["items"]
    assert item == {
        "number": "DG-3",
        "title": "医务社工项目",
        "state": "active",
        "buyer": BUYER,
        "buyer_name": "示例",
        "agency": OTHER_AGENCY,
        "agency_name": "示例",
        "purchase_mode": "project",
        "is_post_based": False,
        "posts": None,
        "service_area": "医务社工",
        "people_served": "社区居民",
        "town": "虎门镇",
        "payer_level": "town",
        "signed_on": "2024-02-21",
        "starts_on": "2024-03-02",
        "ends_on": "2024-12-20",
        "ceiling": yuan("1000.00"),
        "paid": yuan("0.00"),
        "grade": None,
        "line_count": 1,
        "accepted_line_count": 0,
    }


async def test_a_contract_whose_number_has_a_slash_is_shown(listed: Api) -> None:
    answer = await listed.client.get(f"{PROJECTS}/DG/4")

    shown = answer.json()
    assert (shown["number"], shown["buyer"]) == ("DG/4", OTHER_BUYER)
    assert [i["state"] for i in shown["instalments"]] == ["scheduled"]
    assert "bank_reference" not in shown["instalments"][0]
    assert shown["lines"][0]["quantity"] == 9


async def test_an_unknown_number_is_not_found(listed: Api) -> None:
    answer = await listed.client.get(f"{PROJECTS}/DG-9")

    assert refusal(answer)[:2] == (404, "contract_not_found")


async def test_a_number_that_no_contract_can_have_is_refused(listed: Api) -> None:
    for path in (PROJECTS, "/v1/public/ocds/contracts", "/v1/public/ocds/records"):
        answer = await listed.client.get(f"{path}/%00")

        assert refusal(answer)[:2] == (422, "invalid_request")


@pytest.mark.parametrize("query", [{"q": "一"}, {"sort": "buyer"}, {"cursor": "x"}, {"year": 0}])
async def test_what_no_list_can_answer_is_refused(listed: Api, query: dict[str, Any]) -> None:
    answer = await listed.client.get(PROJECTS, params=query)

    assert refusal(answer)[:2] == (422, "invalid_request")


async def test_a_formula_in_a_title_is_only_text_in_a_spreadsheet(listed: Api) -> None:
    query = {"q": FORMULA}
    table = await listed.client.get(f"{PROJECTS}.csv", params=query)
    book = await listed.client.get(f"{PROJECTS}.xlsx", params=query)

    [_, row] = csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
    assert row[1] == f"'{FORMULA}"
    [sheet] = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
    cell = sheet.cell(2, 2)
    assert (cell.value, cell.data_type) == (FORMULA, "s")


async def test_an_export_of_nothing_has_its_headings(listed: Api) -> None:
    table = await listed.client.get(f"{PROJECTS}.csv", params={"town": "石龙镇"})
    book = await listed.client.get(f"{PROJECTS}.xlsx", params={"town": "石龙镇"})

    assert len(table.text.splitlines()) == 1
    [sheet] = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
    assert sheet.max_row == 1


async def overlaps(api: Api, **query: str | int) -> list[Json]:
    found: list[Json] = []
    path, parameters = OVERLAPS, query or None
    while path:
        answer = await api.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        path, parameters = next_page(answer.headers.get("link", "")), None
    return found


async def test_two_contracts_for_the_same_people_at_the_same_time_overlap(listed: Api) -> None:
    [overlap] = await overlaps(listed)

    assert (overlap["earlier"]["number"], overlap["later"]["number"]) == ("DG-1", "DG-2")
    # They share one day, the last of the one and the first of the other.
    assert (overlap["starts_on"], overlap["ends_on"]) == ("2024-12-20", "2024-12-20")
    assert overlap["days"] == 1
    assert (overlap["has_posts"], overlap["is_same_service_area"]) == (True, True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"year": 2024}, 1),
        ({"year": 2025}, 0),
        ({"town": "厚街镇"}, 1),
        ({"town": "虎门镇"}, 0),
        ({"people_served": "长者"}, 0),
        ({"limit": 1}, 1),
    ],
    ids=str,
)
async def test_overlaps_are_found_by_year_town_and_people(
    listed: Api, query: dict[str, str | int], count: int
) -> None:
    assert len(await overlaps(listed, **query)) == count


async def test_a_terminated_contract_overlaps_until_its_end(
    api: Api, officer: Caller, terms: Json
) -> None:
    first = await officer.post("/v1/contracts", terms | {"number": "A"})
    await officer.post("/v1/contracts", terms | {"number": "B", "starts_on": "2024-06-01"})
    await officer.post("/v1/contracts", terms | {"number": "C", "starts_on": "2024-08-01"})
    ended = {"reason": "停止服务", "terminated_on": "2024-07-10"}

    answer = await officer.post(f"{first.headers['location']}/terminate", ended)

    assert answer.status_code == 200, answer.text
    found = {
        (o["earlier"]["number"], o["later"]["number"]): o["days"]
        for o in await overlaps(api, limit=1)
    }
    assert found == {("A", "B"): 40, ("B", "C"): 142}
