"""An organisation as it was on a day of the city, whatever has changed since."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from fundmix_events.envelope import Actor
from fundmix_events.registry import Organisation
from fundmix_events.testing.samples import a_standing
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing.clock import FixedClock
from pydantic import PostgresDsn
from registry_svc import queries
from registry_svc.commands import Commands
from registry_svc.domain.errors import OrganisationNotFoundError
from registry_svc.domain.registration import Registration, Revision, revise
from registry_svc.main import PUBLISHED

CODE: Final = "52441900AJC6XAY6DW"
ORIGIN: Final = Origin(actor=Actor(subject="tester", role="admin"), correlation_id="c-1")
TODAY: Final = date(2025, 3, 31)


@pytest.fixture
async def database(service_database: ServiceDatabase) -> AsyncGenerator[Database]:
    database = Database(
        DatabaseSettings(url=PostgresDsn(service_database.url)), application="tests"
    )
    await database.open()
    yield database
    await database.close()


def changed(**values: Any) -> Callable[[Registration], Revision]:
    return lambda before: revise(before, before.organisation.model_copy(update=values))


async def test_it_is_as_it_was_at_the_end_of_that_day_in_the_city(database: Database) -> None:
    # Half an hour before and after midnight in the city; and two changes on one day.
    clock = FixedClock(datetime(2025, 3, 3, 15, 30, tzinfo=UTC))
    commands = Commands(
        outbox=Outbox(source="/registry-svc", partitions=PUBLISHED, clock=clock), clock=clock
    )
    first = Organisation.model_validate({"code": CODE, "name": "甲", "kind": "agency"})
    states = [(clock.today(), first)]

    async with database.transaction() as connection:
        await commands.register_organisation(connection, ORIGIN, first)
    for by, values in (
        (timedelta(hours=1), {"town": "莞城街道"}),
        (timedelta(days=3), {"name": "乙", "standing": a_standing()}),
        (timedelta(hours=1), {"name": "丙", "town": None}),
        (timedelta(days=3), {"suspended_on": TODAY, "standing": None}),
    ):
        clock.advance(by)
        async with database.transaction() as connection:
            after = await commands.change_organisation(
                connection, ORIGIN, CODE, expected_version=None, change=changed(**values)
            )
        states.append((clock.today(), after.organisation))

    async def as_of(day: date) -> Registration:
        return await queries.read_organisation_as_of(database, CODE, day=day, today=TODAY)

    last_of_day = dict(states)
    assert [day.day for day in last_of_day] == [3, 4, 7, 10]
    for day, organisation in last_of_day.items():
        assert (await as_of(day)).organisation == organisation
    assert await as_of(date(2025, 3, 6)) == await as_of(date(2025, 3, 4))
    assert [(await as_of(day)).version for day in last_of_day] == [1, 2, 4, 5]
    with pytest.raises(OrganisationNotFoundError):
        await as_of(date(2025, 3, 2))
