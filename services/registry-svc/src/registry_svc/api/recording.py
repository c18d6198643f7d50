"""How one organisation is changed for a reason that a person gives, or a document states."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from fastapi import Request, Response
from fundmix_events.registry import StandingSource
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.etag import expected_version
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access

from registry_svc.api.organisations import organisation_answer
from registry_svc.api.standing_bodies import SourceIn
from registry_svc.commands import Commands
from registry_svc.domain.registration import Registration, Revision

Change = Callable[[Registration], Revision]


class Finding(Protocol):
    """A rule that takes what a document states into an organisation's standing."""

    def __call__(self, before: Registration, *, source: StandingSource) -> Revision: ...


class Recording:
    """Has one organisation changed for a reason, and answers with it."""

    def __init__(self, runner: CommandRunner, commands: Commands, *, clock: Clock) -> None:
        self._runner = runner
        self._commands = commands
        self._clock = clock

    async def change(
        self, request: Request, access: Access, code: str, change: Change, *, reason: str
    ) -> Response:
        version = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            registration = await self._commands.change_organisation(
                connection, origin, code, expected_version=version, change=change, reason=reason
            )
            return organisation_answer(registration)

        return await self._runner.run(request, access, command, status=HTTPStatus.OK)

    async def record(
        self, request: Request, access: Access, code: str, finding: Finding, *, source: SourceIn
    ) -> Response:
        """The finding gets the source with who recorded it when; the history has its name."""
        by, at = access.principal.subject, self._clock.now()

        def change(before: Registration) -> Revision:
            return finding(before, source=source.recorded(by=by, at=at))

        return await self.change(request, access, code, change, reason=str(source))
