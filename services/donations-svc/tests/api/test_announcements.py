"""What donors say they have given, and what agencies say of it."""

import asyncio
from typing import Any, Final

import pytest
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"
OTHER_ENTERPRISE: Final = "914419004601L7U6QD"
MEAL: Final = "长者助餐"

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def a_line(amount: str, **changes: Any) -> Json:
    return {"agency": AGENCY, "amount": yuan(amount), **changes}


def an_announcement(*lines: Json, **changes: Any) -> Json:
    given = lines or (
        a_line("60.00", restricted_to=MEAL),
        a_line("15.00"),
        a_line("25.00", agency=OTHER_AGENCY),
    )
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "kind": "cash",
        "amount": yuan("100.00"),
        "given_on": "2025-03-01",
        "lines": list(given),
        **changes,
    }


def a_confirmation(*lines: tuple[int, str], **changes: Any) -> Json:
    return {
        "agency": AGENCY,
        "received_on": "2025-03-03",
        "bank_reference": "BK-1",
        "lines": [{"number": number, "reference": reference} for number, reference in lines],
        **changes,
    }


@pytest.fixture
def donor(api: Api) -> Caller:
    return api.caller("donor", org=ENTERPRISE)


@pytest.fixture
def other(api: Api) -> Caller:
    """The treasurer of the other agency."""
    return api.caller("agency", org=OTHER_AGENCY)


