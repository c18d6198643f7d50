"""What the ledger itself is asked for: prepared, and approved or refused on both sides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, Money
from fundmix_events.testing.samples import BUYER

from ledger_svc.domain.request import Request
from ledger_svc.domain.terms import (
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    Leg,
    ManualEntryTerms,
    OpeningBalanceTerms,
    ReversalTerms,
)
from ledger_svc.storage.holds import HoldPurpose, HoldTerms
from ledger_svc.testing import model as rules
from ledger_svc.testing.model import CONTRACT, GENERAL, PURPOSE, Closing, Fact, Part
from ledger_svc.testing.steps import Close, Earn, Enter, Manual, Open, Spend, Undo
from ledger_svc.testing.trials.ground import DONE, NOTHING, REFUSED, Ground, picked

RequestStep = Spend | Earn | Enter | Open | Undo | Close


@dataclass(frozen=True, kw_only=True)
class Approval:
    event_id: UUID
    fact: Fact
    is_opening: bool = False


class Requests:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._approvals: list[Approval] = []
        self._opened: set[str] = set()
        self._closing: set[int] = set()

    async def take(self, step: RequestStep) -> str:
        match step:
            case Spend():
                return await self._spend(step)
            case Earn():
                return await self._earn(step)
            case Enter():
                return await self._enter(step)
            case Open():
                return await self._open(step)
            case Undo():
                return await self._undo(step)
            case Close():
                return await self._close(step)

    async def _spend(self, step: Spend) -> str:
        reference = self._ground.reference("EX")
        terms = ExpenditureTerms(
            agency=step.agency,
            reference=reference,
            fund_code=step.fund_code,
            code=AccountCode.PROGRAMME_EXPENSES,
            spent_on=step.on,
            amount=Money.of(step.amount),
        )
        approved = await self._ground.system.approve(terms)
        hold_id = uuid4() if approved is None else approved.request_id
        parts = self._ground.model.reserve(
            hold_id,
            agency=step.agency,
            fund_code=step.fund_code,
            amount=step.amount,
            on=step.on,
        )
        assert (approved is None) == (parts is None), f"{step}: {approved}, {parts}"
        if approved is None or parts is None:
            return REFUSED
        rest = step.amount - sum(part.amount for part in parts)
        advance = Part(
            lot_id=hold_id, fund_code=step.fund_code, channel=Channel.GOVERNMENT, amount=rest
        )
        fact = Fact(
            agency=step.agency,
            value_on=step.on,
            legs=rules.spent(terms.code, parts, advance if rest else None),
            document=reference,
            draws=parts,
            hold_ids=[hold_id],
        )
        return await self._approved(approved, fact)

    async def _earn(self, step: Earn) -> str:
        is_general, reference = step.fund_code == GENERAL, self._ground.reference("IN")
        channel = Channel.OWN if is_general else Channel.GOVERNMENT
        code = AccountCode.DUES_INCOME if is_general else AccountCode.SUBSIDY_INCOME
        terms = IncomeTerms(
            agency=step.agency,
            reference=reference,
            fund_code=step.fund_code,
            channel=channel,
            code=code,
            received_on=step.on,
            amount=Money.of(step.amount),
            payer=None if is_general else BUYER,
        )
        approved = await self._ground.system.approve(terms)
        assert approved is not None, f"{step} needs nothing of the books"
        part = Part(
            lot_id=approved.request_id,
            fund_code=step.fund_code,
            channel=channel,
            amount=step.amount,
        )
        fact = Fact(
            agency=step.agency,
            value_on=step.on,
            legs=rules.earned(code, step.fund_code, channel, step.amount),
            document=reference,
            lots=[part],
        )
        return await self._approved(approved, fact)

    async def _enter(self, step: Enter) -> str:
        legs, reference = _manual_legs(step), self._ground.reference("ME")
        terms = ManualEntryTerms(
            agency=step.agency,
            reference=reference,
            legs=tuple(_legs_of(legs)),
            occurred_on=step.on,
            value_on=step.on,
        )
        approved = await self._ground.system.approve(terms)
        request_id = uuid4() if approved is None else approved.request_id
        held = self._reserve_for(step, legs, request_id)
        assert (approved is None) == (held is None), f"{step}: {approved}, {held}"
        if approved is None or held is None:
            return REFUSED
        fact = Fact(
            agency=step.agency,
            value_on=step.on,
            legs=legs,
            document=reference,
            lots=list(_lots_of(legs, request_id)),
            draws=[part for parts in held.values() for part in parts],
            hold_ids=list(held),
        )
        return await self._approved(approved, fact)

    def _reserve_for(
        self, step: Enter, legs: Sequence[rules.Leg], request_id: UUID
    ) -> dict[UUID, Sequence[Part]] | None:
        """What leaves a bank leaves it from its channel's lots. An entry has one such leg."""
        funds = {fund for _, fund, _, _ in legs if fund == CONTRACT}
        if any(not self._ground.model.is_known(step.agency, fund) for fund in funds):
            return None
        held: dict[UUID, Sequence[Part]] = {}
        for line, (code, fund_code, channel, amount) in enumerate(legs, start=1):
            if code is AccountCode.BANK and amount < 0:
                hold_id = uuid5(request_id, f"hold:{line}")
                parts = self._ground.model.reserve(
                    hold_id,
                    agency=step.agency,
                    fund_code=fund_code,
                    amount=-amount,
                    on=step.on,
                    channel=channel,
                )
                if parts is None:
                    return None
                held[hold_id] = parts
        return held

    async def _open(self, step: Open) -> str:
        reference = self._ground.reference("OB")
        legs: list[rules.Leg] = [
            (AccountCode.BANK, GENERAL, Channel.OTHER, step.general),
            (AccountCode.UNRESTRICTED, GENERAL, Channel.OTHER, -step.general),
            (AccountCode.BANK, PURPOSE, Channel.FOUNDATION, step.restricted),
            (AccountCode.RESTRICTED, PURPOSE, Channel.FOUNDATION, -step.restricted),
        ]
        terms = OpeningBalanceTerms(
            agency=step.agency,
            reference=reference,
            legs=tuple(_legs_of(legs)),
            opened_on=step.on,
        )
        approved = await self._ground.system.approve(terms)
        assert (approved is None) == (step.agency in self._opened), f"{step}: {approved}"
        if approved is None:
            return REFUSED
        self._opened.add(step.agency)
        fact = Fact(
            agency=step.agency,
            value_on=step.on,
            legs=legs,
            document=reference,
            lots=list(_lots_of(legs, approved.request_id)),
        )
        return await self._approved(approved, fact, is_opening=True)

    async def _undo(self, step: Undo) -> str:
        """Only what is in the journal can be undone."""
        booked = [a for a in self._approvals if a.event_id in self._ground.system.heard]
        approval = picked(booked, step.pick)
        if approval is None:
            return NOTHING
        before, reference = approval.fact, self._ground.reference("RV")
        seq = await self._ground.system.seq_of(approval.event_id)
        assert seq is not None, f"{approval} was delivered, and is not in the journal"
        terms = ReversalTerms(agency=before.agency, reference=reference, seq=seq, reason="重复入账")
        approved = await self._ground.system.approve(terms)
        request_id = uuid4() if approved is None else approved.request_id
        wanted = [
            (self._of_lot(request_id, line, before, part), part.lot_id)
            for line, part in enumerate(before.lots, start=1)
        ]
        is_fitting = self._ground.reserve_all(wanted)
        assert (approved is not None) == is_fitting, f"undo {before}: {approved}"
        if approved is None:
            return REFUSED
        self._approvals.remove(approval)
        if approval.is_opening:
            self._opened.remove(before.agency)
        hold_ids = [hold.hold_id for hold, _ in wanted]
        fact = rules.mirrored(before, document=reference, hold_ids=hold_ids)
        await self._ground.system.collect(approved, fact)
        return DONE

    def _of_lot(self, request_id: UUID, line: int, before: Fact, part: Part) -> HoldTerms:
        """What came in with an entry goes out again, out of its own lot."""
        return HoldTerms(
            hold_id=uuid5(request_id, f"hold:{line}"),
            agency=before.agency,
            fund_code=part.fund_code,
            currency=Currency.CNY,
            purpose=HoldPurpose.REVERSAL,
            document=before.document,
            effective_on=before.value_on,
            amount_minor=part.amount,
        )

    async def _close(self, step: Close) -> str:
        approved = await self._ground.system.approve(CloseTerms(through=step.through))
        is_closed = (
            step.through <= self._ground.model.closed_through or step.through in self._closing
        )
        assert (approved is None) == is_closed, f"{step}: {approved}"
        if approved is None:
            return REFUSED
        self._closing.add(step.through)
        await self._ground.system.collect(approved, Closing(step.through))
        return DONE

    async def _approved(self, approved: Request, fact: Fact, *, is_opening: bool = False) -> str:
        event_id = await self._ground.system.collect(approved, fact)
        self._approvals.append(Approval(event_id=event_id, fact=fact, is_opening=is_opening))
        return DONE


