"""The journal and the balances over HTTP: page by page, in order, and to whom they belong."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, FOUNDATION, OTHER_AGENCY
from fundmix_kit.paging import encode_cursor
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared

LISTS: Final[Mapping[str, Mapping[str, int]]] = {
    "/v1/entries": {},
    "/v1/balances": {},
    "/v1/period-balances": {"year": 2024},
}
"""With what each of them has to be asked."""


@pytest.fixture
def auditor(api: Api) -> Caller:
    return api.caller("auditor")


async def pages(caller: Caller, path: str, **parameters: str | int) -> list[list[dict[str, Any]]]:
    """Every page of a list, found by following its links."""
    found: list[list[dict[str, Any]]] = []
    while True:
        answer = await caller.get(path, **parameters)
        assert answer.is_success, answer.text
        page = answer.json()
        found.append(page["items"])
        if page["next_cursor"] is None:
            assert "link" not in answer.headers
            return found
        link, _, relation = answer.headers["link"].partition("; ")
        assert relation == 'rel="next"'
        following = parse_qs(urlsplit(link.strip("<>")).query)
        assert following["cursor"] == [page["next_cursor"]]
        parameters = {name: value for name, (value,) in following.items()}


async def test_an_entry_says_what_an_event_did_to_the_books(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    donation = samples.donation_received(
        "50.00", given_on=date(2024, 12, 30), received_on=date(2025, 1, 2)
    )

    await inlet.post(donation)

    entry = (await auditor.get("/v1/entries/1")).json()

    assert len(entry.pop("payload_sha256")) == 64
    assert entry.pop("event_id")
    account = {"agency": AGENCY, "fund_code": "general", "channel": "foundation"}
    assert entry == {
        "seq": 1,
        "source": {"topic": "fundmix.donations", "partition": 0, "number": 1},
        "kind": "donations.donation_received",
        "agency": AGENCY,
        "occurred_on": "2024-12-30",
        "value_on": "2025-01-02",
        "posted_at": "2025-03-03T00:00:00Z",
        "period": 202501,
        "document": "DN-2024-00001",
        "payer": FOUNDATION,
        "corrects": None,
        "closes": None,
        "lots": [
            {
                "lot_id": str(donation.donation_id),
                "fund_code": "general",
                "channel": "foundation",
                "amount": {"amount": "50.00", "currency": "CNY"},
            }
        ],
        "draws": [],
        "postings": [
            {
                "account": account | {"code": "assets:bank"},
                "amount": {"amount": "50.00", "currency": "CNY"},
            },
            {
                "account": account | {"code": "income:donation"},
                "amount": {"amount": "-50.00", "currency": "CNY"},
            },
        ],
    }
    assert (await auditor.get("/v1/entries")).json()["items"] == [
        (await auditor.get("/v1/entries/1")).json()
    ]


@pytest.mark.parametrize("seq", [1, 2**63 - 1])
async def test_an_entry_that_is_not_there_is_not_found(shared_api: Api, seq: int) -> None:
    answer = await shared_api.caller("auditor").get(f"/v1/entries/{seq}")

    assert refusal(answer)[:2] == (404, "entry_not_found")


@pytest.mark.parametrize("seq", ["0", "-1", str(2**63), "one", "1.5"])
async def test_a_place_in_the_journal_is_a_positive_whole_number(shared_api: Api, seq: str) -> None:
    answer = await shared_api.caller("auditor").get(f"/v1/entries/{seq}")

    assert refusal(answer)[:2] == (422, "invalid_request")


async def test_the_feed_goes_on_after_the_last_entry_that_is_known(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(5)))

    feed = (await auditor.get("/v1/entries", after=3)).json()["items"]
    nothing_new = (await auditor.get("/v1/entries", after=5)).json()

    assert [entry["seq"] for entry in feed] == [4, 5]
    assert nothing_new == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "parameters", [{"limit": 2}, {"limit": 2, "after": 1}, {"limit": 200}, {"limit": 7}]
)
async def test_the_feed_has_each_entry_once_in_the_order_of_the_journal(
    auditor: Caller, inlet: Inlet[Prepared], parameters: dict[str, int]
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(7)))

    found = await pages(auditor, "/v1/entries", **parameters)

    first = parameters.get("after", 0) + 1
    assert [e["seq"] for page in found for e in page] == list(range(first, 8))
    assert all(0 < len(page) <= parameters["limit"] for page in found)


async def test_entries_that_come_meanwhile_are_on_the_later_pages(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(3)))
    first = (await auditor.get("/v1/entries", limit=2)).json()

    await inlet.post(samples.donation_received())

    (rest,) = await pages(auditor, "/v1/entries", limit=2, cursor=first["next_cursor"])
    assert [entry["seq"] for entry in rest] == [3, 4]


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_is_paged_without_loss(
    auditor: Caller, inlet: Inlet[Prepared], path: str
) -> None:
    for month in range(1, 5):
        await inlet.post(
            samples.donation_received("1.00", received_on=date(2024, month, 1)),
            samples.instalment_paid("2.00", paid_on=date(2024, month, 1)),
            samples.donation_received("3.00", agency=OTHER_AGENCY, restricted_to="长者助餐"),
        )
    whole = await pages(auditor, path, limit=200, **LISTS[path])

    in_pages = await pages(auditor, path, limit=3, **LISTS[path])

    assert len(whole) == 1
    assert len(in_pages) > 2
    assert [item for page in in_pages for item in page] == whole[0]


async def test_balances_are_the_sums_of_the_postings(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.contract_signed("1000.00"),
        samples.instalment_paid("400.00", "150.00"),
        samples.donation_received("50.00"),
    )

    items = (await auditor.get("/v1/balances")).json()["items"]

    amounts = {(i["code"], i["fund_code"]): i["amount"]["amount"] for i in items}
    assert amounts == {
        ("assets:bank", "contract:DG-2024-0001"): "250.00",
        ("assets:bank", "general"): "50.00",
        ("liabilities:advance_received", "contract:DG-2024-0001"): "-250.00",
        ("income:donation", "general"): "-50.00",
        ("commitments:contract", "contract:DG-2024-0001"): "600.00",
        ("commitments:contract_counter", "contract:DG-2024-0001"): "-600.00",
    }
    (bank,) = [i for i in items if (i["code"], i["fund_code"]) == ("assets:bank", "general")]
    account_id = bank.pop("account_id")
    assert bank == {
        "agency": AGENCY,
        "code": "assets:bank",
        "fund_code": "general",
        "channel": "foundation",
        "amount": {"amount": "50.00", "currency": "CNY"},
        "last_seq": 3,
        "on": None,
        "as_of": None,
        "why": [f"/v1/why?account_id={account_id}"],
    }


async def test_balances_by_month_tell_what_each_kind_of_entry_moved(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("1.00", received_on=date(2024, 5, 1)),
        samples.donation_received("2.00", received_on=date(2024, 5, 31)),
        samples.donation_received("4.00", received_on=date(2024, 12, 31)),
        samples.donation_received("8.00", received_on=date(2025, 1, 1)),
    )

    items = (await auditor.get("/v1/period-balances", year=2024)).json()["items"]

    assert [(i["period"], i["kind"], i["code"], i["amount"]["amount"]) for i in items] == [
        (202405, "donations.donation_received", "assets:bank", "3.00"),
        (202405, "donations.donation_received", "income:donation", "-3.00"),
        (202412, "donations.donation_received", "assets:bank", "4.00"),
        (202412, "donations.donation_received", "income:donation", "-4.00"),
    ]


@pytest.mark.parametrize("path", LISTS)
async def test_an_agency_reads_its_own_books(
    api: Api, auditor: Caller, inlet: Inlet[Prepared], path: str
) -> None:
    await inlet.post(
        samples.donation_received(),
        samples.donation_received(agency=OTHER_AGENCY),
        samples.donation_received(),
    )
    treasurer = api.caller("agency", org=AGENCY)

    own = (await treasurer.get(path, **LISTS[path])).json()["items"]
    asked = (await auditor.get(path, agency=AGENCY, **LISTS[path])).json()["items"]
    foreign = await treasurer.get(path, agency=OTHER_AGENCY, **LISTS[path])

    assert own == asked
    assert {item["agency"] for item in own} == {AGENCY}
    assert refusal(foreign)[:2] == (403, "foreign_row")


async def test_an_entry_of_another_agency_is_not_shown(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(samples.donation_received(agency=OTHER_AGENCY))
    treasurer = api.caller("agency", org=AGENCY)

    assert refusal(await treasurer.get("/v1/entries/1"))[:2] == (403, "foreign_row")
    assert refusal(await treasurer.get("/v1/entries/2"))[:2] == (404, "entry_not_found")


@pytest.mark.parametrize(
    ("path", "parameters", "pointer"),
    [
        ("/v1/entries", {"limit": 0}, "#query/limit"),
        ("/v1/entries", {"limit": 201}, "#query/limit"),
        ("/v1/entries", {"after": -1}, "#query/after"),
        ("/v1/entries", {"after": 2**63}, "#query/after"),
        ("/v1/entries", {"cursor": "!"}, "#query/cursor"),
        ("/v1/entries", {"cursor": encode_cursor(["one"])}, "#query/cursor"),
        ("/v1/entries", {"cursor": encode_cursor([1, 2])}, "#query/cursor"),
        ("/v1/entries", {"cursor": encode_cursor([2**63])}, "#query/cursor"),
        ("/v1/entries", {"agency": "x"}, "#query/agency"),
        ("/v1/balances", {"cursor": encode_cursor([None])}, "#query/cursor"),
        ("/v1/period-balances", {}, "#query/year"),
        ("/v1/period-balances", {"year": 2200}, "#query/year"),
        ("/v1/period-balances", {"year": 2024, "cursor": encode_cursor([1])}, "#query/cursor"),
        (
            "/v1/period-balances",
            {"year": 2024, "cursor": encode_cursor([1, 1, "\0"])},
            "#query/cursor",
        ),
    ],
)
async def test_a_wrong_question_is_told_by_its_parameter(
    shared_api: Api, path: str, parameters: dict[str, str | int], pointer: str
) -> None:
    answer = await shared_api.caller("auditor").get(path, **parameters)

    found = refusal(answer)
    assert (found.status, found.code) == (422, "invalid_request")
    assert list(found.errors) == [pointer]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/entries", [2**63 - 1]),
        ("/v1/balances", [2**40]),
        ("/v1/period-balances", [2**40, 2**40, "z"]),
    ],
)
async def test_a_cursor_from_beyond_the_end_finds_nothing(
    shared_api: Api, path: str, key: list[object]
) -> None:
    auditor = shared_api.caller("auditor")

    page = (await auditor.get(path, cursor=encode_cursor(key), **LISTS[path])).json()

    assert (page["items"], page["next_cursor"]) == ([], None)