async def announced(donor: Caller, *lines: Json, **changes: Any) -> Json:
    answer = await donor.post("/v1/announcements", an_announcement(*lines, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def path_of(announcement: Json, what: str = "") -> str:
    return f"/v1/announcements/{announcement['announcement_id']}{what}"


def states(announcement: Json) -> list[str]:
    return [line["state"] for line in announcement["lines"]]


async def test_what_was_announced_and_has_arrived_is_a_donation_for_each_line(
    api: Api, donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor)
    assert await api.events() == []

    answer = await treasurer.post(
        path_of(announcement, "/confirm"), a_confirmation((1, "DN-1"), (2, "DN-2"))
    )

    assert answer.status_code == 200, answer.text
    assert states(answer.json()) == ["confirmed", "confirmed"]
    donations = (await treasurer.get("/v1/donations")).json()["items"]
    assert [(d["reference"], d["amount"], d["line"], d["restricted_to"]) for d in donations] == [
        ("DN-1", yuan("60.00"), 1, MEAL),
        ("DN-2", yuan("15.00"), 2, None),
    ]
    assert {d["bank_reference"] for d in donations} == {"BK-1"}
    assert {d["announcement_id"] for d in donations} == {announcement["announcement_id"]}
    assert len({d["deposit_id"] for d in donations}) == 1
    assert [said.type for said in await api.events()] == ["donations.donation_received"] * 2
    whole = (await donor.get(path_of(announcement))).json()
    assert states(whole) == ["confirmed", "confirmed", "announced"]


async def test_an_agency_sees_and_decides_its_own_lines_alone(
    api: Api, donor: Caller, treasurer: Caller, other: Caller
) -> None:
    announcement = await announced(donor)

    seen = (await treasurer.get(path_of(announcement))).json()
    listed = (await other.get("/v1/announcements")).json()["items"]
    async with nothing_written(api.database):
        foreign = await treasurer.post(
            path_of(announcement, "/confirm"), a_confirmation((3, "DN-3"))
        )
        as_another = await treasurer.post(
            path_of(announcement, "/confirm"), a_confirmation((3, "DN-3"), agency=OTHER_AGENCY)
        )
    stranger = await api.caller("donor", org=OTHER_ENTERPRISE).get(path_of(announcement))

    assert [line["number"] for line in seen["lines"]] == [1, 2]
    assert [[line["number"] for line in a["lines"]] for a in listed] == [[3]]
    assert refusal(foreign) == (422, "unknown_line", {"/lines/0": "unknown_line"})
    assert refusal(as_another)[:2] == (403, "foreign_row")
    assert refusal(stranger)[:2] == (403, "foreign_row")


async def test_what_did_not_arrive_is_rejected_with_a_reason(
    donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor)
    body = {"agency": AGENCY, "lines": [2], "reason": "not_received", "remark": "未到账"}

    rejected = await treasurer.post(path_of(announcement, "/reject"), body)
    again = await treasurer.post(path_of(announcement, "/reject"), body)
    waiting = (await donor.get("/v1/announcements", state="rejected")).json()["items"]

    assert states(rejected.json()) == ["announced", "rejected"]
    assert rejected.json()["lines"][1]["reason"] == "not_received"
    assert refusal(again) == (409, "line_decided", {"/lines/0": "line_decided"})
    assert [a["announcement_id"] for a in waiting] == [announcement["announcement_id"]]


async def test_a_donor_takes_back_what_nobody_has_decided(
    api: Api, donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor)
    await treasurer.post(path_of(announcement, "/confirm"), a_confirmation((1, "DN-1")))

    withdrawn = await donor.post(path_of(announcement, "/withdraw"), None)
    again = await donor.post(path_of(announcement, "/withdraw"), None)
    late = await treasurer.post(path_of(announcement, "/confirm"), a_confirmation((2, "DN-2")))
    stranger = api.caller("donor", org=OTHER_ENTERPRISE)

    assert states(withdrawn.json()) == ["confirmed", "withdrawn", "withdrawn"]
    assert refusal(again)[:2] == (409, "line_decided")
    assert refusal(late)[:2] == (409, "line_decided")
    foreign = await stranger.post(path_of(announcement, "/withdraw"), None)
    assert refusal(foreign)[:2] == (403, "foreign_row")


async def test_an_announced_gift_fulfils_its_pledge_when_it_has_come(
    donor: Caller, treasurer: Caller
) -> None:
    pledge = await donor.post(
        "/v1/pledges",
        {
            "reference": "P-1",
            "donor": {"kind": "enterprise", "code": ENTERPRISE},
            "agency": AGENCY,
            "kind": "cash",
            "amount": yuan("150.00"),
            "pledged_on": "2025-02-01",
        },
    )
    pledge_id = pledge.json()["pledge_id"]
    announcement = await announced(donor, a_line("100.00", pledge_id=pledge_id))
    before = (await donor.get(f"/v1/pledges/{pledge_id}")).json()

    await treasurer.post(path_of(announcement, "/confirm"), a_confirmation((1, "DN-1")))

    after = (await donor.get(f"/v1/pledges/{pledge_id}")).json()
    assert (before["state"], after["state"]) == ("promised", "part_received")
    assert after["outstanding"] == yuan("50.00")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"amount": yuan("100.01")}, "split_mismatch", "/lines"),
        ({"given_on": "2099-01-01"}, "future_date", "/given_on"),
        ({"lines": [a_line("100.00", agency=ENTERPRISE)]}, "wrong_party", "/lines/0/agency"),
        ({"lines": []}, "invalid_request", "/lines"),
        ({"kind": "service"}, "contradictory_terms", "/lines"),
        ({"kind": "service", "lines": [a_line("100.00")]}, "contradictory_terms", "/service"),
        ({"lines": [a_line("100.00", pledge_id=str(uuid7()))]}, "unknown_pledge", None),
    ],
)
async def test_an_announcement_that_contradicts_itself_is_refused(
    api: Api, donor: Caller, changes: Json, code: str, pointer: str | None
) -> None:
    async with nothing_written(api.database):
        answer = await donor.post("/v1/announcements", {**an_announcement(), **changes})

    found = refusal(answer)
    assert (found.status, found.code) == (422, code)
    assert (pointer or "/lines/0/pledge_id") in found.errors


async def test_a_confirmation_books_all_of_its_lines_or_none(
    api: Api, donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor)
    path = path_of(announcement, "/confirm")

    for body, code, pointer in (
        (a_confirmation((1, "DN-1"), (2, "DN-1")), "reference_taken", "/lines/1/reference"),
        (a_confirmation((1, "DN-1"), (1, "DN-2")), "unknown_line", "/lines/1"),
        (
            a_confirmation((1, "DN-1"), bank_reference=None),
            "contradictory_terms",
            "/bank_reference",
        ),
        (a_confirmation((1, "DN-1"), delegation="代录"), "delegation", "/delegation"),
    ):
        async with nothing_written(api.database):
            answer = await treasurer.post(path, body)
        found = refusal(answer)
        assert (found.code, list(found.errors)) == (code, [pointer])


