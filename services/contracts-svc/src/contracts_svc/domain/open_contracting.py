"""A contract's events as OCDS 1.1 releases: each says what it changed, and merged they say all.

The agency is the supplier. A payment milestone is an instalment, a delivery milestone a line.
Amounts stand where OCDS 1.1 has a place for them: a milestone has none, so an instalment's amount
is told by the transaction that pays it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.contracts import (
    ContractAmended,
    ContractEvent,
    ContractLine,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    InstalmentPaid,
    PaymentReversed,
    Recovery,
    RecoveryReceived,
    ScheduledInstalment,
)
from fundmix_events.money import MINOR_PER_MAJOR, Money

Json = dict[str, Any]

LANGUAGE: Final = "zh"
# No list of organisation identifiers has a prefix for the unified social credit code.
IDENTIFIER_SCHEME: Final = "CN-USCC"
# What else happens to a contract is its parties' own business, or has no place in OCDS 1.1.
DISCLOSED: Final[tuple[type[FundingEvent], ...]] = (
    ContractSigned,
    ContractAmended,
    InstalmentPaid,
    PaymentReversed,
    DeliveryAccepted,
    RecoveryReceived,
    ContractTerminated,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An event of a contract, as the log of record has it."""

    event_id: UUID
    recorded_at: datetime
    event: FundingEvent


def ocid_of(contract_number: str, *, prefix: str) -> str:
    return f"{prefix}-{contract_number}"


def releases_of(
    history: Iterable[Recorded], *, names: Mapping[str, str], ocid_prefix: str
) -> list[Json]:
    """The releases of one contract, from all its events in their order.

    `names` has the names of organisations by credit code; one that is missing goes by its code.
    """
    story = _Story()
    releases: list[Json] = []
    for recorded in history:
        event = recorded.event
        assert isinstance(event, ContractEvent), f"{event.type} is not an event of a contract"
        told = story.told(recorded)
        if told is None:
            continue
        release = _release(recorded, event, names=names, ocid_prefix=ocid_prefix)
        releases.append({**release, **told})
    return releases


