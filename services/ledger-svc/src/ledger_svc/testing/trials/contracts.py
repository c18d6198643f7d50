"""Contracts: said as contracts-svc says it, with what each event recognises of income."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.contracts import Recognition, ScheduledInstalment, YearShare
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Money, text_from_minor
from fundmix_events.testing import samples

from ledger_svc.testing import model as rules
from ledger_svc.testing.model import CONTRACT, Fact, Part
from ledger_svc.testing.steps import (
    LAST_DAY,
    Accept,
    Amend,
    Pay,
    PayBack,
    ReversePayment,
    Sign,
    Terminate,
)
from ledger_svc.testing.trials.ground import DONE, NOTHING, Ground

ContractStep = Sign | Pay | ReversePayment | Accept | Amend | Terminate | PayBack
NUMBER: Final = CONTRACT.partition(":")[2]


@dataclass
class Instalment:
    """`deducted` None: not approved. After a reversal it is approved, and has the day it had."""

    amount: int
    deducted: int | None = None
    paid_on: date | None = None
    is_paid: bool = False

    @property
    def payable(self) -> int:
        return self.amount - (self.deducted or 0)


@dataclass
class Deal:
    """A contract: what is paid of it, and what is earned."""

    agency: str
    contract_id: UUID = field(default_factory=uuid4)
    version: int = 0
    instalments: dict[int, Instalment] = field(default_factory=dict[int, Instalment])
    cash: int = 0
    earned: int = 0
    is_over: bool = False

    @property
    def value(self) -> int:
        return sum(i.payable for i in self.instalments.values())

    @property
    def owed(self) -> tuple[int, int]:
        """To the agency, and by it."""
        return max(0, self.earned - self.cash), max(0, self.cash - self.earned)

    def now_has(self, *, earned: int | None = None, cash: int | None = None) -> tuple[int, ...]:
        """What that moves of cash, income, receivable and advance."""
        cash_before, earned_before, (receivable, advance) = self.cash, self.earned, self.owed
        self.earned = earned_before if earned is None else earned
        self.cash = cash_before if cash is None else cash
        after = self.owed
        return (
            self.cash - cash_before,
            self.earned - earned_before,
            after[0] - receivable,
            after[1] - advance,
        )


class Contracts:
    """Of each agency one."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._deals: dict[str, Deal] = {}

    def take(self, step: ContractStep) -> str:  # noqa: PLR0911  # a case for each, and no more
        if isinstance(step, Sign):
            return self._sign(step)
        deal = self._deals.get(step.agency)
        if deal is None or deal.is_over != isinstance(step, PayBack):
            return NOTHING
        match step:
            case Pay():
                return self._pay(deal, step)
            case ReversePayment():
                return self._reverse_payment(deal)
            case Accept():
                return self._accept(deal, step)
            case Amend():
                return self._amend(deal, step)
            case Terminate():
                return self._terminate(deal, step)
            case PayBack():
                return self._pay_back(deal, step)

    def _sign(self, step: Sign) -> str:
        if step.agency in self._deals:
            return NOTHING
        deal = self._deals[step.agency] = Deal(step.agency)
        third = step.ceiling // 3
        for number, amount in enumerate((step.ceiling - 2 * third, third, third), start=1):
            deal.instalments[number] = Instalment(amount)
        signed = samples.contract_signed(
            text_from_minor(step.ceiling),
            signed_on=step.on,
            instalments=_schedule(deal),
            **_of(deal),
        )
        return self._say_deal(deal, signed, rules.promised(step.ceiling), on=step.on)

    def _pay(self, deal: Deal, step: Pay) -> str:
        number = next((n for n, i in deal.instalments.items() if not i.is_paid), None)
        if number is None:
            return NOTHING
        instalment = deal.instalments[number]
        if instalment.deducted is None:
            self._approve_instalment(deal, number, step)
        instalment.paid_on, instalment.is_paid = step.on, True
        was_earned = deal.earned > 0
        cash, *moved = deal.now_has(cash=deal.cash + instalment.payable)
        paid = samples.instalment_paid(
            **_parts(instalment),
            paid_on=instalment.paid_on,
            instalment_number=number,
            recognition=_recognition(moved) if was_earned and cash else None,
            **_of(deal),
        )
        legs = [*rules.recognised(cash, *moved), *rules.promised(-instalment.amount)]
        self._say_payment(deal, paid, legs, number)
        confirmed = samples.payment_confirmed(text_from_minor(cash), **_of(deal))
        return self._say_deal(deal, confirmed, [], on=step.on)

    def _approve_instalment(self, deal: Deal, number: int, step: Pay) -> None:
        """A deduction takes off what was earned."""
        instalment = deal.instalments[number]
        instalment.deducted = deduction = instalment.amount * step.halves_deducted // 2
        moved = deal.now_has(earned=deal.earned - min(deduction, deal.earned))
        approved = samples.instalment_approved(
            **_parts(instalment),
            approved_on=step.on,
            instalment_number=number,
            recognition=_recognition(moved[1:]) if any(moved) else None,
            **_of(deal),
        )
        document = f"{NUMBER}/{number}"
        self._say_deal(deal, approved, rules.recognised(*moved), on=step.on, document=document)

    def _reverse_payment(self, deal: Deal) -> str:
        paid = [n for n, i in deal.instalments.items() if i.is_paid]
        if not paid:
            return NOTHING
        number = paid[-1]
        instalment = deal.instalments[number]
        cash, *moved = deal.now_has(cash=deal.cash - instalment.payable)
        reversed_payment = samples.payment_reversed(
            **_parts(instalment),
            paid_on=instalment.paid_on,
            reversed_on=LAST_DAY,
            instalment_number=number,
            recognition=_recognition(moved),
            **_of(deal),
        )
        legs = [*rules.recognised(cash, *moved), *rules.promised(instalment.amount)]
        self._say_payment(deal, reversed_payment, legs, number)
        instalment.is_paid = False
        return DONE

    def _say_payment(
        self, deal: Deal, event: FundingEvent, legs: Sequence[rules.Leg], number: int
    ) -> None:
        """Money comes in lots: the same one, when it is paid again."""
        instalment = deal.instalments[number]
        assert instalment.paid_on is not None, "it is paid, or was"
        amount = sum(a for code, *_, a in legs if code is AccountCode.BANK)
        lot_id = uuid5(deal.contract_id, f"instalment:{number}")
        part = Part(lot_id=lot_id, fund_code=CONTRACT, channel=Channel.GOVERNMENT, amount=amount)
        fact = Fact(
            agency=deal.agency,
            value_on=instalment.paid_on,
            legs=legs,
            document=f"{NUMBER}/{number}",
            lots=[part] if amount else (),
        )
        self._ground.say(event, fact, agency=deal.agency)

    def _accept(self, deal: Deal, step: Accept) -> str:
        amount = (deal.value - deal.earned) * step.thirds // 3
        if amount <= 0:
            return NOTHING
        self._say_deal(deal, samples.delivery_reported(**_of(deal)), [], on=step.on)
        moved = deal.now_has(earned=deal.earned + amount)
        accepted = samples.delivery_accepted(
            accepted_on=step.on, recognition=_recognition(moved[1:]), **_of(deal)
        )
        return self._say_deal(deal, accepted, rules.recognised(*moved), on=step.on)

    def _amend(self, deal: Deal, step: Amend) -> str:
        waiting = [i for i in deal.instalments.values() if i.deducted is None]
        if step.more > 0:
            more = step.more
            deal.instalments[len(deal.instalments) + 1] = Instalment(more)
        elif waiting and waiting[-1].amount > 1:
            more = -min(-step.more, waiting[-1].amount - 1)
            waiting[-1].amount += more
        else:
            return NOTHING
        moved = deal.now_has(earned=min(deal.earned, deal.value))
        ceiling = Money.of(sum(i.amount for i in deal.instalments.values()))
        amended = samples.contract_amended(
            text_from_minor(more),
            amended_on=step.on,
            ceiling=ceiling,
            instalments=_schedule(deal),
            lines=(samples.a_line(samples.text(ceiling)),),
            years=(YearShare(year=2024, amount=ceiling),),
            commitment=Money.of(more),
            recognition=_recognition(moved[1:]),
            **_of(deal),
        )
        legs = [*rules.recognised(*moved), *rules.promised(more)]
        return self._say_deal(deal, amended, legs, on=step.on)

    def _terminate(self, deal: Deal, step: Terminate) -> str:
        if not step.is_meant:
            return NOTHING
        unpaid = {n: i for n, i in deal.instalments.items() if not i.is_paid}
        less = sum(instalment.amount for instalment in unpaid.values())
        for number in unpaid:
            del deal.instalments[number]
        deal.is_over = True
        said: dict[str, Any] = {
            "terminated_on": step.on,
            "ceiling": Money.of(deal.value),
            "cancelled": tuple(unpaid),
            "settlement": None,
            "commitment": Money.of(-less),
            "recognition": _recognition((0, 0, 0)),
        }
        terminated = samples.contract_terminated().model_copy(update=said | _of(deal))
        legs = rules.promised(-less) if less else []
        return self._say_deal(deal, terminated, legs, on=step.on)

    def _pay_back(self, deal: Deal, step: PayBack) -> str:
        _, advance = deal.owed
        if not advance:
            return NOTHING
        moved = deal.now_has(cash=deal.cash - advance)
        paid_back = samples.recovery_received(
            text_from_minor(advance),
            received_on=step.on,
            recognition=_recognition(moved[1:]),
            **_of(deal),
        )
        return self._say_deal(deal, paid_back, rules.recognised(*moved), on=step.on)

    def _say_deal(
        self,
        deal: Deal,
        event: FundingEvent,
        legs: Sequence[rules.Leg],
        *,
        on: date,
        document: str = NUMBER,
    ) -> str:
        fact = Fact(agency=deal.agency, value_on=on, legs=legs, document=document)
        return self._ground.say(event, fact if legs else None, agency=deal.agency)


def _of(deal: Deal) -> dict[str, Any]:
    """Each event of a contract is its next version."""
    deal.version += 1
    return {
        "contract_id": deal.contract_id,
        "agency": deal.agency,
        "aggregate_version": deal.version,
    }


def _parts(instalment: Instalment) -> dict[str, Any]:
    return {
        "scheduled": text_from_minor(instalment.amount),
        "deduction": text_from_minor(instalment.deducted or 0),
    }


def _schedule(deal: Deal) -> tuple[ScheduledInstalment, ...]:
    return tuple(
        samples.an_instalment(text_from_minor(i.amount), number=number)
        for number, i in deal.instalments.items()
    )


def _recognition(moved: Sequence[int]) -> Recognition:
    income, receivable, advance = moved
    return Recognition(
        income=Money.of(income),
        receivable=Money.of(receivable),
        advance_received=Money.of(advance),
    )
