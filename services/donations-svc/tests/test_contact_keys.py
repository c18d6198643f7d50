"""The service from the command line: it does not start with wrong keys, and changes them."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from donations_svc.domain.contact import ContactDetails
from donations_svc.domain.contact_keys import parse_key_ring
from donations_svc.storage import contacts
from donations_svc.storage.sealing import KeyRing
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.ids import uuid7

OLD: Final = f"2025:{'12' * 32}:{'34' * 32}"
NEW: Final = f"2026:{'56' * 32}:{'78' * 32}"
WRONG: Final = f"2025:{'9a' * 32}:{'34' * 32}"
ZHANG: Final = ContactDetails(name="张三丰", phone="13800138000")
CONTACTS: Final = 7


@pytest.fixture
async def sealed(service_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """Contacts sealed with the old key."""
    connection = await asyncpg.connect(service_database.url)
    keys = KeyRing(parse_key_ring(OLD))
    for _ in range(CONTACTS):
        await contacts.insert(
            connection,
            keys,
            ZHANG,
            contact_id=uuid7(),
            agency="52441900AJC6XAY6DW",
            organisation=None,
            recorded_by="treasurer",
            recorded_at=datetime(2025, 3, 1, tzinfo=UTC),
        )
    yield connection
    await connection.close()
    owner = await asyncpg.connect(service_database.owner_url)
    await owner.execute("TRUNCATE donor_contact CASCADE")
    await owner.close()


async def called(
    database: ServiceDatabase, *arguments: str, contacts: Mapping[str, str]
) -> tuple[int | None, str, str]:
    """Exit code, standard output and standard error of the service's own program."""
    given = {f"FUNDMIX_CONTACTS__{name}": value for name, value in contacts.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "donations_svc",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "FUNDMIX_DATABASE__URL": database.url,
            "FUNDMIX_AUTH__ISSUER": "https://issuer.test",
            "FUNDMIX_AUTH__JWKS_URL": "http://127.0.0.1:9/jwks.json",
            **given,
        },
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "neither of FUNDMIX_CONTACTS__KEY_RING and"),
        ({"KEY_RING": OLD, "KEY_RING_FILE": "keys"}, "both of FUNDMIX_CONTACTS__KEY_RING and"),
        ({"KEY_RING": OLD[:-1]}, "FUNDMIX_CONTACTS__KEY_RING: key 1 is not ID:"),
        ({"KEY_RING_FILE": "/nowhere/keys"}, "FUNDMIX_CONTACTS__KEY_RING_FILE: /nowhere/keys"),
        ({"KEY_RING": WRONG}, "the key 2025 of the ring is not the one"),
        ({"KEY_RING": NEW}, "the ring has no key 2025"),
    ],
)
@pytest.mark.usefixtures("sealed")
async def test_the_api_does_not_start_with_wrong_keys_and_says_why(
    service_database: ServiceDatabase,
    given: Mapping[str, str],
    reason: str,
) -> None:
    code, output, errors = await called(service_database, "run", "api", contacts=given)

    assert (code, errors.count("\n")) == (1, 1), errors
    assert errors.startswith(f"donations-svc: {reason}")
    for secret in (OLD, NEW, WRONG):
        for part in secret.split(":")[1:]:
            assert part not in output + errors


async def test_a_rotation_leaves_nothing_to_the_old_key(
    service_database: ServiceDatabase, sealed: asyncpg.Connection, tmp_path: Path
) -> None:
    ring = tmp_path / "keys"
    ring.write_text(f"{NEW}\n{OLD}\n")

    code, output, errors = await called(
        service_database,
        "rotate-contact-keys",
        contacts={"KEY_RING_FILE": str(ring), "ROTATION_BATCH_ROWS_MAX": "3"},
    )

    assert (code, errors) == (0, "")
    said = [json.loads(line) for line in output.splitlines()]
    assert [line for line in said if line["event"] == "contact_keys_rotated"] == [
        {**said[-1], "current": "2026", "resealed": CONTACTS, "contacts_by_key": {"2026": CONTACTS}}
    ]
    keys = KeyRing(parse_key_ring(NEW))
    for row in await sealed.fetch("SELECT * FROM donor_contact"):
        assert contacts.details_of(keys, contacts.contact_of(row)) == ZHANG


async def test_a_rotation_that_was_done_does_nothing(
    service_database: ServiceDatabase, sealed: asyncpg.Connection
) -> None:
    before = await sealed.fetch("SELECT * FROM donor_contact ORDER BY contact_id")

    code, output, _ = await called(
        service_database, "rotate-contact-keys", contacts={"KEY_RING": f"{OLD},{NEW}"}
    )

    assert (code, json.loads(output.splitlines()[-1])["resealed"]) == (0, 0)
    assert await sealed.fetch("SELECT * FROM donor_contact ORDER BY contact_id") == before
