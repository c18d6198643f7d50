"""What ledger-svc does when asked: each function inside one transaction of its caller."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fundmix_events.ledger import EntryPosted
from fundmix_events.money import Currency
from fundmix_kit import quarantine
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from ledger_svc.domain import request as rules
from ledger_svc.domain.approval import Need, check_reversible, event_of, needs_of
from ledger_svc.domain.availability import Reserved, reserve
from ledger_svc.domain.errors import (
    EntryNotFoundError,
    HoldConflictError,
    HoldNotFoundError,
    QuarantineOpenError,
    RequestNotFoundError,
    UnknownFundError,
)
from ledger_svc.domain.funds import GENERAL_FUND
from ledger_svc.domain.request import Request
from ledger_svc.domain.terms import (
    AnyTerms,
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    ManualEntryTerms,
    RequestKind,
    ReversalTerms,
    reference_of,
)
from ledger_svc.storage import entries, funds, holds, organisations, periods, requests
from ledger_svc.storage.holds import Hold, HoldPurpose, HoldState, HoldTerms

PURPOSE_BY_KIND = {
    RequestKind.EXPENDITURE: HoldPurpose.EXPENDITURE,
    RequestKind.MANUAL_ENTRY: HoldPurpose.ENTRY,
    RequestKind.REVERSAL: HoldPurpose.REVERSAL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The request a command is about, and who may touch it."""

    request_id: UUID
    access: Access
    expected_version: int | None
    # Closes are decided by other people than what belongs to an agency.
    is_close: bool = False


