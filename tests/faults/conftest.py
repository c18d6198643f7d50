"""Installations for the fault tests, one for each kind of broker."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

import pytest
from fundmix_cli.plan import BrokerKind

# Before the first import: their assertions say what they have found.
pytest.register_assert_rewrite("tests.faults.books", "tests.faults.messages")

from tests.faults.city import City, parts_of, read_city  # noqa: E402  # see above
from tests.faults.trial import Trial, Trials  # noqa: E402  # see above

SEED: Final = 20_250_101


@pytest.fixture(scope="session")
def sample(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "samples" / "dongguan"


@pytest.fixture(scope="session")
def city(sample: Path) -> City:
    return read_city(sample)


@pytest.fixture(scope="session")
def tenths(city: City) -> Sequence[City]:
    return parts_of(city, seed=SEED)


@pytest.fixture(
    scope="session",
    params=[BrokerKind.EMBEDDED, pytest.param(BrokerKind.KAFKA, marks=pytest.mark.kafka)],
)
async def trials(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Trials]:
    kind: BrokerKind = request.param
    trials = Trials(kind, new_home=lambda: tmp_path_factory.mktemp(f"home-{kind}"))
    yield trials
    await trials.close()


@pytest.fixture
async def trial(trials: Trials, tenths: Sequence[City]) -> Trial:
    return await trials.usable(tenths)
