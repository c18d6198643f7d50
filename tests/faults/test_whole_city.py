"""The whole city, with faults that chance has chosen."""

import random
from typing import Final

import pytest
from fundmix_cli.plan import BrokerKind

from tests.faults.city import City
from tests.faults.trial import Trials

pytestmark = pytest.mark.timeout(900)

SEED: Final = 4_711
STRIKES: Final = 6


@pytest.mark.parametrize("trials", [BrokerKind.EMBEDDED], indirect=True)
async def test_the_whole_city_comes_in_whatever_is_killed_meanwhile(
    trials: Trials, city: City
) -> None:
    trial = await trials.new([city])
    chance = random.Random(SEED)
    moments = sorted(chance.sample(range(12, 75), STRIKES))
    names = chance.sample(trial.installed.process_names, 2 * STRIKES)

    async with trial.loading() as load:
        for percent, one, other in zip(moments, names[::2], names[1::2], strict=True):
            await load.until_applied(percent)
            trial.installed.kill(one, other)

    await trial.assert_books()