@dataclass(kw_only=True, slots=True)
class _Story:
    """What of a contract's past its next release depends on."""

    starts_on: date = date.min
    open_instalments: set[int] = field(default_factory=set[int])
    quantities: dict[int, int] = field(default_factory=dict[int, int])
    accepted: dict[int, int] = field(default_factory=dict[int, int])
    open_recoveries: set[int] = field(default_factory=set[int])
    # Of each paid instalment, the transaction that paid it.
    payments: dict[int, str] = field(default_factory=dict[int, str])
    agreed_in: str = ""
    is_implemented: bool = False
    is_terminated: bool = False
    is_completed: bool = False

    def told(self, recorded: Recorded) -> Json | None:
        release_id = str(recorded.event_id)
        told: Json | None = None
        match recorded.event:
            case ContractSigned() as event:
                told = self._signed(event, release_id)
            case ContractAmended() as event:
                told = self._amended(event, release_id)
            case InstalmentPaid() as event:
                told = self._paid(event)
            case PaymentReversed() as event:
                told = self._reversed(event)
            case DeliveryAccepted() as event:
                told = self._accepted(event)
            case RecoveryReceived() as event:
                told = self._received(event)
            case ContractTerminated() as event:
                told = self._terminated(event, release_id)
            case _:
                pass
        return told

    def _signed(self, event: ContractSigned, release_id: str) -> Json:
        self.starts_on = event.starts_on
        self.agreed_in = release_id
        self.open_instalments = {i.number for i in event.instalments}
        self._know_lines(event.lines)
        award: Json = {
            "id": event.contract_number,
            "title": event.title,
            "status": "active",
            "value": _value(event.ceiling),
            "suppliers": [{"id": _party_id(event.agency)}],
        }
        contract: Json = {
            "title": event.title,
            "status": "active",
            "period": self._period(event.ends_on),
            "value": _value(event.ceiling),
            "dateSigned": _instant(event.signed_on),
            "items": _items(event.lines),
            "implementation": {
                "milestones": [
                    *map(_payment_milestone, event.instalments),
                    *map(self._delivery_milestone, event.lines),
                ]
            },
        }
        return {
            "tag": ["award", "contract"],
            "tender": {"id": event.contract_number, "mainProcurementCategory": "services"},
            "awards": [award],
            **_contract(event, contract),
        }

    def _amended(self, event: ContractAmended, release_id: str) -> Json:
        agreed = {i.number for i in event.instalments}
        given_up = sorted(self.open_instalments - agreed)
        self.open_instalments = {n for n in agreed if n not in self.payments}
        self._know_recovery(event.recovery)
        self._know_lines(event.lines)
        amendment = {
            "id": str(event.amendment_number),
            "date": _instant(event.amended_on),
            "rationale": event.reason,
            "amendsReleaseID": self.agreed_in,
            "releaseID": release_id,
        }
        self.agreed_in = release_id
        milestones = [
            *(
                _payment_milestone(i)
                for i in event.instalments
                if i.number in self.open_instalments
            ),
            *map(_given_up, given_up),
            *map(self._delivery_milestone, event.lines),
        ]
        return self._told(
            event,
            ["contractAmendment"],
            {
                "period": self._period(event.ends_on),
                "value": _value(event.ceiling),
                "items": _items(event.lines),
                "amendments": [amendment],
                "implementation": {"milestones": milestones},
            },
        )

    def _paid(self, event: InstalmentPaid) -> Json:
        number = event.instalment_number
        self.open_instalments.discard(number)
        # By version: an instalment that is paid again is another transaction.
        transaction_id = f"payment-{number}-{event.aggregate_version}"
        self.payments[number] = transaction_id
        is_whole = event.deduction.amount_minor == 0
        milestone: Json = {
            "id": _payment_id(number),
            "status": "met" if is_whole else "partiallyMet",
            "dateMet": _instant(event.paid_on),
        }
        transaction = _transaction(
            transaction_id, event.payable, event.paid_on, payer=event.buyer, payee=event.agency
        )
        return self._implemented(event, milestones=[milestone], transactions=[transaction])

    def _reversed(self, event: PaymentReversed) -> Json:
        """Nothing was paid: the transaction stays, of nothing, and the instalment waits again.

        Merging cannot take a transaction out of a list, and an amount of null is none to add up.
        """
        number = event.instalment_number
        self.open_instalments.add(number)
        nothing = Money.of(0, event.payable.currency)
        transaction = {"id": self.payments.pop(number), "value": _value(nothing)}
        milestone: Json = {"id": _payment_id(number), "status": "scheduled", "dateMet": None}
        return self._implemented(event, milestones=[milestone], transactions=[transaction])

    def _accepted(self, event: DeliveryAccepted) -> Json:
        number = event.line_number
        self.accepted[number] = self.accepted.get(number, 0) + event.quantity
        is_whole = self.accepted[number] >= self.quantities.get(number, 0)
        milestone: Json = {
            "id": _delivery_id(number),
            "status": "met" if is_whole else "partiallyMet",
        }
        if is_whole:
            milestone["dateMet"] = _instant(event.accepted_on)
        return self._implemented(event, milestones=[milestone], transactions=[])

    def _received(self, event: RecoveryReceived) -> Json:
        self.open_recoveries.discard(event.recovery_number)
        transaction = _transaction(
            f"recovery-{event.recovery_number}",
            event.amount,
            event.received_on,
            payer=event.agency,
            payee=event.buyer,
        )
        return self._implemented(event, milestones=[], transactions=[transaction])

    def _terminated(self, event: ContractTerminated, release_id: str) -> Json:
        self.is_terminated = True
        self._know_recovery(event.recovery)
        self.open_instalments -= set(event.cancelled)
        milestones = [*map(_given_up, event.cancelled)]
        if event.settlement is not None:
            self.open_instalments.add(event.settlement.number)
            milestones.append(_payment_milestone(event.settlement))
        milestones += [
            {"id": _delivery_id(number), "status": "notMet"}
            for number in self.quantities
            if not self.accepted.get(number, 0)
        ]
        amendment = {
            "id": "termination",
            "date": _instant(event.terminated_on),
            "rationale": event.reason,
            "amendsReleaseID": self.agreed_in,
            "releaseID": release_id,
        }
        contract = {
            "status": "terminated",
            "period": self._period(event.terminated_on),
            "value": _value(event.ceiling),
            "amendments": [amendment],
            "implementation": {"milestones": milestones},
        }
        return {"tag": ["contractTermination"], **_contract(event, contract)}

    def _implemented(
        self, event: ContractEvent, *, milestones: list[Json], transactions: list[Json]
    ) -> Json:
        tag = "implementationUpdate" if self.is_implemented else "implementation"
        self.is_implemented = True
        told = {"milestones": milestones, "transactions": transactions}
        implementation = {name: parts for name, parts in told.items() if parts}
        return self._told(event, [tag], {"implementation": implementation})

    def _told(self, event: ContractEvent, tags: list[str], contract: Json) -> Json:
        """In OCDS a contract that has been paid off is terminated, as one that was ended early."""
        was_completed = self.is_completed
        self.is_completed = not self.open_instalments and not self.open_recoveries
        if self.is_completed is not was_completed and not self.is_terminated:
            contract = {**contract, "status": "terminated" if self.is_completed else "active"}
            if self.is_completed:
                tags = [*tags, "contractTermination"]
        return {"tag": tags, **_contract(event, contract)}

    def _know_lines(self, lines: Sequence[ContractLine]) -> None:
        self.quantities = {line.number: line.quantity for line in lines}

    def _know_recovery(self, recovery: Recovery | None) -> None:
        if recovery is not None:
            self.open_recoveries.add(recovery.number)

    def _period(self, ends_on: date) -> Json:
        # A contract may be terminated before it has begun.
        starts_on = min(self.starts_on, ends_on)
        return {"startDate": _instant(starts_on), "endDate": _instant(ends_on)}

    def _delivery_milestone(self, line: ContractLine) -> Json:
        return {
            "id": _delivery_id(line.number),
            "title": line.title,
            "type": "delivery",
            "status": _delivery_status(self.accepted.get(line.number, 0), of=line.quantity),
        }


