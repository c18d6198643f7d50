"""What must hold once everything is said and heard, whatever went wrong on the way."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.connecting import connected
from fundmix_cli.claims import Claims
from fundmix_events.roles import Role

from tests.faults.city import YEARS, City, expected_agency_mix, expected_mixes
from tests.faults.installed import Installed
from tests.faults.loading import POSTED, SAID
from tests.faults.messages import read_topic
from tests.faults.waiting import until

AUDITOR: Final = Claims(role=Role.AUDITOR, subject="fault-tests")

Place = tuple[str, int]
Numbered = tuple[str, int, int]

SOURCES: Final = {
    "registry": "fundmix.registry",
    "contracts": "fundmix.contracts",
    "donations": "fundmix.donations",
}
LISTENS_TO: Final = {
    "contracts": ("fundmix.registry",),
    "donations": ("fundmix.registry",),
    "ledger": ("fundmix.registry", "fundmix.contracts", "fundmix.donations"),
}
WAITING: Final = """
    SELECT (SELECT count(*) FROM outbox WHERE number IS NULL)
         + (SELECT coalesce(sum(next_number - 1 - sent_number), 0) FROM outbox_head)
         + (SELECT count(*) FROM relay_state WHERE is_rebuild_asked)
"""
LAST_SENT: Final = "SELECT topic, partition, sent_number AS number FROM outbox_head"
LAST_CONSUMED: Final = "SELECT topic, partition, next_number - 1 AS number FROM consumer_position"
SENT: Final = "SELECT topic, partition, number, event_id FROM outbox"
CONSUMED: Final = "SELECT topic, partition, number, event_id FROM inbox"
POSTED_EVENTS: Final = "SELECT seq, event_id FROM journal_entry ORDER BY seq"
UNBALANCED: Final = """
    SELECT p.seq, a.currency, sum(p.amount_minor)
    FROM posting p JOIN account a USING (account_id)
    GROUP BY p.seq, a.currency HAVING sum(p.amount_minor) <> 0
"""
BALANCE_BY_CURRENCY: Final = """
    SELECT a.currency, sum(b.amount_minor) AS amount_minor
    FROM balance b JOIN account a USING (account_id) GROUP BY a.currency
"""
WRONG_BALANCES: Final = """
    SELECT account_id, b.amount_minor, p.amount_minor
    FROM balance b
    FULL JOIN (
        SELECT account_id, sum(amount_minor) AS amount_minor FROM posting GROUP BY account_id
    ) p USING (account_id)
    WHERE b.amount_minor IS DISTINCT FROM p.amount_minor
"""
WRONG_PERIOD_BALANCES: Final = """
    SELECT period, account_id, kind, b.amount_minor, p.amount_minor
    FROM period_balance b
    FULL JOIN (
        SELECT e.period, p.account_id, e.kind, sum(p.amount_minor) AS amount_minor
        FROM posting p JOIN journal_entry e USING (seq) GROUP BY e.period, p.account_id, e.kind
    ) p USING (period, account_id, kind)
    WHERE b.amount_minor IS DISTINCT FROM p.amount_minor
