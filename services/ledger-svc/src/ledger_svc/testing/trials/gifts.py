"""Gifts: said as donations-svc says it, with what the ledger sets aside for what goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from fundmix_events.donations import DonationKind, DonationReceived, PledgeMade, ScheduledPart
from fundmix_events.money import Currency, Money, text_from_minor
from fundmix_events.testing import gift_samples, samples

from ledger_svc.storage.holds import HoldPurpose, HoldTerms
from ledger_svc.testing import model as rules
from ledger_svc.testing.model import GENERAL, Fact, Part
from ledger_svc.testing.steps import (
    LAST_DAY,
    CancelPledge,
    ChangePurpose,
    Give,
    Promise,
    Refund,
    ReverseGifts,
)
from ledger_svc.testing.trials.ground import DONE, NOTHING, REFUSED, Ground, picked

GiftStep = Give | Promise | CancelPledge | Refund | ChangePurpose | ReverseGifts


@dataclass
class Pledge:
    made: PledgeMade
    open: int


@dataclass
class Kept:
    """What is left of a gift in one fund; it is whole while nothing was taken of it."""

    gift: DonationReceived
    lot_id: UUID
    fund_code: str
    left: int
    is_whole: bool = True

    @property
    def is_goods(self) -> bool:
        return self.gift.kind is DonationKind.IN_KIND


class Gifts:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._pledges: list[Pledge] = []
        self._kept: list[Kept] = []
        self._let_go_next: UUID | None = None

    async def take(self, step: GiftStep) -> str:
        match step:
            case Give():
                return self._give(step)
            case Promise():
                return self._promise(step)
            case CancelPledge():
                return self._cancel_pledge(step)
            case Refund():
                return await self._refund(step)
            case ChangePurpose():
                return await self._change_purpose(step)
            case ReverseGifts():
                return await self._reverse_gifts(step)

    async def finish(self) -> None:
        """Nothing stays set aside."""
        if self._let_go_next is not None:
            await self._ground.let_go(self._let_go_next)

    def _promise(self, step: Promise) -> str:
        reference = self._ground.reference("PL")
        parts = [step.amount - step.amount // 2, step.amount // 2]
        pledge = samples.pledge_made(
            text_from_minor(step.amount),
            agency=step.agency,
            channel=step.channel,
            kind=_kind(step.is_goods),
            restricted_to=_purpose(step.fund_code),
            pledged_on=step.on,
            reference=reference,
            schedule=tuple(
                ScheduledPart(due_on=on, amount=Money.of(part))
                for on, part in zip((step.on, LAST_DAY), parts, strict=True)
                if part
            ),
        )
        self._pledges.append(Pledge(pledge, step.amount))
        legs = rules.pledged(step.fund_code, step.channel, step.amount)
        return self._say_gift(pledge, legs, on=step.on, reference=reference)

    def _cancel_pledge(self, step: CancelPledge) -> str:
        pledge = picked(self._pledges, step.pick)
        if pledge is None or pledge.open == 0:
            return NOTHING
        made, amount = pledge.made, pledge.open
        pledge.open = 0
        cancelled = gift_samples.pledge_cancelled(
            text_from_minor(amount),
            pledge_id=made.pledge_id,
            cancelled_on=step.on,
            **_said_of(made),
        )
        legs = rules.pledged(_fund(made.restricted_to), made.channel, -amount)
        return self._say_gift(cancelled, legs, on=step.on, reference=made.reference)

    def _give(self, step: Give) -> str:
        pledge = None if step.pick is None else picked(self._pledges, step.pick)
        fulfils = 0 if pledge is None else min(pledge.open, step.amount)
        reference = self._ground.reference("DN")
        usual: dict[str, Any] = {
            "agency": step.agency,
            "channel": step.channel,
            "kind": _kind(step.is_goods),
            "restricted_to": _purpose(step.fund_code),
        }
        if pledge is not None and fulfils:
            made = pledge.made
            usual = _said_of(made) | {"pledge_id": made.pledge_id, "fulfils": Money.of(fulfils)}
            pledge.open -= fulfils
        gift = samples.donation_received(
            text_from_minor(step.amount),
            **usual | {"given_on": step.on, "received_on": step.on, "reference": reference},
        )
        fund_code, is_goods = _fund(gift.restricted_to), gift.kind is DonationKind.IN_KIND
        self._kept.append(Kept(gift, gift.donation_id, fund_code, step.amount))
        legs = rules.received(fund_code, gift.channel, step.amount, is_goods=is_goods)
        if fulfils:
            legs += rules.pledged(fund_code, gift.channel, -fulfils)
        lots = _lots(self._kept[-1], step.amount)
        self._say_gift(gift, legs, on=step.on, reference=reference, lots=lots)
        if is_goods:
            stated = gift_samples.goods_stated(
                donation_id=gift.donation_id, agency=gift.agency, reference=reference
            )
            self._ground.say(stated, None, agency=gift.agency)
        return DONE

    async def _refund(self, step: Refund) -> str:
        kept = picked(self._kept, step.pick)
        if kept is None or kept.left == 0:
            return NOTHING
        more = 0 if kept.is_goods else step.more
        amount = max(1, kept.left * step.thirds // 3) + more
        hold_id = await self._set_aside(kept, amount, HoldPurpose.REFUND, on=step.on)
        if hold_id is None and not kept.is_goods:
            return REFUSED
        if step.is_let_go and hold_id is not None:
            return await self._turn_back(hold_id)
        kept.left, kept.is_whole = kept.left - amount, False
        refunded = gift_samples.donation_refunded(
            text_from_minor(amount),
            refunded_on=step.on,
            **_said_of_change(kept, hold_id),
        )
        gift = kept.gift
        legs = rules.received(kept.fund_code, gift.channel, -amount, is_goods=kept.is_goods)
        return self._say_gift(
            refunded,
            legs,
            on=step.on,
            reference=gift.reference,
            lots=_lots(kept, -amount),
            hold_id=hold_id,
        )

    async def _change_purpose(self, step: ChangePurpose) -> str:
        kept = picked(self._kept, step.pick)
        if kept is None or kept.left == 0 or kept.fund_code == step.fund_code:
            return NOTHING
        amount = max(1, kept.left * step.thirds // 3)
        hold_id = await self._set_aside(kept, amount, HoldPurpose.PURPOSE_CHANGE, on=step.on)
        if hold_id is None and not kept.is_goods:
            return REFUSED
        if step.is_let_go and hold_id is not None:
            return await self._turn_back(hold_id)
        kept.left, kept.is_whole = kept.left - amount, False
        changed = gift_samples.purpose_changed(
            text_from_minor(amount),
            new_restricted_to=_purpose(step.fund_code),
            changed_on=step.on,
            **_said_of_change(kept, hold_id),
        )
        new = Kept(kept.gift, changed.change_id, step.fund_code, amount, is_whole=False)
        self._kept.append(new)
        gift = kept.gift
        return self._say_gift(
            changed,
            rules.moved(
                kept.fund_code, step.fund_code, gift.channel, amount, is_goods=kept.is_goods
            ),
            on=step.on,
            reference=gift.reference,
            lots=[*_lots(kept, -amount), *_lots(new, amount)],
            hold_id=hold_id,
        )

    async def _reverse_gifts(self, step: ReverseGifts) -> str:
        whole = [kept for kept in self._kept if kept.is_whole]
        if not whole:
            return NOTHING
        first = step.pick % len(whole)
        chosen = whole[first : first + step.count]
        hold_ids = {kept.lot_id: uuid4() for kept in chosen if not kept.is_goods}
        wanted = [
            (
                _hold_terms(
                    hold_ids[kept.lot_id],
                    kept,
                    kept.left,
                    HoldPurpose.BATCH_REVERSAL,
                    on=kept.gift.received_on,
                ),
                kept.lot_id,
            )
            for kept in chosen
            if not kept.is_goods
        ]
        is_held = not wanted or await self._ground.system.hold_all(wanted)
        assert is_held == self._ground.reserve_all(wanted), (
            f"{step} is {'' if is_held else 'not '}held"
        )
        if not is_held:
            return REFUSED
        if step.is_let_go and hold_ids:
            for hold_id in hold_ids.values():
                await self._ground.let_go(hold_id)
            return DONE
        for kept in chosen:
            self._reverse_gift(kept, hold_ids.get(kept.lot_id))
        return DONE

    def _reverse_gift(self, kept: Kept, hold_id: UUID | None) -> None:
        gift, amount = kept.gift, kept.left
        kept.left, kept.is_whole = 0, False
        fulfils = 0 if gift.fulfils is None else gift.fulfils.amount_minor
        again = {"pledge_id": gift.pledge_id, "fulfils": gift.fulfils}
        reversed_gift = gift_samples.donation_reversed(
            text_from_minor(amount),
            received_on=gift.received_on,
            reversed_on=LAST_DAY,
            **_said_of_change(kept, hold_id) | again,
        )
        legs = rules.received(kept.fund_code, gift.channel, -amount, is_goods=kept.is_goods)
        if fulfils:
            legs += rules.pledged(kept.fund_code, gift.channel, fulfils)
            for pledge in self._pledges:
                pledge.open += fulfils if pledge.made.pledge_id == gift.pledge_id else 0
        self._say_gift(
            reversed_gift,
            legs,
            on=gift.received_on,
            reference=gift.reference,
            lots=_lots(kept, -amount),
            hold_id=hold_id,
        )

    async def _set_aside(
        self, kept: Kept, amount: int, purpose: HoldPurpose, *, on: date
    ) -> UUID | None:
        """None: it is refused; of goods there is nothing to hold."""
        if kept.is_goods:
            return None
        terms = _hold_terms(uuid4(), kept, amount, purpose, on=on)
        is_held = await self._ground.system.hold(terms, kept.lot_id)
        parts = self._ground.reserve(terms, kept.lot_id)
        assert is_held == (parts is not None), f"{amount} of {kept} on {on}: {is_held}, {parts}"
        return terms.hold_id if is_held else None

    def _say_gift(
        self,
        event: Any,
        legs: Sequence[rules.Leg],
        *,
        on: date,
        reference: str,
        lots: Sequence[Part] = (),
        hold_id: UUID | None = None,
    ) -> str:
        fact = Fact(
            agency=event.agency,
            value_on=on,
            legs=legs,
            document=reference,
            lots=lots,
            hold_ids=() if hold_id is None else (hold_id,),
        )
        return self._ground.say(event, fact, agency=event.agency)

    async def _turn_back(self, hold_id: UUID) -> str:
        """What was set aside stays so until the next one turns back."""
        before, self._let_go_next = self._let_go_next, hold_id
        if before is not None:
            await self._ground.let_go(before)
        return DONE


def _kind(is_goods: bool) -> DonationKind:  # noqa: FBT001  # as the step says it
    return DonationKind.IN_KIND if is_goods else DonationKind.CASH


def _purpose(fund_code: str) -> str | None:
    return fund_code.partition(":")[2] or None


def _fund(restricted_to: str | None) -> str:
    return GENERAL if restricted_to is None else f"purpose:{restricted_to}"


def _said_of(event: PledgeMade | DonationReceived) -> dict[str, Any]:
    """What all events of one pledge or gift say."""
    return {
        "agency": event.agency,
        "channel": event.channel,
        "kind": event.kind,
        "restricted_to": event.restricted_to,
        "reference": event.reference,
    }


def _said_of_change(kept: Kept, hold_id: UUID | None) -> dict[str, Any]:
    return _said_of(kept.gift) | {
        "donation_id": kept.gift.donation_id,
        "lot_id": kept.lot_id,
        "restricted_to": _purpose(kept.fund_code),
        "hold_id": hold_id,
    }


def _lots(kept: Kept, amount: int) -> list[Part]:
    """Money comes in lots; goods do not."""
    if kept.is_goods:
        return []
    channel = kept.gift.channel
    return [Part(lot_id=kept.lot_id, fund_code=kept.fund_code, channel=channel, amount=amount)]


def _hold_terms(
    hold_id: UUID, kept: Kept, amount: int, purpose: HoldPurpose, *, on: date
) -> HoldTerms:
    return HoldTerms(
        hold_id=hold_id,
        agency=kept.gift.agency,
        fund_code=kept.fund_code,
        currency=Currency.CNY,
        purpose=purpose,
        document=kept.gift.reference,
        effective_on=on,
        amount_minor=amount,
    )