def _release(
    recorded: Recorded, event: ContractEvent, *, names: Mapping[str, str], ocid_prefix: str
) -> Json:
    buyer, agency = (
        _party(code, names.get(code, code), roles)
        for code, roles in (
            (event.buyer, ["buyer", "payer"]),
            (event.agency, ["supplier", "payee"]),
        )
    )
    return {
        "ocid": ocid_of(event.contract_number, prefix=ocid_prefix),
        "id": str(recorded.event_id),
        "date": recorded.recorded_at.isoformat(timespec="microseconds"),
        "initiationType": "tender",
        "language": LANGUAGE,
        "parties": [buyer, agency],
        "buyer": {"id": buyer["id"], "name": buyer["name"]},
    }


def _party(code: str, name: str, roles: list[str]) -> Json:
    return {
        "id": _party_id(code),
        "name": name,
        "identifier": {"scheme": IDENTIFIER_SCHEME, "id": code, "legalName": name},
        "roles": roles,
    }


def _party_id(code: str) -> str:
    return f"{IDENTIFIER_SCHEME}-{code}"


def _contract(event: ContractEvent, contract: Json) -> Json:
    number = event.contract_number
    return {"contracts": [{"id": number, "awardID": number, **contract}]}


def _items(lines: Iterable[ContractLine]) -> list[Json]:
    return [
        {
            "id": str(line.number),
            "description": line.title,
            "quantity": line.quantity,
            "unit": {"name": line.unit},
        }
        for line in lines
    ]


def _payment_milestone(instalment: ScheduledInstalment) -> Json:
    return {
        "id": _payment_id(instalment.number),
        "title": f"第{instalment.number}期合同款",
        "type": "payment",
        "code": str(instalment.condition),
        "dueDate": _instant(instalment.due_on),
        "status": "scheduled",
    }


def _given_up(number: int) -> Json:
    return {"id": _payment_id(number), "status": "notMet"}


def _delivery_status(accepted: int, *, of: int) -> str:
    if accepted >= of:
        return "met"
    return "partiallyMet" if accepted else "scheduled"


def _payment_id(number: int) -> str:
    return f"payment-{number}"


def _delivery_id(number: int) -> str:
    return f"delivery-{number}"


def _transaction(transaction_id: str, amount: Money, day: date, *, payer: str, payee: str) -> Json:
    return {
        "id": transaction_id,
        "date": _instant(day),
        "value": _value(amount),
        "payer": {"id": _party_id(payer)},
        "payee": {"id": _party_id(payee)},
    }


def _value(amount: Money) -> Json:
    # OCDS wants a number. Below 10^13 fen, the shortest text of this one has the same two decimals.
    return {"amount": amount.amount_minor / MINOR_PER_MAJOR, "currency": str(amount.currency)}


def _instant(day: date) -> str:
    """A day in the calendar of Asia/Shanghai, where OCDS wants an instant."""
    return f"{day.isoformat()}T00:00:00+08:00"