"""
COUNT_QUARANTINED: Final = "SELECT count(*) FROM quarantine"
COUNT_ORGANISATIONS: Final = "SELECT count(*) FROM replica WHERE topic = 'fundmix.registry'"


async def assert_books(installed: Installed, city: City) -> None:
    """The books are those of this city: nothing lost, nothing twice, nothing on its way."""
    await installed.until_ready()
    _assert_nobody_failed(installed)
    await until_all_is_heard(installed)
    assert await quarantined(installed) == {}
    await _assert_road(installed)
    await _assert_journal(installed, city)
    await assert_mixes(installed, city)


def _assert_nobody_failed(installed: Installed) -> None:
    """A process started again could hide that it has failed by itself."""
    restarts = {name: installed.process(name).restarts for name in installed.process_names}
    assert restarts == {name: installed.ends[name] for name in restarts}
    for name in installed.process_names:
        failures = [line for line in installed.log_lines(name) if line.get("status") == 500]
        assert failures == [], name


async def until_all_is_heard(installed: Installed) -> None:
    async def is_all_heard() -> bool:
        for service in (*SOURCES, "ledger"):
            if await installed.fetchval(service, WAITING):
                return False
        sent = await last_sent(installed)
        for service, topics in LISTENS_TO.items():
            consumed = await last_consumed(installed, service)
            if any(consumed.get(place) != sent[place] for place in sent if place[0] in topics):
                return False
        return True

    await until(is_all_heard, "all that was said is sent and consumed")


async def last_sent(installed: Installed) -> dict[Place, int]:
    """The last number of each partition of the topics that others listen to."""
    sent: dict[Place, int] = {}
    for service in SOURCES:
        sent |= await _by_place(installed, service, LAST_SENT)
    return sent


async def last_consumed(installed: Installed, service: str) -> dict[Place, int]:
    return await _by_place(installed, service, LAST_CONSUMED)


async def quarantined(installed: Installed) -> dict[str, int]:
    counts = {name: await installed.fetchval(name, COUNT_QUARANTINED) for name in LISTENS_TO}
    return {name: count for name, count in counts.items() if count}


async def _assert_road(installed: Installed) -> None:
    """Outbox, topic and inbox say the same under each number, and their numbers have no gaps."""
    sent: dict[Numbered, UUID] = {}
    for service in SOURCES:
        sent |= await _by_number(installed, service, SENT)
    assert_dense(sent)
    for topic in SOURCES.values():
        assert await read_topic(installed, topic) == {
            n: e for n, e in sent.items() if n[0] == topic
        }
    for service, topics in LISTENS_TO.items():
        consumed = await _by_number(installed, service, CONSUMED)
        assert consumed == {n: e for n, e in sent.items() if n[0] in topics}, service


async def _assert_journal(installed: Installed, city: City) -> None:
    rows = await fetch(installed, "ledger", POSTED_EVENTS)
    assert [row["seq"] for row in rows] == list(range(1, city.entries + 1))
    said = [
        row["event_id"]
        for service, types in POSTED.items()
        for row in await fetch(installed, service, SAID, types)
    ]
    assert Counter(row["event_id"] for row in rows) == Counter(said)
    for query in (UNBALANCED, WRONG_BALANCES, WRONG_PERIOD_BALANCES):
        assert await fetch(installed, "ledger", query) == []
    totals = await fetch(installed, "ledger", BALANCE_BY_CURRENCY)
    assert {row["currency"]: row["amount_minor"] for row in totals} == {"CNY": 0}
    for service in LISTENS_TO:
        assert await installed.fetchval(service, COUNT_ORGANISATIONS) == len(city.organisations)
    on_topic = await read_topic(installed, "fundmix.ledger")
    assert_dense(on_topic)
    assert len(on_topic) == city.entries


async def assert_mixes(installed: Installed, city: City) -> None:
    """The mix of the city and of each agency, to the fen, as anybody may ask for it."""
    expected = expected_mixes(city)
    async with connected(installed.home) as client:
        for year in YEARS:
            assert await _mix(client, year) == expected[year]
            for agency in expected[year]["agencies"]:
                mix = await _mix(client, year, agency=agency)
                assert mix == {**expected_agency_mix(city, year, agency), "agencies": None}


async def _mix(client: ServiceClient, year: int, **params: str) -> dict[str, Any]:
    mix = await client.get(
        ServiceName.LEDGER, "/v1/mix", claims=AUDITOR, params={"year": str(year), **params}
    )
    assert mix["quarantined"] == 0
    assert mix["n"] == len(mix["received_by_channel"])
    beside = (
        "year",
        "agency",
        "basis",
        "on",
        "as_of",
        "closed_through",
        "currency",
        "seq",
        "n",
        "negative_channels",
        "why",
    )
    agencies: dict[str, dict[str, Any]] = mix["agencies"] or {}
    for of_agency in agencies.values():
        del of_agency["why"]
    return {key: value for key, value in mix.items() if key not in (*beside, "quarantined")}


def assert_dense(events: Mapping[Numbered, UUID]) -> None:
    """The numbers of each partition count from 1 without a gap."""
    numbers: defaultdict[Place, list[int]] = defaultdict(list)
    for topic, partition, number in events:
        numbers[topic, partition].append(number)
    for place, found in numbers.items():
        assert sorted(found) == list(range(1, len(found) + 1)), place


async def fetch(
    installed: Installed, service: str, query: str, *arguments: object
) -> Sequence[Mapping[str, Any]]:
    async with installed.databases[service].reading() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


async def _by_place(installed: Installed, service: str, query: str) -> dict[Place, int]:
    rows = await fetch(installed, service, query)
    return {(row["topic"], row["partition"]): row["number"] for row in rows}


async def _by_number(installed: Installed, service: str, query: str) -> dict[Numbered, UUID]:
    rows = await fetch(installed, service, query)
    return {(row["topic"], row["partition"], row["number"]): row["event_id"] for row in rows}
