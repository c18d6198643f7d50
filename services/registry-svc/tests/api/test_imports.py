"""A file of organisations over HTTP: good rows are registered, bad ones told, nothing twice."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_events.credit_code import ALPHABET, check_character
from fundmix_kit.testing.api import Api, refusal
from fundmix_kit.testing.contents import nothing_written

PATH: Final = "/v1/organisations/import"
HEADER: Final = "统一社会信用代码,名称,类型\n"


def a_code(number: int, prefix: str = "52") -> str:
    first_seventeen = f"{prefix}441900AJC6XA{number:02d}{ALPHABET[number % 31]}"
    return first_seventeen + check_character(first_seventeen)


def rows_of(*numbers: int) -> str:
    return HEADER + "".join(f"{a_code(n)},示例{n},社工机构\n" for n in numbers)


async def send(
    api: Api, content: str | bytes, *, key: str | None = None, dry_run: bool = False
) -> httpx2.Response:
    headers = api.tokens.headers("finance_officer") | {
        "Idempotency-Key": key or f"key-{hash(content)}-{dry_run}-{len(await api.events())}",
        "Content-Type": "text/csv",
    }
    params = {"dry_run": "true"} if dry_run else None
    return await api.client.post(PATH, content=content, headers=headers, params=params)


def counts_of(answer: httpx2.Response) -> tuple[int, int, int]:
    found = answer.json()
    return found["registered"], found["unchanged"], found["failed"]


async def test_good_rows_are_registered_and_bad_ones_told(api: Api) -> None:
    content = rows_of(1, 2) + f"{a_code(3)},,社工机构\n{a_code(4, '91')},示例4,社工机构\n"

    answer = await send(api, content.encode("gb18030"))

    found = answer.json()
    assert answer.status_code == 200
    assert counts_of(answer) == (3, 0, 1)
    assert (found["rows"], found["format"], found["encoding"]) == (4, "csv", "gb18030")
    assert [(e["row"], e["field"], e["code"]) for e in found["errors"]] == [(4, "name", "missing")]
    assert [(w["row"], w["field"], w["code"]) for w in found["warnings"]] == [
        (5, "kind", "implausible_kind")
    ]
    events = await api.events()
    assert sorted(event.key for event in events) == sorted([a_code(1), a_code(2), a_code(4, "91")])
    assert {event.type for event in events} == {"registry.organisation_registered"}


async def test_an_imported_organisation_has_its_history(api: Api) -> None:
    await send(api, rows_of(1))

    history = await api.caller("auditor").get(f"/v1/organisations/{a_code(1)}/history")

    assert [c["field"] for c in history.json()["items"]] == ["name", "kind"]


async def test_the_same_file_again_changes_nothing(api: Api) -> None:
    first = await send(api, rows_of(1, 2), key="k")
    replayed = await send(api, rows_of(1, 2), key="k")
    second = await send(api, rows_of(1, 2, 2, 3), key="l")

    assert counts_of(first) == (2, 0, 0)
    assert replayed.json() == first.json()
    assert counts_of(second) == (1, 3, 0)
    assert len(await api.events()) == 3


async def test_another_name_for_a_known_code_is_an_error_of_its_row(api: Api) -> None:
    await send(api, rows_of(1))

    answer = await send(api, f"{HEADER}{a_code(1)},另一名称,社工机构\n")

    assert counts_of(answer) == (0, 0, 1)
    assert answer.json()["errors"][0]["code"] == "name_conflict"
    assert len(await api.events()) == 1


async def test_a_dry_run_says_what_would_be_and_registers_nothing(api: Api) -> None:
    await send(api, rows_of(1))

    dry = await send(api, rows_of(1, 2), dry_run=True)
    events = await api.events()
    wet = await send(api, rows_of(1, 2))

    assert dry.json()["is_dry_run"]
    assert counts_of(dry) == counts_of(wet) == (1, 1, 0)
    assert len(events) == 1


async def test_lines_of_json_are_taken_too(api: Api) -> None:
    line: dict[str, Any] = {"code": a_code(1), "name": "示例", "kind": "agency"}

    answer = await send(api, "\n".join(json.dumps(line | {"code": a_code(n)}) for n in range(3)))

    assert counts_of(answer) == (3, 0, 0)
    assert answer.json()["format"] == "ndjson"


async def test_what_json_can_name_and_no_text_can_hold_is_answered(api: Api) -> None:
    answer = await send(api, r'{"\ud800": 1, "code": "\ud800", "name": "\u0000", "kind": "\udfff"}')

    assert counts_of(answer) == (0, 0, 1)
    assert {error["field"] for error in answer.json()["errors"]} == {"code", "name", "kind"}


async def test_files_that_meet_register_each_organisation_once(api: Api) -> None:
    numbers = list(range(20))
    files = [rows_of(*numbers), rows_of(*reversed(numbers)), rows_of(*numbers[5:], *numbers[:5])]

    answers = await asyncio.gather(*(send(api, c, key=str(k)) for k, c in enumerate(files)))

    assert [answer.status_code for answer in answers] == [200] * 3
    assert sum(counts_of(answer)[0] for answer in answers) == 20
    assert sum(counts_of(answer)[1] for answer in answers) == 40
    assert len(await api.events()) == 20


@pytest.mark.parametrize("content", ["", HEADER, "a,b\n1,2\n", b"\xff\xfe\x00"])
async def test_what_is_no_such_file_is_refused(content: str | bytes, api: Api) -> None:
    async with nothing_written(api.database):
        answer = await send(api, content)

    assert refusal(answer)[:2] == (422, "import_unreadable")


async def test_a_file_too_large_is_refused_unread(api: Api) -> None:
    assert refusal(await send(api, "x" * 1_100_000))[:2] == (413, "body_too_large")