class Commands:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def prepare(
        self,
        connection: Connection,
        origin: Origin,
        terms: AnyTerms,
        *,
        batch_id: UUID | None = None,
    ) -> Request:
        """Raises ReferenceTakenError, UnknownFundError, EntryNotFoundError, NotReversibleError.

        Also OpeningBalanceTakenError, PeriodClosedError and the refusals of the domain.
        """
        today = self._clock.today()
        request = rules.prepare(
            terms,
            request_id=uuid7(),
            by=origin.actor.subject,
            at=self._clock.now(),
            today=today,
            register=await organisations.read(connection, _codes(terms)),
            batch_id=batch_id,
        )
        corrects = await self._check_state(connection, terms)
        request = rules.correcting(request, corrects)
        await requests.insert(connection, request, today=today)
        return request

    async def approve(self, connection: Connection, origin: Origin, target: Target) -> Request:
        """Raises RequestNotFoundError, InsufficientFundsError, PeriodClosedError.

        Also NotReversibleError, QuarantineOpenError, and what every decision raises:
        ForeignRowError, VersionMismatchError, SamePersonError, RequestStateError.
        """
        return await self._approve(connection, origin, await self._load(connection, target))

    async def approve_batch(
        self, connection: Connection, origin: Origin, batch_id: UUID, *, access: Access
    ) -> list[Request]:
        """All that waits of a batch, the oldest value date first, or nothing of it.

        Raises RequestNotFoundError, and what `approve` raises.
        """
        waiting = await _load_batch(connection, batch_id, access)
        return [await self._approve(connection, origin, request) for request in waiting]

    async def reject_batch(
        self, connection: Connection, origin: Origin, batch_id: UUID, *, access: Access, reason: str
    ) -> list[Request]:
        """All that waits of a batch. Raises RequestNotFoundError, and what `reject` raises."""
        waiting = await _load_batch(connection, batch_id, access)
        by, at = origin.actor.subject, self._clock.now()
        rejected = [rules.reject(request, by=by, at=at, reason=reason) for request in waiting]
        await requests.save_ended(connection, rejected)
        return rejected

    async def withdraw_batch(
        self, connection: Connection, origin: Origin, batch_id: UUID, *, access: Access
    ) -> list[Request]:
        """All that waits of a batch. Raises RequestNotFoundError, and what `withdraw` raises."""
        waiting = await _load_batch(connection, batch_id, access)
        by, at = origin.actor.subject, self._clock.now()
        withdrawn = [rules.withdraw(request, by=by, at=at) for request in waiting]
        await requests.save_ended(connection, withdrawn)
        return withdrawn

    async def reject(
        self, connection: Connection, origin: Origin, target: Target, *, reason: str
    ) -> Request:
        """Raises RequestNotFoundError, and what every decision raises."""
        before = await self._load(connection, target)
        after = rules.reject(before, by=origin.actor.subject, at=self._clock.now(), reason=reason)
        await requests.save(connection, after)
        return after

    async def withdraw(self, connection: Connection, origin: Origin, target: Target) -> Request:
        """Raises RequestNotFoundError, and what every decision raises."""
        before = await self._load(connection, target)
        after = rules.withdraw(before, by=origin.actor.subject, at=self._clock.now())
        await requests.save(connection, after)
        return after

    async def hold(
        self,
        connection: Connection,
        origin: Origin,
        terms: HoldTerms,
        *,
        lot_ids: Sequence[UUID] | None,
    ) -> Hold:
        """Set money aside for another service, once: asking again answers the same.

        Raises HoldConflictError, InsufficientFundsError.
        """
        await holds.lock_fund(connection, agency=terms.agency, fund_code=terms.fund_code)
        known = await holds.find(connection, terms.hold_id)
        if known is not None:
            # From which day on it is held was said the first time.
            if replace(known.terms, effective_on=terms.effective_on) != terms:
                raise HoldConflictError(f"hold {terms.hold_id} is of other terms")
            held = {draw.lot_id for draw in known.reserved.draws}
            if lot_ids is not None and not held <= {*lot_ids}:
                raise HoldConflictError(f"hold {terms.hold_id} is of other lots")
            return known
        if lot_ids is not None:
            await holds.check_posted(connection, lot_ids)
        need = Need(
            hold_id=terms.hold_id,
            fund_code=terms.fund_code,
            amount_minor=terms.amount_minor,
            effective_on=terms.effective_on,
            lot_ids=None if lot_ids is None else tuple(lot_ids),
        )
        reserved = await self._reserve(connection, origin, terms, need)
        return Hold(terms=terms, state=HoldState.HELD, reserved=reserved)

    async def release(self, connection: Connection, hold_id: UUID, *, access: Access) -> Hold:
        """Raises HoldNotFoundError, ForeignRowError, HoldConflictError."""
        hold = await holds.find(connection, hold_id, is_locked=True)
        if hold is None:
            raise HoldNotFoundError(f"there is no hold {hold_id}")
        access.require_own(hold.terms.agency)
        if hold.state is HoldState.USED:
            raise HoldConflictError("it is used: what it was for is in the journal")
        await holds.release(connection, hold_id)
        return Hold(terms=hold.terms, state=HoldState.RELEASED, reserved=hold.reserved)

    async def _load(self, connection: Connection, target: Target) -> Request:
        request = await requests.find_for_update(connection, target.request_id)
        if request is None or (request.kind is RequestKind.CLOSE) != target.is_close:
            raise RequestNotFoundError(f"there is no request {target.request_id}")
        target.access.require_own(request.agency)
        check_version(request.version, expected=target.expected_version)
        return request

    async def _approve(self, connection: Connection, origin: Origin, before: Request) -> Request:
        rules.check_reviewer(before, by=origin.actor.subject)
        await self._check_state(connection, before.terms)
        original = await self._original(connection, before)
        held = [
            (need, await self._hold(connection, origin, before, need))
            for need in needs_of(before, original)
        ]
        event = event_of(before, held, today=self._clock.today(), original=original)
        event_id = await self._outbox.append(connection, event, origin)
        after = rules.approve(
            before, by=origin.actor.subject, at=self._clock.now(), event_id=event_id
        )
        await requests.save(connection, after)
        if original is not None:
            await self._mark_reversed(connection, original)
        return after

    async def _hold(
        self, connection: Connection, origin: Origin, request: Request, need: Need
    ) -> Reserved:
        assert request.agency is not None, "what needs money is of an agency"
        await holds.lock_fund(connection, agency=request.agency, fund_code=need.fund_code)
        terms = HoldTerms(
            hold_id=need.hold_id,
            agency=request.agency,
            fund_code=need.fund_code,
            currency=Currency.CNY,
            purpose=PURPOSE_BY_KIND[request.kind],
            document=reference_of(request.terms),
            effective_on=need.effective_on,
            amount_minor=need.amount_minor,
        )
        return await self._reserve(connection, origin, terms, need)

    async def _reserve(
        self, connection: Connection, origin: Origin, terms: HoldTerms, need: Need
    ) -> Reserved:
        """With the fund locked."""
        position = await holds.read_position(
            connection,
            agency=terms.agency,
            fund_code=terms.fund_code,
            on=need.effective_on,
            channel=need.channel,
            lot_ids=need.lot_ids,
        )
        reserved = reserve(
            position, amount_minor=need.amount_minor, on=need.effective_on, pointer=need.pointer
        )
        await holds.add(connection, terms, reserved, by=origin.actor.subject, at=self._clock.now())
        return reserved

    async def _check_state(self, connection: Connection, terms: AnyTerms) -> UUID | None:
        """What the books must be like for these terms; of a reversal, the event it corrects."""
        match terms:
            case CloseTerms():
                rules.check_close(terms, closed_through=await periods.closed_through(connection))
                if count := await quarantine.count_open(connection):
                    raise QuarantineOpenError(
                        f"{count} events wait for a decision, and may belong to that month",
                        pointer="/through",
                    )
            case ExpenditureTerms() | IncomeTerms():
                await _check_funds(
                    connection,
                    terms.agency,
                    [] if isinstance(terms, IncomeTerms) else [(terms.fund_code, "/fund_code")],
                )
            case ManualEntryTerms():
                await _check_funds(
                    connection,
                    terms.agency,
                    [
                        (leg.fund_code, f"/legs/{place}/fund_code")
                        for place, leg in enumerate(terms.legs)
                        if leg.fund_code.startswith("contract:")
                    ],
                )
            case ReversalTerms():
                return (await _reversible(connection, terms)).event_id
            case _:
                pass
        return None

    async def _original(self, connection: Connection, request: Request) -> EntryPosted | None:
        if not isinstance(request.terms, ReversalTerms):
            return None
        return await _reversible(connection, request.terms)

    async def _mark_reversed(self, connection: Connection, original: EntryPosted) -> None:
        corrected = await requests.find_by_event_for_update(connection, original.event_id)
        # After a backup was restored the journal may know of more than was asked for here.
        if corrected is not None:
            await requests.save(connection, rules.reverse(corrected))


