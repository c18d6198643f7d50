"""Processes stand still for longer than others wait for them, and go on as if nothing had been."""

from contextlib import ExitStack
from http import HTTPStatus
from typing import Final

import psutil
import pytest

from tests.faults.books import fetch
from tests.faults.installed import Installed
from tests.faults.trial import Trial
from tests.faults.waiting import until

pytestmark = pytest.mark.timeout(900)

LOCK_HEAD: Final = "SELECT 1 FROM log_head FOR UPDATE"
SESSIONS: Final = """
    SELECT CASE wait_event_type WHEN 'Lock' THEN 'waiting for a lock' ELSE state END AS state
    FROM pg_stat_activity
    WHERE datname = current_database() AND client_port = ANY($1::integer[])
"""


async def test_a_consumer_paused_in_its_transaction_is_replaced_and_comes_back(
    trial: Trial,
) -> None:
    installed = trial.installed
    paused = installed.process("ledger-consumer")

    async with installed.second("ledger", "consumer"), trial.loading() as load:
        await load.until_applied(20)
        with ExitStack() as until_others_went_on:
            async with installed.databases["ledger"].transaction() as connection:
                await connection.execute(LOCK_HEAD)
                await until_a_session(installed, paused.pid, is_in="waiting for a lock")
                until_others_went_on.enter_context(installed.paused("ledger-consumer"))
            # It has the lock now, and does not know.
            await until_a_session(installed, paused.pid, is_in="idle in transaction")
            await load.until_applied(50)

    await trial.assert_books()
    assert installed.process("ledger-consumer").pid == paused.pid


async def test_a_relay_paused_for_too_long_is_replaced_and_stands_by(trial: Trial) -> None:
    installed = trial.installed

    async with installed.second("contracts", "relay") as other, trial.loading() as load:
        await load.until_applied(20)
        with installed.paused("contracts-relay"):
            await until_relay(installed, other, says="relays")
            await load.until_applied(50)
        await until_relay(installed, installed.process("contracts-relay").port, says="stands by")

    await trial.assert_books()


async def until_a_session(installed: Installed, pid: int | None, *, is_in: str) -> None:
    """Until one of the process's sessions is in this state, in the words of `SESSIONS`."""
    ports = [connection.laddr.port for connection in psutil.Process(pid).net_connections()]

    async def is_there() -> bool:
        return is_in in [row["state"] for row in await fetch(installed, "ledger", SESSIONS, ports)]

    await until(is_there, f"the paused consumer has a session {is_in}")


async def until_relay(installed: Installed, port: int | None, *, says: str) -> None:
    async def is_said() -> bool:
        status, checks = await installed.readiness(port)
        return status == HTTPStatus.OK and checks["relay"]["detail"] == says

    await until(is_said, f"the relay at port {port} says that it {says}")
