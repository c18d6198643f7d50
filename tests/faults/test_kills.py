"""Processes are killed in the midst of a load, and the books are right all the same."""

from typing import Final

import pytest
from fundmix_cli.plan import BrokerKind

from tests.faults.city import City
from tests.faults.trial import Trial

pytestmark = pytest.mark.timeout(900)

ONLY_EMBEDDED: Final = pytest.mark.parametrize("trials", [BrokerKind.EMBEDDED], indirect=True)


async def test_every_process_may_be_killed_in_turn(trial: Trial, city: City) -> None:
    installed = trial.installed

    async with trial.loading() as load, trial.registering(city, beside=load):
        names = installed.process_names
        for number, name in enumerate(names):
            # All between a tenth and nine tenths: what waited for a process comes in at once.
            await load.until_applied(12 + number * 62 // len(names))
            installed.kill(name)

    await trial.assert_books()


@ONLY_EMBEDDED
async def test_the_broker_may_forget_everything(trial: Trial) -> None:
    installed = trial.installed
    relays = [name for name in installed.process_names if name.endswith("-relay")]
    consumers = [name for name in installed.process_names if name.endswith("-consumer")]

    async with trial.loading() as load:
        await load.until_applied(20)
        alive = [installed.process(name).pid for name in (*relays, *consumers)]
        installed.kill("broker")
        await load.until_applied(50)
        assert alive == [installed.process(name).pid for name in (*relays, *consumers)]
        installed.kill("broker", *relays, *consumers)

    await trial.assert_books()
