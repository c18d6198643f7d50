"""The catalogue has every event there is, each under a name of its own."""

import importlib
import pkgutil
from collections.abc import Iterator
from enum import StrEnum

import fundmix_events
import pytest
from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.catalogue import EVENT_CLASSES
from fundmix_events.channel import Channel
from fundmix_events.credit_code import ALPHABET, KIND_BY_PREFIX
from fundmix_events.donations import CHANNEL_BY_DONOR_KIND, DonorKind
from fundmix_events.registry import CHANNEL_BY_KIND, OrganisationKind


def event_classes_of(base: type[FundingEvent]) -> Iterator[type[FundingEvent]]:
    """Every class of this package that has a type, in whatever module it is."""
    for module in pkgutil.iter_modules(fundmix_events.__path__):
        importlib.import_module(f"{fundmix_events.__name__}.{module.name}")
    for event_class in base.__subclasses__():
        if "type" in vars(event_class) and event_class.__module__.startswith("fundmix_events."):
            yield event_class
        yield from event_classes_of(event_class)


def test_no_event_is_missing() -> None:
    assert set(event_classes_of(FundingEvent)) == set(EVENT_CLASSES)


def test_each_type_and_version_is_one_class() -> None:
    names = [(event_class.type, event_class.version) for event_class in EVENT_CLASSES]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=lambda c: c.type)
def test_an_event_is_named_after_the_service_that_says_it(event_class: type[FundingEvent]) -> None:
    service, _, name = event_class.type.partition(".")

    # What two persons decide has a topic of its own, beside the journal in its one partition.
    assert event_class.topic in {f"fundmix.{service}", f"fundmix.{service}-requests"}
    assert event_class.topic in topics.PARTITIONS
    assert name.isidentifier()
    assert name == name.lower()
    assert event_class.__doc__


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=lambda c: c.type)
def test_an_event_says_its_key(event_class: type[FundingEvent]) -> None:
    assert event_class.key is not FundingEvent.key


@pytest.mark.parametrize(
    ("kinds", "table"),
    [(OrganisationKind, CHANNEL_BY_KIND), (DonorKind, CHANNEL_BY_DONOR_KIND)],
)
def test_every_kind_of_payer_has_its_channel(
    kinds: type[StrEnum], table: dict[StrEnum, Channel]
) -> None:
    assert set(table) == set(kinds)


def test_prefixes_are_two_characters_of_a_code() -> None:
    assert all(len(prefix) == 2 and set(prefix) <= set(ALPHABET) for prefix in KIND_BY_PREFIX)


def test_the_journal_has_one_order() -> None:
    assert topics.PARTITIONS[topics.LEDGER] == 1
