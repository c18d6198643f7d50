"""`fundmix load` of a part of the city, at a pace that leaves room for faults in its midst."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from fundmix_kit.database import DatabaseUnavailableError
from fundmix_kit.embedded.processes import tail

from tests.faults.city import City
from tests.faults.installed import Installed
from tests.faults.waiting import until

# A fault falls in the midst of a load, not at its ends.
APPLIED_PERCENT_MIN: Final = 10
APPLIED_PERCENT_MAX: Final = 90
AHEAD_PERCENT_MAX: Final = 10
LOAD_S_MAX: Final = 600.0
# The facts that become entries; an approval does where an evaluation takes something off.
POSTED: Final = {
    "contracts": (
        "contracts.contract_signed",
        "contracts.delivery_accepted",
        "contracts.instalment_approved",
        "contracts.instalment_paid",
    ),
    "donations": ("donations.pledge_made", "donations.donation_received"),
}
SAID: Final = """
    SELECT event_id FROM outbox
    WHERE type = ANY($1::text[])
      AND (type <> 'contracts.instalment_approved'
           OR convert_from(body, 'UTF8')::jsonb -> 'data' -> 'deduction' ->> 'amount' <> '0.00')
"""
COUNT_SAID: Final = f"SELECT count(*) FROM ({SAID}) said"
COUNT_APPLIED: Final = "SELECT count(*) FROM journal_entry"
COUNT_REGISTERED: Final = "SELECT count(*) FROM outbox"


class Load:
    """How far a load has come, by what the ledger has in its journal."""

    def __init__(self, installed: Installed, *, entries: int, applied_before: int) -> None:
        self._installed = installed
        self._entries = entries
        self._applied_before = applied_before
        self.loader: asyncio.subprocess.Process | None = None

    async def applied_percent(self) -> float:
        """Raises DatabaseUnavailableError."""
        applied = await count_applied(self._installed) - self._applied_before
        return applied * 100 / self._entries

    async def until_applied(self, percent: int) -> None:
        """Returns when it is time for a fault: with this much of the load applied."""
        now = 0.0

        async def is_applied() -> bool:
            nonlocal now
            assert self.loader is None or self.loader.returncode is None, "the load has ended"
            self._installed.assert_up()
            with suppress(DatabaseUnavailableError):  # from the fault before
                now = await self.applied_percent()
            return now >= percent

        await until(is_applied, f"{percent} % are applied", limit_s=LOAD_S_MAX)
        assert APPLIED_PERCENT_MIN <= now <= APPLIED_PERCENT_MAX, f"{now:.0f} % are applied"

    async def is_ahead(self) -> bool:
        """Whether the ledger has yet to apply more than a tenth of the load."""
        behind = await count_said(self._installed) - await count_applied(self._installed)
        return behind * 100 > AHEAD_PERCENT_MAX * self._entries


@asynccontextmanager
async def loading(installed: Installed, city: City) -> AsyncGenerator[Load]:
    """A load that is under way inside the block, and has ended well behind it.

    It is held back where the ledger does not follow: a load is quicker than a process starts, and
    would else be over before what was killed is back.
    """
    applied_before = await count_applied(installed)
    load = Load(installed, entries=city.entries, applied_before=applied_before)
    async with _loader(installed, city, is_ahead=load.is_ahead) as loader:
        load.loader = loader
        yield load


@asynccontextmanager
async def registering(installed: Installed, city: City, *, beside: Load) -> AsyncGenerator[None]:
    """Registers the organisations of a city in step with another load under way."""
    before = await count_registered(installed)
    total = len(city.organisations)

    async def is_ahead() -> bool:
        registered = await count_registered(installed) - before
        return registered * 100 > total * await beside.applied_percent()

    async with _loader(installed, City(organisations=city.organisations), is_ahead=is_ahead):
        yield


@asynccontextmanager
async def _loader(
    installed: Installed, city: City, *, is_ahead: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    folder = city.write(installed.new_folder())
    log = folder / "log"
    patience = (f"--retry-time-s-max={LOAD_S_MAX}", f"--ledger-time-s-max={LOAD_S_MAX}")
    loader = await installed.begin("load", str(folder), *patience, log=log)
    holding_back = asyncio.create_task(_hold_back(loader, is_ahead))
    try:
        yield loader
        async with asyncio.timeout(LOAD_S_MAX):
            assert await loader.wait() == 0, tail(log)
    finally:
        holding_back.cancel()
        with suppress(asyncio.CancelledError):
            await holding_back
        if loader.returncode is None:
            loader.kill()
            await loader.wait()


async def _hold_back(
    loader: asyncio.subprocess.Process, is_ahead: Callable[[], Awaitable[bool]]
) -> None:
    """Stop the loader while it is ahead; where that is not to be told, leave it as it is."""

    async def must_wait() -> bool:
        with suppress(DatabaseUnavailableError):
            return await is_ahead()
        return False

    async def may_go_on() -> bool:
        with suppress(DatabaseUnavailableError):
            return not await is_ahead()
        return False

    while True:
        await until(must_wait, "the loader is ahead", limit_s=LOAD_S_MAX)
        loader.send_signal(signal.SIGSTOP)
        await until(may_go_on, "the ledger follows", limit_s=LOAD_S_MAX)
        loader.send_signal(signal.SIGCONT)


async def count_registered(installed: Installed) -> int:
    return int(await installed.fetchval("registry", COUNT_REGISTERED))


async def count_said(installed: Installed) -> int:
    """The facts that are in the journal or on their way to it."""
    return sum([await installed.fetchval(name, COUNT_SAID, POSTED[name]) for name in POSTED])


async def count_applied(installed: Installed) -> int:
    return int(await installed.fetchval("ledger", COUNT_APPLIED))
