"""Files of donations for tests: rows that are each a donation of its own."""

import csv
import io
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

from fundmix_kit.testing.api import Api, Caller
from fundmix_kit.testing.contents import contents

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
DONOR: Final = "91441900LX8R25H7GP"
IMPORTS: Final = "/v1/donation-imports"
DELEGATION: Final = "年度补录"
ROW: Final = {
    "donation_ref": "D-1",
    "donor_uscc": DONOR,
    "donor_name": "示例",
    "donor_kind": "enterprise",
    "agency_uscc": AGENCY,
    "kind": "cash",
    "amount": "100.00",
    "pledged_on": "",
    "received_on": "2025-03-02",
    "restricted_to": "",
    "bank_reference": "B-1",
    "anonymous": "false",
}


def row(number: int, **changes: str) -> dict[str, str]:
    """Of an amount of its own, so that it looks like no other."""
    own = {"donation_ref": f"D-{number}", "amount": f"{number}.00", "bank_reference": f"B-{number}"}
    return {**ROW, **own, **changes}


def a_csv(rows: Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def send(caller: Caller, content: bytes, **parameters: Any) -> Any:
    return await caller.upload(f"{IMPORTS}?{urlencode(parameters, doseq=True)}", content)


async def dry(caller: Caller, content: bytes, **parameters: Any) -> dict[str, Any]:
    answer = await send(caller, content, dry_run="true", **parameters)
    assert answer.is_success, answer.text
    return answer.json()


async def booked(caller: Caller, content: bytes, **parameters: Any) -> dict[str, Any]:
    answer = await send(caller, content, **parameters)
    assert answer.is_success, answer.text
    return answer.json()


@asynccontextmanager
async def nothing_booked(api: Api) -> AsyncGenerator[None]:
    """But the answer to a dry run is kept, as every answer is."""

    async def there() -> dict[str, list[str]]:
        async with api.database.reading() as connection:
            return {**await contents(connection), "idempotency_key": []}

    before = await there()
    yield
    assert await there() == before


def errors_of(found: dict[str, Any]) -> set[tuple[int, str, str]]:
    return {(error["row"], error["field"], error["code"]) for error in found["errors"]}
