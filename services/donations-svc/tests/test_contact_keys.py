"""The service from the command line: it does not start with wrong keys, and changes them."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest
from donations_svc.domain.contact import ContactDetails
from donations_svc.domain.contact_keys import parse_key_ring
from donations_svc.storage import contacts
from donations_svc.storage.sealing import KeyRing
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import Program, free_port
from fundmix_kit.ids import uuid7
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.plugin import running

OLD: Final = f"2025:{'12' * 32}:{'34' * 32}"
NEW: Final = f"2026:{'56' * 32}:{'78' * 32}"
WRONG: Final = f"2025:{'9a' * 32}:{'34' * 32}"
ZHANG: Final = ContactDetails(name="张三丰", phone="13800138000")
CONTACTS: Final = 7
AGENCY: Final = "52441900AJC6XAY6DW"
SEEDED: Final = ("欧阳娜娜示例", "13912345678", "莞城区和平路八百八十八号")


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
            agency=AGENCY,
            organisation=None,
            recorded_by="treasurer",
            recorded_at=datetime(2025, 3, 1, tzinfo=UTC),
        )
    yield connection
    await connection.close()
    owner = await asyncpg.connect(service_database.owner_url)
    await owner.execute("TRUNCATE donor_contact CASCADE")
    await owner.close()


def environment_of(database: ServiceDatabase, **more: str) -> dict[str, str]:
    return {
        "FUNDMIX_DATABASE__URL": database.url,
        "FUNDMIX_AUTH__ISSUER": "https://issuer.test",
        "FUNDMIX_AUTH__JWKS_URL": "http://127.0.0.1:9/jwks.json",
        **more,
    }


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
        env=environment_of(database, **given),
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


async def test_a_running_service_logs_no_word_of_a_contact(
    service_database: ServiceDatabase, tokens: TokenSigner, jwks_url: str, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = environment_of(
        service_database,
        FUNDMIX_AUTH__ISSUER=tokens.issuer,
        FUNDMIX_AUTH__JWKS_URL=jwks_url,
        FUNDMIX_HTTP__PORT=str(port),
        FUNDMIX_LOG__LEVEL="debug",
        FUNDMIX_CONTACTS__KEY_RING=NEW,
    )
    headers = tokens.headers("agency", org=AGENCY)
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False
    ) as client:

        async def is_ready() -> bool:
            try:
                return (await client.get("/healthz")).is_success
            except httpx2.TransportError:
                return False

        program = Program(
            name="donations-api",
            command=lambda: (sys.executable, "-m", "donations_svc", "run", "api"),
            is_ready=is_ready,
            environment=environment,
        )
        async with running(program, log):
            statuses = await everything_done(client, service_database)

    said = log.read_text()
    assert statuses == [201, 200, 200, 200, 422, 400, 500, 200]
    assert "contact_seal_broken" in said or "SealBrokenError" in said
    assert said.count("request_answered") >= len(statuses)
    for word in SEEDED:
        for form in (word, ascii(word)[1:-1], word.encode().hex()):
            assert form not in said


async def everything_done(client: httpx2.AsyncClient, database: ServiceDatabase) -> list[int]:
    """The status of each request: also of one that is refused, broken off or our own failure."""
    statuses: list[int] = []

    async def ask(method: str, path: str, body: object = None, content: bytes = b"") -> Any:
        answer = await client.request(
            method,
            path,
            headers={
                "Idempotency-Key": str(uuid7()),
                "If-Match": "*",
                "Content-Type": "application/json",
            },
            content=content or (json.dumps(body).encode() if body else None),
        )
        statuses.append(answer.status_code)
        return answer.json()

    name, phone, address = SEEDED
    contact = {"agency": AGENCY, "name": name, "phone": phone, "address": address}
    path = f"/v1/donor-contacts/{(await ask('POST', '/v1/donor-contacts', contact))['contact_id']}"
    await ask("GET", path)
    await ask("POST", "/v1/donor-contacts/search", {"agency": AGENCY, "phone": phone})
    await ask("PUT", path, {"name": name, "address": address})
    await ask("POST", "/v1/donor-contacts", {**contact, "phone": name})
    await ask("POST", "/v1/donor-contacts", content=json.dumps(contact).encode()[:-1])
    connection = await asyncpg.connect(database.url)
    await connection.execute("UPDATE donor_contact SET name = address")
    await connection.close()
    await ask("GET", path)
    await ask("POST", f"{path}/erase", {"reason": "asked_by_person"})
    return statuses
