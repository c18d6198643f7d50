"""Installations for the end-to-end tests."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e.fundmix import Fundmix


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """What a shell starts in the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "samples" / "dongguan"


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Generator[Fundmix]:
    """What `fundmix demo` leaves running: the sample city, loaded once."""
    fundmix = Fundmix(home=tmp_path_factory.mktemp("demo"))
    try:
        fundmix.run("demo")
        yield fundmix
    finally:
        fundmix.run("down")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Generator[Fundmix]:
    """Nothing runs here until a test starts it."""
    fundmix = Fundmix(home=tmp_path_factory.mktemp("other"))
    yield fundmix
    fundmix.run("down")


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Generator[Fundmix]:
    """The organisations of the sample city, and nothing that they have done."""
    folder = tmp_path_factory.mktemp("city")
    for file in sample.glob("*.csv"):
        text = file.read_text()
        is_register = file.name == "organisations.csv"
        (folder / file.name).write_text(text if is_register else text.splitlines()[0] + "\n")
    fundmix = Fundmix(home=tmp_path_factory.mktemp("registered"))
    try:
        fundmix.run("up", "--detach")
        fundmix.run("load", folder)
        yield fundmix
    finally:
        fundmix.run("down")