async def test_an_officer_records_for_an_agency_and_says_why(api: Api, donor: Caller) -> None:
    announcement = await announced(donor)
    officer = api.caller("finance_officer", org="11441900AHP4983MNR", grants=["read:city"])
    path = path_of(announcement, "/confirm")

    without = await officer.post(path, a_confirmation((1, "DN-1")))
    done = await officer.post(path, a_confirmation((1, "DN-1"), delegation="机构财务请假"))

    assert refusal(without)[:2] == (422, "delegation")
    assert done.is_success
    [donation] = (await officer.get("/v1/donations")).json()["items"]
    assert donation["delegation"] == "机构财务请假"


async def test_what_was_announced_waits_for_the_agency(
    donor: Caller, treasurer: Caller, other: Caller
) -> None:
    announcement = await announced(donor)
    mine = {"agency": AGENCY, "lines": [1], "reason": "duplicate"}
    await treasurer.post(path_of(announcement, "/reject"), mine)

    for caller, action, amount in (
        (treasurer, "confirm", "15.00"),
        (other, "confirm", "25.00"),
    ):
        [item] = (await caller.get("/v1/todo")).json()["items"]
        assert (item["action"], item["subject"], item["amount"]) == (
            action,
            "announcement",
            yuan(amount),
        )
    waiting = (await donor.get("/v1/todo")).json()["items"]
    assert [(i["action"], i["agency"]) for i in waiting] == [
        ("wait", AGENCY),
        ("wait", OTHER_AGENCY),
        ("look_at_rejection", AGENCY),
    ]


async def test_lines_of_one_transfer_may_be_confirmed_one_after_the_other(
    donor: Caller, treasurer: Caller
) -> None:
    announcement, other_one = await announced(donor), await announced(donor)
    path = path_of(announcement, "/confirm")

    first = await treasurer.post(path, a_confirmation((1, "DN-1")))
    second = await treasurer.post(path, a_confirmation((2, "DN-2")))
    of_another = await treasurer.post(path_of(other_one, "/confirm"), a_confirmation((2, "DN-3")))

    assert first.is_success
    assert second.is_success, second.text
    assert refusal(of_another)[:2] == (409, "bank_reference_used")


async def test_what_came_stands_alone_where_its_pledge_is_closed(
    donor: Caller, treasurer: Caller
) -> None:
    pledge = await donor.post(
        "/v1/pledges",
        {
            "reference": "P-1",
            "donor": {"kind": "enterprise", "code": ENTERPRISE},
            "agency": AGENCY,
            "kind": "cash",
            "amount": yuan("150.00"),
            "pledged_on": "2025-02-01",
        },
    )
    pledge_id = pledge.json()["pledge_id"]
    announcement = await announced(donor, a_line("100.00", pledge_id=pledge_id))
    await donor.post(f"/v1/pledges/{pledge_id}/cancel", {"reason": "agreed"})
    for_else = an_announcement(a_line("100.00", pledge_id=pledge_id, restricted_to=MEAL))

    confirmed = await treasurer.post(path_of(announcement, "/confirm"), a_confirmation((1, "DN-1")))
    mismatched = await donor.post("/v1/announcements", for_else)

    assert confirmed.is_success, confirmed.text
    [donation] = (await treasurer.get("/v1/donations")).json()["items"]
    assert (donation["pledge_id"], donation["fulfils"]) == (None, None)
    assert refusal(mismatched)[:2] == (422, "pledge_mismatch")


async def test_sums_beyond_any_amount_are_refused(api: Api, donor: Caller) -> None:
    most = "100000000000.00"
    body = an_announcement(a_line(most), a_line(most), amount=yuan(most))

    async with nothing_written(api.database):
        answer = await donor.post("/v1/announcements", body)

    assert refusal(answer) == (422, "split_mismatch", {"/lines": "split_mismatch"})


