"""A city's events as they stand on the topics: seeded, in the proportions of the sample city."""

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.codec import encode_body
from fundmix_events.contracts import (
    Condition,
    ContractSigned,
    InstalmentApproved,
    InstalmentPaid,
    PurchaseMode,
    ScheduledInstalment,
)
from fundmix_events.donations import (
    CHANNEL_BY_DONOR_KIND,
    DonationKind,
    DonationReceived,
    Donor,
    DonorKind,
    PledgeMade,
)
from fundmix_events.envelope import Actor, Envelope
from fundmix_events.money import Money
from fundmix_events.registry import Level
from fundmix_kit.kafka import partition_of
from fundmix_kit.quarantine import Incoming

ORGANISATIONS: Final = (
    Path(__file__).resolve().parent.parent / "samples" / "dongguan" / "organisations.csv"
)
FIRST_DAY: Final = date(2024, 1, 2)
RECORDED_AT: Final = datetime(2024, 1, 2, 1, tzinfo=UTC)
ACTOR: Final = Actor(subject="officer-1", role="finance_officer")
SOURCE_BY_TOPIC: Final = {topics.CONTRACTS: "/contracts-svc", topics.DONATIONS: "/donations-svc"}
CONDITIONS: Final = (Condition.SIGNING, Condition.MIDTERM, Condition.FINAL)

# As in the sample: 1,008 donations beside 240 contracts, a third of them pledged before, six of ten
# for a purpose, 24 in kind, and half from enterprises.
DONATIONS_PER_CONTRACT: Final = 1_008 / 240
PLEDGED_SHARE: Final = 340 / 1_008
RESTRICTED_SHARE: Final = 606 / 1_008
IN_KIND_SHARE: Final = 24 / 1_008
DONORS_PER_1008: Final = {
    DonorKind.ENTERPRISE: 532,
    DonorKind.FOUNDATION: 228,
    DonorKind.INDIVIDUAL: 204,
    DonorKind.UNIVERSITY: 44,
}
# One signed, three instalments approved and paid, and the donations beside it.
EVENTS_PER_CONTRACT_MIN: Final = 11
PURPOSES: Final = (
    "困境儿童关爱",
    "残障就业",
    "社工培训",
    "外来工子女课后服务",
    "长者助餐",
    "社区应急互助",
    "心理支援",
)


@dataclass(frozen=True, kw_only=True)
class Organisations:
    """The credit codes of the sample city, by kind."""

    by_kind: Mapping[str, Sequence[str]]

    @classmethod
    def of_sample(cls) -> "Organisations":
        by_kind: dict[str, list[str]] = {}
        with ORGANISATIONS.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                by_kind.setdefault(row["kind"], []).append(row["uscc"])
        return cls(by_kind=by_kind)


@dataclass
class Numbers:
    """What the relay would give: the next dense number of each partition."""

    next_by_place: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])

    def take(self, place: tuple[str, int]) -> int:
        number = self.next_by_place.get(place, 1)
        self.next_by_place[place] = number + 1
        return number