def _codes(terms: AnyTerms) -> list[str]:
    if isinstance(terms, CloseTerms):
        return []
    payer = terms.payer if isinstance(terms, IncomeTerms) else None
    return [terms.agency] if payer is None else [terms.agency, payer]


async def _load_batch(connection: Connection, batch_id: UUID, access: Access) -> list[Request]:
    """Raises RequestNotFoundError, ForeignRowError."""
    waiting = await requests.lock_batch(connection, batch_id)
    if not waiting:
        raise RequestNotFoundError(f"nothing waits of a batch {batch_id}")
    access.require_own(waiting[0].agency)
    return waiting


async def _reversible(connection: Connection, terms: ReversalTerms) -> EntryPosted:
    original = await entries.read_one(connection, terms.seq)
    if not isinstance(original, EntryPosted):
        raise EntryNotFoundError(f"the journal has no entry {terms.seq}", pointer="/seq")
    check_reversible(
        original,
        agency=terms.agency,
        reversed_by=await requests.reversed_by(connection, original.event_id),
    )
    return original


async def _check_funds(
    connection: Connection, agency: str, named: Sequence[tuple[str, str]]
) -> None:
    """Raises UnknownFundError."""
    for fund_code, pointer in named:
        if fund_code == GENERAL_FUND:
            continue
        if not await funds.is_known(connection, agency=agency, fund_code=fund_code):
            raise UnknownFundError(
                f"the books of {agency} have no fund {fund_code}", pointer=pointer
            )
