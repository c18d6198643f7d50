"""What anybody may see, without signing in."""

from datetime import timedelta
from typing import Any, Final

import httpx2
import pytest
from fundmix_events.credit_code import check_character
from fundmix_kit.clock import SystemClock
from fundmix_kit.testing.api import Api, Caller, refusal

PATH: Final = "/v1/public/organisations"
SOURCE: Final = {"document": "公告", "issued_on": "2024-06-30"}


def a_code(prefix: str, number: int) -> str:
    first_seventeen = f"{prefix}441900{number:09d}"
    return first_seventeen + check_character(first_seventeen)


AGENCY, OTHER_AGENCY = a_code("52", 1), a_code("52", 2)
BUYER, FOUNDATION = a_code("11", 1), a_code("53", 1)
HIDDEN: Final = {a_code("91", 1): "enterprise", a_code("12", 1): "university"}


@pytest.fixture(scope="module")
async def register(shared_api: Api) -> None:
    admin = shared_api.caller("admin")
    rows = [
        {"code": AGENCY, "name": "Dawn 社工中心", "kind": "agency", "town": "莞城街道"},
        {"code": OTHER_AGENCY, "name": "朝阳社工", "kind": "agency"},
        {"code": BUYER, "name": "民政局", "kind": "buyer", "town": "莞城街道"},
        {"code": FOUNDATION, "name": "100%基金会", "kind": "foundation"},
        *({"code": c, "name": f"{kind} dawn", "kind": kind} for c, kind in HIDDEN.items()),
    ]
    for row in rows:
        assert (await admin.post("/v1/organisations", row)).is_success
    await _record(admin, "suspend", reason="x", from_on="2024-01-02")
    await _record(
        admin, "abnormal-listings", listed_on="2024-07-01", reason="未报年报", source=SOURCE
    )
    years = {"kind": "income_exemption", "years": [2025, 2024]}
    await _record(admin, "tax-qualifications", **years, source=SOURCE)
    to_come = SystemClock().today() + timedelta(days=30)
    announced = {"reason": "x", "from_on": to_come.isoformat()}
    path = f"/v1/organisations/{OTHER_AGENCY}/suspend"
    assert (await admin.post(path, announced)).is_success


async def _record(admin: Caller, what: str, **body: Any) -> None:
    assert (await admin.post(f"/v1/organisations/{AGENCY}/{what}", body)).is_success


async def ask(api: Api, **wanted: str) -> httpx2.Response:
    return await api.client.get(PATH, params=wanted)


async def found(api: Api, **wanted: str) -> list[str]:
    return [item["code"] for item in (await ask(api, **wanted)).json()["items"]]


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ({}, [FOUNDATION, AGENCY, OTHER_AGENCY, BUYER]),
        ({"sort": "code"}, [BUYER, AGENCY, OTHER_AGENCY, FOUNDATION]),
        ({"kind": "agency"}, [AGENCY, OTHER_AGENCY]),
        ({"kind": "enterprise"}, []),
        ({"town": "莞城街道"}, [AGENCY, BUYER]),
        ({"name": "dawn"}, [AGENCY]),
        ({"name": "社工"}, [AGENCY, OTHER_AGENCY]),
        ({"name": "社工", "town": "莞城街道", "kind": "agency"}, [AGENCY]),
        ({"name": "工"}, [AGENCY, OTHER_AGENCY]),
        ({"name": "工社"}, []),
        ({"name": "%"}, [FOUNDATION]),
        ({"name": "_"}, []),
        ({"suspended": "true"}, [AGENCY]),
        ({"suspended": "false", "sort": "code"}, [BUYER, OTHER_AGENCY, FOUNDATION]),
    ],
)
async def test_the_list_is_narrowed_and_sorted(
    wanted: dict[str, str], codes: list[str], shared_api: Api
) -> None:
    assert await found(shared_api, **wanted) == codes


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("sort", ["name", "code"])
async def test_the_list_is_read_page_by_page_and_misses_nothing(sort: str, shared_api: Api) -> None:
    read: list[str] = []
    path = f"{PATH}?limit=1&sort={sort}"
    while path:
        page = await shared_api.client.get(path)
        read += [item["code"] for item in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert read == await found(shared_api, sort=sort)


@pytest.mark.usefixtures("register")
async def test_an_organisation_is_shown_with_its_standing_and_no_person(shared_api: Api) -> None:
    answer = await shared_api.client.get(f"{PATH}/{AGENCY}")

    assert answer.json() == {
        "code": AGENCY,
        "name": "Dawn 社工中心",
        "kind": "agency",
        "level": None,
        "town": "莞城街道",
        "registered_on": None,
        "is_suspended": True,
        "suspended_on": "2024-01-02",
        "is_abnormal": True,
        "abnormal_listings": [
            {
                "listed_on": "2024-07-01",
                "reason": "未报年报",
                "document": "公告",
                "removed_on": None,
            }
        ],
        "charity": None,
        "tax_qualified_years": {"donation_deduction": [], "income_exemption": [2024, 2025]},
    }
    assert "tester" not in answer.text


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("code", [*HIDDEN, a_code("52", 9)])
async def test_who_may_only_have_given_is_not_shown(code: str, shared_api: Api) -> None:
    answer = await shared_api.client.get(f"{PATH}/{code}")

    assert refusal(answer)[:2] == (404, "organisation_not_found")


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"sort": "town"}, "#query/sort"),
        ({"suspended": "perhaps"}, "#query/suspended"),
        ({"cursor": "WyJhIl0"}, "#query/cursor"),
        ({"name": "\u200b"}, "#query/name"),
    ],
)
async def test_a_list_refuses_what_it_does_not_understand(
    wanted: dict[str, str], pointer: str, shared_api: Api
) -> None:
    assert refusal(await ask(shared_api, **wanted)).errors.keys() == {pointer}
