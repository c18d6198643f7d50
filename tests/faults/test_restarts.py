"""`fundmix down` and `fundmix up` on existing data, with a load under way."""

import time
from collections.abc import Callable
from typing import Final

import pytest

from tests.faults.trial import Trial

pytestmark = pytest.mark.timeout(900)

STOP_S_MAX: Final = 10.0


async def test_all_may_stop_and_start_again_in_the_midst_of_a_load(
    trial: Trial, record_testsuite_property: Callable[[str, object], None]
) -> None:
    installed = trial.installed

    async with trial.loading() as load:
        await load.until_applied(40)
        begun = time.monotonic()
        assert await installed.stop() == 0
        stopped = time.monotonic()
        assert stopped - begun < STOP_S_MAX
        await installed.start()
        # Told, not tested: how long it takes depends on the machine.
        start_s = round(time.monotonic() - stopped, 1)
        record_testsuite_property(f"start_s_{installed.kind}", start_s)

    await trial.assert_books()
