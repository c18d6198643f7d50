"""What registry-svc does when asked: each function inside one transaction of its caller."""

from collections.abc import Callable

from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox

from registry_svc.domain import registration as rules
from registry_svc.domain.registration import Registration
from registry_svc.storage import organisations


class Commands:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def register_organisation(
        self, connection: Connection, origin: Origin, organisation: Organisation
    ) -> Registration:
        """Raises AlreadyRegisteredError, NameConflictError, and the domain's other refusals."""
        registration, event = rules.register_organisation(organisation, today=self._clock.today())
        is_new = await organisations.insert(connection, registration, recorded_at=self._clock.now())
        if not is_new:
            known = await organisations.read(connection, organisation.code)
            raise rules.refusal_of_known(known, organisation)
        await self._outbox.append(connection, event, origin)
        return registration

    async def change_organisation(
        self,
        connection: Connection,
        origin: Origin,
        code: str,
        *,
        expected_version: int | None,
        change: Callable[[Organisation], Organisation],
    ) -> Registration:
        """Raises OrganisationNotFoundError, VersionMismatchError, and the domain's refusals."""
        before = await organisations.load_for_update(connection, code)
        check_version(before.version, expected=expected_version)
        after, event = rules.change_organisation(
            before, wanted=change(before.organisation), today=self._clock.today()
        )
        if event is not None:
            await organisations.save(connection, after)
            await self._outbox.append(connection, event, origin)
        return after
