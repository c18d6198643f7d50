"""What stands on a topic is not what was said: copies, gaps, a false number."""

import re
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from uuid import uuid4

import pytest
from fundmix_cli.plan import BrokerKind
from fundmix_cli.run_state import State
from fundmix_kit.outbox import OutboxSource
from fundmix_kit.relay import RELAY_LOCK

from tests.faults.books import SOURCES, WAITING, last_consumed
from tests.faults.installed import Installed
from tests.faults.messages import Message, empty_topic, read_messages, send
from tests.faults.trial import Trial
from tests.faults.waiting import until

pytestmark = pytest.mark.timeout(900)

TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"
ENTRIES_OF: Final = "SELECT count(*) FROM journal_entry WHERE event_id = $1"


async def test_events_delivered_three_times_are_applied_once(trial: Trial) -> None:
    async with trial.loading() as load:
        await load.until_applied(40)
        for topic in SOURCES.values():
            messages = await read_messages(trial.installed, topic)
            await send(trial.installed, [*messages, *messages])

    await trial.assert_books()


async def test_events_delivered_twice_in_one_batch_are_applied_once(trial: Trial) -> None:
    installed = trial.installed

    async with trial.loading() as load:
        await load.until_applied(40)
        with installed.paused("ledger-consumer"):
            await until(load.is_ahead, "there is something to be applied")
            seen = len(installed.log_lines("ledger-consumer"))
            await send(installed, await read_unapplied(installed))

    await trial.assert_books()
    lines = installed.log_lines("ledger-consumer")[seen:]
    batches = [line for line in lines if line["event"] == "batch_applied"]
    assert any(batch["events"] and batch["duplicates"] for batch in batches)


async def test_a_gap_is_shown_and_filled_by_sending_everything_again(trial: Trial) -> None:
    installed = trial.installed

    async with trial.loading() as load:
        await load.until_applied(30)
        await lose_next_event(installed, "contracts")
        await until_gap(installed, "fundmix.contracts")
        await installed.run("topics", "rebuild")

    await trial.assert_books()


async def test_a_number_that_comes_again_as_another_event_stops_the_ledger(trial: Trial) -> None:
    installed = trial.installed

    async with trial.loading() as load:
        await load.until_applied(30)
        false = as_another_event((await read_messages(installed, "fundmix.donations"))[0])
        await send(installed, [false])
        await until_stopped(installed, times=2)
        assert await installed.fetchval("ledger", ENTRIES_OF, false.event_id) == 0
        await remove_false_message(installed, false)

    installed.ends["ledger-consumer"] = installed.process("ledger-consumer").restarts
    await trial.assert_books()


async def read_unapplied(installed: Installed) -> Sequence[Message]:
    """What stands on the topics and is not in the ledger, once all that was said stands there."""

    async def is_sent() -> bool:
        waiting = [await installed.fetchval(service, WAITING) for service in SOURCES]
        return not any(waiting)

    await until(is_sent, "all that was said is sent")
    consumed = await last_consumed(installed, "ledger")
    return [
        message
        for topic in SOURCES.values()
        for message in await read_messages(installed, topic)
        if message.number > consumed.get((topic, message.partition), 0)
    ]


async def lose_next_event(installed: Installed, service: str) -> None:
    """Have one event count as sent that never was: so it is when a broker loses what it took."""
    # Nobody relays meanwhile, and so nobody else says how far the sending has come.
    installed.kill(f"{service}-relay")
    async with installed.databases[service].transaction() as connection:
        outbox = OutboxSource()

        async def is_locked() -> bool:
            return bool(await connection.fetchval(TRY_LOCK, RELAY_LOCK))

        async def is_lost() -> bool:
            lost = await outbox.fresh(connection, rows_max=1)
            sent = {(event.topic, event.partition): event.number for event in lost}
            await outbox.mark_sent(connection, sent)
            return bool(lost)

        await until(is_locked, "the killed relay has let go")
        await until(is_lost, "something was to be sent")


async def until_gap(installed: Installed, topic: str) -> None:
    """Until the ledger's consumer says which number it waits for, and the supervisor sees it."""
    process = installed.process("ledger-consumer")

    async def is_shown() -> bool:
        status, checks = await installed.readiness(process.port)
        is_named = re.match(rf"{topic}/\d waits for number \d+", checks["consumer"]["detail"])
        return status == HTTPStatus.SERVICE_UNAVAILABLE and is_named is not None

    async def is_seen() -> bool:
        return installed.process(process.name).state is State.NOT_READY

    await until(is_shown, "the ledger shows the gap")
    await until(is_seen, "the supervisor sees the gap")


async def until_stopped(installed: Installed, *, times: int) -> None:
    """Until the ledger's consumer has ended that often because of a number."""

    async def is_stopped() -> bool:
        lines = installed.log_lines("ledger-consumer")
        return sum(line.get("reason") == "number_conflict" for line in lines) >= times

    await until(is_stopped, "the ledger's consumer has stopped")


async def remove_false_message(installed: Installed, false: Message) -> None:
    """As an operator would: a log that is false is emptied, and everything is said again."""
    if installed.kind is BrokerKind.EMBEDDED:
        installed.kill("broker")  # its log goes with it, and the relays send again by themselves
    else:
        await empty_topic(installed, false.topic)
        await installed.run("topics", "rebuild")


def as_another_event(message: Message) -> Message:
    headers = [h for h in message.headers if h[0] != "ce_id"]
    return replace(message, headers=[*headers, ("ce_id", str(uuid4()).encode())])