class City:
    """Makes the same events from the same seed."""

    def __init__(self, *, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # the same city again, no secret
        self._organisations = Organisations.of_sample()

    def messages(self, count: int) -> list[Incoming]:
        """The first `count` events of the city, in the order of their days, as on the topics."""
        dated = self._dated_events(contracts=count // EVENTS_PER_CONTRACT_MIN + 1)
        events = [event for _, event in sorted(dated, key=lambda pair: pair[0])]
        assert len(events) >= count, "a contract brings that many"
        numbers = Numbers()
        return [self._message(event, numbers) for event in events[:count]]

    def _dated_events(self, *, contracts: int) -> Iterator[tuple[date, FundingEvent]]:
        for place in range(contracts):
            yield from self._contract(place)
        for place in range(round(contracts * DONATIONS_PER_CONTRACT)):
            yield from self._donation(place)

    def _contract(self, place: int) -> Iterator[tuple[date, FundingEvent]]:
        signed_on = self._day()
        amounts = [self._amount() for _ in CONDITIONS]
        parties: dict[str, Any] = {
            "contract_id": self._id(),
            "contract_number": f"DG-2024-{place:06}",
            "buyer": self._one_of("buyer"),
            "agency": self._one_of("agency"),
            "channel": Channel.GOVERNMENT,
        }
        instalments = [
            ScheduledInstalment(
                number=number, due_on=signed_on, amount=Money.of(amount), condition=condition
            )
            for number, (amount, condition) in enumerate(zip(amounts, CONDITIONS, strict=True), 1)
        ]
        yield (
            signed_on,
            ContractSigned(
                **parties,
                aggregate_version=1,
                title="社区综合服务岗位购买服务",
                purchase_mode=PurchaseMode.PROJECT,
                service_area="社区综合服务",
                people_served="社区居民",
                town="厚街镇",
                payer_level=Level.TOWN,
                signed_on=signed_on,
                starts_on=signed_on,
                ends_on=signed_on + timedelta(days=300),
                ceiling=Money.of(sum(amounts)),
                instalments=tuple(instalments),
            ),
        )
        for instalment in instalments:
            approved_on = signed_on + timedelta(days=100 * instalment.number)
            paid_on = approved_on + timedelta(days=self._random.randint(1, 10))
            terms: dict[str, Any] = {
                **parties,
                "instalment_number": instalment.number,
                "scheduled": instalment.amount,
                "deduction": Money.of(0),
                "payable": instalment.amount,
            }
            version = 2 * instalment.number
            approved = InstalmentApproved(
                **terms, aggregate_version=version, approved_on=approved_on
            )
            paid = InstalmentPaid(
                **terms,
                aggregate_version=version + 1,
                paid_on=paid_on,
                bank_reference=f"BK{place:08}-{instalment.number}",
            )
            yield approved_on, approved
            yield paid_on, paid

    def _donation(self, place: int) -> Iterator[tuple[date, FundingEvent]]:
        pledged_on = self._day()
        [kind] = self._random.choices([*DONORS_PER_1008], weights=[*DONORS_PER_1008.values()])
        is_pledged = self._random.random() < PLEDGED_SHARE
        is_in_kind = self._random.random() < IN_KIND_SHARE
        amount = Money.of(self._amount())
        pledge_id = self._id()
        gift: dict[str, Any] = {
            "donor": Donor(
                kind=kind, code=None if kind is DonorKind.INDIVIDUAL else self._one_of(kind)
            ),
            "agency": self._one_of("agency"),
            "channel": CHANNEL_BY_DONOR_KIND[kind],
            "amount": amount,
            "kind": DonationKind.IN_KIND if is_in_kind else DonationKind.CASH,
            "restricted_to": self._random.choice(PURPOSES)
            if self._random.random() < RESTRICTED_SHARE
            else None,
        }
        if is_pledged:
            yield (
                pledged_on,
                PledgeMade(
                    **gift,
                    aggregate_version=1,
                    pledge_id=pledge_id,
                    reference=f"PL-{place:06}",
                    pledged_on=pledged_on,
                ),
            )
        received_on = pledged_on + timedelta(days=self._random.randint(1, 60))
        yield (
            received_on,
            DonationReceived(
                **gift,
                aggregate_version=1,
                donation_id=self._id(),
                reference=f"DN-{place:06}",
                pledge_id=pledge_id if is_pledged else None,
                fulfils=amount if is_pledged else None,
                given_on=received_on,
                received_on=received_on,
                bank_reference=None if is_in_kind else f"BD{place:08}",
            ),
        )

    def _message(self, event: FundingEvent, numbers: Numbers) -> Incoming:
        topic = event.topic
        partition = partition_of(event.key, partitions=topics.PARTITIONS[topic])
        number = numbers.take((topic, partition))
        envelope = Envelope(
            id=self._id(),
            source=SOURCE_BY_TOPIC[topic],
            type=event.type,
            version=event.version,
            time=RECORDED_AT,
            number=number,
        )
        return Incoming(
            topic=topic,
            partition=partition,
            offset=number - 1,
            number=number,
            key=event.key.encode(),
            headers=envelope.to_headers(),
            value=encode_body(
                event, actor=ACTOR, correlation_id=str(self._id()), causation_id=None
            ),
        )

    def _id(self) -> UUID:
        """A random id that looks like those of the services: they sort by time there."""
        self._clock = getattr(self, "_clock", 0) + 1
        return UUID(int=self._clock << 80 | 7 << 76 | 2 << 62 | self._random.getrandbits(62))

    def _day(self) -> date:
        return FIRST_DAY + timedelta(days=self._random.randrange(360))

    def _amount(self) -> int:
        return self._random.randint(1, 50_000_000)

    def _one_of(self, kind: str) -> str:
        return self._random.choice(self._organisations.by_kind[kind])
