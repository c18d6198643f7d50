"""What registry-svc does when asked: each function inside one transaction of its caller."""

from collections.abc import Callable, Sequence
from uuid import UUID

from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox

from registry_svc.domain import change_request as request_rules
from registry_svc.domain import registration as rules
from registry_svc.domain.change_request import ChangeRequest, Decision, Evidence, Wanted
from registry_svc.domain.history import changes_between
from registry_svc.domain.import_file import Row
from registry_svc.domain.import_plan import ImportPlan, plan_import
from registry_svc.domain.registration import Registration, Revision
from registry_svc.storage import change_requests, history, organisations
from registry_svc.storage.history import Why


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
        now = self._clock.now()
        is_new = await organisations.insert(connection, registration, recorded_at=now)
        if not is_new:
            known = await organisations.read(connection, organisation.code)
            raise rules.refusal_of_known(known, organisation)
        change = (organisation.code, registration.version, changes_between(None, organisation))
        await history.append(connection, [change], origin, recorded_at=now)
        await self._outbox.append(connection, event, origin)
        return registration

    async def change_organisation(
        self,
        connection: Connection,
        origin: Origin,
        code: str,
        *,
        expected_version: int | None,
        change: Callable[[Registration], Revision],
        reason: str | None = None,
    ) -> Registration:
        """`change` decides what the organisation is afterwards.

        Raises OrganisationNotFoundError, VersionMismatchError, and the refusals of `change`.
        """
        before = await organisations.load_for_update(connection, code)
        check_version(before.version, expected=expected_version)
        return await self._save(connection, origin, before, change(before), why=Why(reason=reason))

    async def ask_for_change(
        self,
        connection: Connection,
        origin: Origin,
        code: str,
        *,
        wanted: Wanted,
        reason: str,
        evidence: Sequence[Evidence],
    ) -> ChangeRequest:
        """Raises OrganisationNotFoundError, NoChangeError, ChangeRequestOpenError."""
        registration = await organisations.load_for_update(connection, code)
        request = request_rules.ask_for_change(
            registration,
            request_id=uuid7(),
            wanted=wanted,
            reason=reason,
            evidence=tuple(evidence),
            by=origin.actor,
            at=self._clock.now(),
        )
        await change_requests.insert(connection, request)
        return request

    async def approve_change(
        self,
        connection: Connection,
        origin: Origin,
        request_id: UUID,
        *,
        expected_version: int | None,
    ) -> tuple[ChangeRequest, Registration]:
        """Raises ChangeRequestNotFoundError, VersionMismatchError, and the domain's refusals."""
        # The organisation first, as who asks for a change does: otherwise two could wait for each
        # other for ever.
        code = (await change_requests.read(connection, request_id)).organisation_code
        before = await organisations.load_for_update(connection, code)
        request = await change_requests.load_for_update(connection, request_id)
        check_version(request.version, expected=expected_version)
        decided, revision = request_rules.approve(
            request, before, decision=self._decision(origin, reason=None)
        )
        await change_requests.save(connection, decided)
        why = Why(reason=request.reason, change_request_id=request_id)
        return decided, await self._save(connection, origin, before, revision, why=why)

    async def reject_change(
        self,
        connection: Connection,
        origin: Origin,
        request_id: UUID,
        *,
        expected_version: int | None,
        reason: str,
    ) -> ChangeRequest:
        """Raises ChangeRequestNotFoundError, VersionMismatchError, and the domain's refusals."""
        request = await change_requests.load_for_update(connection, request_id)
        check_version(request.version, expected=expected_version)
        decided = request_rules.reject(request, decision=self._decision(origin, reason=reason))
        await change_requests.save(connection, decided)
        return decided

    async def import_organisations(
        self, connection: Connection, origin: Origin, rows: Sequence[Row], *, is_dry_run: bool
    ) -> ImportPlan:
        """All good rows in the one transaction in which the answer is kept.

        So a file is sent again with the same key after an answer that was lost, and gets it.
        """
        codes = [row.organisation.code for row in rows]
        today = self._clock.today()
        known = await organisations.read_many(connection, codes)
        plan = plan_import(rows, known, today=today)
        if is_dry_run or not plan.new:
            return plan
        now = self._clock.now()
        added = await organisations.insert_many(
            connection, [row.organisation for row in plan.new], recorded_at=now
        )
        if len(added) < len(plan.new):
            # Somebody else has registered some of them since we looked.
            known = await organisations.read_many(connection, codes)
            before = {code: found for code, found in known.items() if code not in added}
            plan = plan_import(rows, before, today=today)
        registered = [row.organisation for row in plan.new]
        changes = [(o.code, 1, changes_between(None, o)) for o in registered]
        await history.append(connection, changes, origin, recorded_at=now)
        for organisation in registered:
            _, event = rules.register_organisation(organisation, today=today)
            await self._outbox.append(connection, event, origin)
        return plan

    async def _save(
        self,
        connection: Connection,
        origin: Origin,
        before: Registration,
        revision: Revision,
        *,
        why: Why,
    ) -> Registration:
        after, event = revision
        if event is None:
            return after
        await organisations.save(connection, after)
        changes = changes_between(before.organisation, after.organisation)
        await history.append(
            connection,
            [(after.organisation.code, after.version, changes)],
            origin,
            recorded_at=self._clock.now(),
            why=why,
        )
        await self._outbox.append(connection, event, origin)
        return after

    def _decision(self, origin: Origin, *, reason: str | None) -> Decision:
        return Decision(by=origin.actor, at=self._clock.now(), reason=reason)