def _manual_legs(step: Enter) -> list[rules.Leg]:
    fund_code, channel, amount = step.fund_code, step.channel, step.amount
    match step.what:
        case Manual.OWE:
            return [
                (AccountCode.MANAGEMENT_EXPENSES, GENERAL, Channel.OWN, amount),
                (AccountCode.PAYROLL_TAX, GENERAL, Channel.OWN, -amount),
            ]
        case Manual.BORROW:
            return [
                (AccountCode.BANK, fund_code, Channel.OTHER, amount),
                (AccountCode.BORROWING, fund_code, Channel.OTHER, -amount),
            ]
        case Manual.REPAY:
            return [
                (AccountCode.BORROWING, fund_code, channel, amount),
                (AccountCode.BANK, fund_code, channel, -amount),
            ]
        case Manual.SHIFT:
            return [
                (AccountCode.BANK, GENERAL, channel, -amount),
                (AccountCode.BANK, PURPOSE, channel, amount),
                (AccountCode.UNRESTRICTED, PURPOSE, channel, amount),
                (AccountCode.RESTRICTED, PURPOSE, channel, -amount),
            ]


def _legs_of(legs: Sequence[rules.Leg]) -> Iterator[Leg]:
    for code, fund_code, channel, amount in legs:
        yield Leg(code=code, fund_code=fund_code, channel=channel, amount=Money.of(amount))


def _lots_of(legs: Sequence[rules.Leg], request_id: UUID) -> Iterator[Part]:
    """Each line that brings money to a bank brings a lot."""
    for line, (code, fund_code, channel, amount) in enumerate(legs, start=1):
        if code is AccountCode.BANK and amount > 0:
            lot_id = uuid5(request_id, f"line:{line}")
            yield Part(lot_id=lot_id, fund_code=fund_code, channel=channel, amount=amount)