async def test_nothing_that_waits_is_lost_between_pages(donor: Caller) -> None:
    await announced(donor)
    seen: list[str] = []
    page = (await donor.get("/v1/todo", limit=1)).json()
    while True:
        seen += [item["agency"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = (await donor.get("/v1/todo", limit=1, cursor=page["next_cursor"])).json()

    assert seen == [AGENCY, OTHER_AGENCY]


@pytest.mark.parametrize("what", ["/confirm", "/reject", "/withdraw"])
async def test_who_has_seen_an_older_announcement_reads_it_again(
    api: Api, donor: Caller, treasurer: Caller, other: Caller, what: str
) -> None:
    announcement = await announced(donor)
    changed = {"agency": OTHER_AGENCY, "lines": [3], "reason": "not_received"}
    assert (await other.post(path_of(announcement, "/reject"), changed)).is_success
    body = {
        "/confirm": a_confirmation((1, "D-1")),
        "/reject": {"agency": AGENCY, "lines": [1], "reason": "not_received"},
        "/withdraw": None,
    }[what]
    caller = donor if what == "/withdraw" else treasurer

    async with nothing_written(api.database):
        stale = await caller.post(path_of(announcement, what), body, headers={"If-Match": '"1"'})
    fresh = await caller.post(
        path_of(announcement, what), body, headers={"If-Match": stale.headers["etag"]}
    )

    assert refusal(stale)[:2] == (412, "version_mismatch")
    assert fresh.is_success, fresh.text


async def test_an_officer_rejects_for_an_agency_and_says_why(api: Api, donor: Caller) -> None:
    announcement = await announced(donor)
    officer = api.caller("finance_officer", org="11441900AHP4983MNR")
    path = path_of(announcement, "/reject")
    body = {"agency": AGENCY, "lines": [1], "reason": "not_received"}

    async with nothing_written(api.database):
        without = await officer.post(path, body)
    done = await officer.post(path, body | {"delegation": "机构财务请假"})

    assert refusal(without) == (422, "delegation", {"/delegation": "delegation"})
    assert done.is_success, done.text
    assert [(line["number"], line["delegation"]) for line in done.json()["lines"]] == [
        (1, "机构财务请假"),
        (2, None),
    ]


async def test_a_donor_is_told_what_was_rejected(
    api: Api, donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor)
    mine = {"agency": AGENCY, "lines": [1, 2], "reason": "not_received"}
    assert (await treasurer.post(path_of(announcement, "/reject"), mine)).is_success

    seen: list[tuple[str, str, str]] = []
    page = (await donor.get("/v1/todo", limit=1)).json()
    while True:
        seen += [(i["action"], i["agency"], i["amount"]["amount"]) for i in page["items"]]
        if page["next_cursor"] is None:
            break
        page = (await donor.get("/v1/todo", limit=1, cursor=page["next_cursor"])).json()
    stranger = api.caller("donor", org=OTHER_ENTERPRISE)

    assert seen == [("wait", OTHER_AGENCY, "25.00"), ("look_at_rejection", AGENCY, "75.00")]
    for caller in (treasurer, stranger):
        assert (await caller.get("/v1/todo")).json()["items"] == []


async def test_what_was_rejected_long_ago_is_no_news(
    api: Api, donor: Caller, treasurer: Caller
) -> None:
    announcement = await announced(donor, a_line("100.00"))
    mine = {"agency": AGENCY, "lines": [1], "reason": "not_received"}
    await treasurer.post(path_of(announcement, "/reject"), mine)
    async with api.database.transaction() as connection:
        await connection.execute(
            "UPDATE announcement_line SET decided_at = decided_at - interval '94 days'"
        )

    assert (await donor.get("/v1/todo")).json()["items"] == []


@pytest.mark.parametrize("attempt", range(4))
async def test_of_a_line_one_thing_is_decided(
    api: Api, donor: Caller, treasurer: Caller, attempt: int
) -> None:
    announcement = await announced(donor, a_line("100.00"))
    mine = {"agency": AGENCY, "lines": [1], "reason": "not_received"}
    racing = [
        treasurer.post(path_of(announcement, "/confirm"), a_confirmation((1, "DN-1"))),
        treasurer.post(path_of(announcement, "/reject"), mine),
        donor.post(path_of(announcement, "/withdraw"), None),
    ]

    # Another one is first each time.
    answers = await asyncio.gather(*racing[attempt % 3 :], *racing[: attempt % 3])

    [done] = [answer for answer in answers if answer.is_success]
    assert {refusal(a)[:2] for a in answers if a.is_error} == {(409, "line_decided")}
    [line] = (await donor.get(path_of(announcement))).json()["lines"]
    assert line["state"] == done.json()["lines"][0]["state"]
    received = (await treasurer.get("/v1/donations")).json()["items"]
    assert [d["donation_id"] for d in received] == [
        line["donation_id"] for _ in range(line["state"] == "confirmed")
    ]
    assert len(await api.events()) == len(received)
