"""Events for tests: a builder gives what an event must have, a test says what matters to it."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import uuid4

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    Condition,
    ContractAmended,
    ContractLine,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    DeliveryReported,
    InstalmentApproved,
    InstalmentPaid,
    InvoiceRecorded,
    PaymentConfirmed,
    PaymentReversed,
    PurchaseMode,
    Recognition,
    Recovery,
    RecoveryReceived,
    ScheduledInstalment,
    YearShare,
)
from fundmix_events.donations import DonationKind, DonationReceived, Donor, DonorKind, PledgeMade
from fundmix_events.evaluations import (
    DeductionDecided,
    Dimension,
    DimensionMean,
    EvaluationPublished,
    Grade,
    ObjectionRaised,
    ResultAccepted,
    Stage,
)
from fundmix_events.ledger import Account, AccountCode, EntryPosted, Posting, Source
from fundmix_events.money import Money, text_from_minor
from fundmix_events.obligations import ObligationKind, ObligationMet, ObligationOverdue
from fundmix_events.registry import (
    AbnormalListing,
    Charity,
    CharityStatus,
    Level,
    Organisation,
    OrganisationChanged,
    OrganisationKind,
    OrganisationRegistered,
    Standing,
    StandingSource,
    TaxQualification,
    TaxQualificationKind,
)
from fundmix_events.topics import DONATIONS

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
BUYER: Final = "11441900AHP4983MNR"
FOUNDATION: Final = "534419000CW4RBU5CW"
ENTERPRISE: Final = "91441900LX8R25H7GP"

POSTED_AT: Final = datetime(2024, 5, 28, 1, 30, tzinfo=UTC)


def organisation_registered(**changes: Any) -> OrganisationRegistered:
    return OrganisationRegistered(aggregate_version=1, organisation=an_organisation(**changes))


def organisation_changed(**changes: Any) -> OrganisationChanged:
    return OrganisationChanged(aggregate_version=2, organisation=an_organisation(**changes))


def an_organisation(**changes: Any) -> Organisation:
    usual: dict[str, Any] = {
        "code": AGENCY,
        "name": "东莞市示例甲社会工作服务中心",
        "kind": OrganisationKind.AGENCY,
        "level": Level.CITY,
    }
    return Organisation(**(usual | changes))


def a_standing(**changes: Any) -> Standing:
    """Listed once and removed, a charity, and qualified for the gifts of one year."""
    listing = AbnormalListing(
        listed_on=date(2022, 7, 1),
        reason="未按规定报送年度工作报告",
        source=a_source(),
        removed_on=date(2022, 9, 1),
        removal_source=a_source("东莞市民政局移出活动异常名录决定书"),
    )
    usual: dict[str, Any] = {
        "abnormal_listings": (listing,),
        "charity": Charity(
            status=CharityStatus.CHARITABLE_ORGANISATION,
            since_on=date(2019, 5, 20),
            source=a_source("慈善组织公开募捐资格公告"),
        ),
        "tax_qualifications": (
            TaxQualification(
                kind=TaxQualificationKind.DONATION_DEDUCTION, year=2024, source=a_source()
            ),
        ),
    }
    return Standing(**(usual | changes))


def a_source(document: str = "东莞市民政局公告", **changes: Any) -> StandingSource:
    usual: dict[str, Any] = {
        "document": document,
        "issued_on": date(2022, 7, 1),
        "recorded_by": "registrar",
        "recorded_at": POSTED_AT,
    }
    return StandingSource(**(usual | changes))


def contract_signed(ceiling: str = "100000.00", **changes: Any) -> ContractSigned:
    """With one instalment of the whole ceiling, unless `instalments` says otherwise."""
    usual: dict[str, Any] = {
        "title": "社区综合服务项目",
        "purchase_mode": PurchaseMode.PROJECT,
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": Level.TOWN,
        "signed_on": date(2024, 2, 21),
        "starts_on": date(2024, 3, 1),
        "ends_on": date(2024, 12, 31),
        "ceiling": Money.parse(ceiling),
        "instalments": (an_instalment(ceiling),),
    }
    return ContractSigned(**(_contract() | usual | changes))


def an_instalment(amount: str, **changes: Any) -> ScheduledInstalment:
    usual: dict[str, Any] = {
        "number": 1,
        "due_on": date(2024, 3, 12),
        "amount": Money.parse(amount),
        "condition": Condition.SIGNING,
    }
    return ScheduledInstalment(**(usual | changes))


def instalment_approved(
    scheduled: str = "40000.00", deduction: str = "0.00", **changes: Any
) -> InstalmentApproved:
    approved: dict[str, Any] = {"approved_on": date(2024, 3, 10)}
    return InstalmentApproved(**(_contract() | _parts(scheduled, deduction) | approved | changes))


def instalment_paid(
    scheduled: str = "40000.00", deduction: str = "0.00", **changes: Any
) -> InstalmentPaid:
    paid: dict[str, Any] = {"paid_on": date(2024, 3, 18), "bank_reference": "BK202400011"}
    return InstalmentPaid(**(_contract() | _parts(scheduled, deduction) | paid | changes))


def a_recognition(
    income: str = "0.00", receivable: str = "0.00", advance_received: str = "0.00"
) -> Recognition:
    return Recognition(
        income=Money.parse(income),
        receivable=Money.parse(receivable),
        advance_received=Money.parse(advance_received),
    )


def payment_reversed(
    scheduled: str = "40000.00", deduction: str = "0.00", **changes: Any
) -> PaymentReversed:
    """Of a payment that had been an advance."""
    parts = _parts(scheduled, deduction)
    usual: dict[str, Any] = {
        "paid_on": date(2024, 3, 18),
        "bank_reference": "BK202400011",
        "reversed_on": date(2024, 3, 25),
        "reason": "记错合同",
        "recognition": a_recognition(advance_received=f"-{text(parts['payable'])}"),
    }
    return PaymentReversed(**(_contract() | parts | usual | changes))


def invoice_recorded(**changes: Any) -> InvoiceRecorded:
    usual: dict[str, Any] = {
        "instalment_number": 1,
        "invoice_number": "24442000000012345678",
        "invoiced_on": date(2024, 3, 1),
        "pay_by": date(2024, 3, 31),
    }
    return InvoiceRecorded(**(_contract() | usual | changes))


def payment_confirmed(payable: str = "40000.00", **changes: Any) -> PaymentConfirmed:
    usual: dict[str, Any] = {
        "instalment_number": 1,
        "payable": Money.parse(payable),
        "arrived_on": date(2024, 3, 19),
    }
    return PaymentConfirmed(**(_contract() | usual | changes))


def delivery_reported(**changes: Any) -> DeliveryReported:
    usual: dict[str, Any] = {
        "delivery_number": 1,
        "line_number": 1,
        "quantity": 1,
        "delivered_on": date(2024, 6, 30),
        "place": "厚街镇社区服务中心",
    }
    return DeliveryReported(**(_contract() | usual | changes))


def delivery_accepted(income: str = "40000.00", **changes: Any) -> DeliveryAccepted:
    """Of work that nothing was paid for yet, unless `recognition` says otherwise."""
    usual: dict[str, Any] = {
        "acceptance_number": 1,
        "line_number": 1,
        "quantity": 1,
        "accepted_on": date(2024, 7, 8),
        "recipients_invited": 80,
        "sample_size": 60,
        "responses": 54,
        "recognition": a_recognition(income=income, receivable=income),
    }
    return DeliveryAccepted(**(_contract() | usual | changes))


def contract_amended(delta: str = "5000.00", **changes: Any) -> ContractAmended:
    """A contract of 100,000.00 yuan is supplemented."""
    ceiling = Money.parse("100000.00") + Money.parse(delta)
    usual: dict[str, Any] = {
        "amendment_number": 1,
        "reason": "新增社区",
        "amended_on": date(2024, 5, 6),
        "delta": Money.parse(delta),
        "ceiling": ceiling,
        "ends_on": date(2024, 12, 31),
        "instalments": (an_instalment(text(ceiling)),),
        "lines": (a_line(text(ceiling)),),
        "years": (YearShare(year=2024, amount=ceiling),),
        "commitment": Money.parse(delta),
        "recognition": a_recognition(),
    }
    return ContractAmended(**(_contract() | usual | changes))


def a_line(amount: str, **changes: Any) -> ContractLine:
    usual: dict[str, Any] = {
        "number": 1,
        "title": "社区综合服务项目",
        "unit": "项",
        "quantity": 1,
        "amount": Money.parse(amount),
    }
    return ContractLine(**(usual | changes))


def recovery_received(amount: str = "3000.00", **changes: Any) -> RecoveryReceived:
    """Of money that had been an advance."""
    usual: dict[str, Any] = {
        "recovery_number": 1,
        "amount": Money.parse(amount),
        "received_on": date(2024, 9, 2),
        "bank_reference": "BK202400099",
        "recognition": a_recognition(advance_received=f"-{amount}"),
    }
    return RecoveryReceived(**(_contract() | usual | changes))


def contract_terminated(settlement: str = "10000.00", **changes: Any) -> ContractTerminated:
    """Of a contract of 100,000.00 yuan with 40,000.00 paid and nothing accepted."""
    ceiling = Money.parse("40000.00") + Money.parse(settlement)
    usual: dict[str, Any] = {
        "terminated_on": date(2024, 8, 1),
        "reason": "机构停止服务",
        "ceiling": ceiling,
        "cancelled": (2,),
        "settlement": an_instalment(settlement, number=3, condition=Condition.SETTLEMENT),
        "recovery": None,
        "commitment": Money.parse(settlement) - Money.parse("60000.00"),
        "recognition": a_recognition(text(ceiling), settlement, "-40000.00"),
    }
    return ContractTerminated(**(_contract() | usual | changes))


def evaluation_published(**changes: Any) -> EvaluationPublished:
    """One that fails, and takes half of the final instalment off."""
    weights = {
        Dimension.PROFESSIONAL: 3000,
        Dimension.BUYER: 2000,
        Dimension.SELF: 1000,
        Dimension.RECIPIENTS: 4000,
    }
    usual: dict[str, Any] = {
        "scheme_version": 1,
        "evaluated_on": date(2024, 12, 15),
        "published_on": date(2024, 12, 16),
        "score": "59.900000",
        "grade": Grade.FAIL,
        "dimensions": tuple(
            DimensionMean(dimension=dimension, weight_bps=weight, mean="59.900000")
            for dimension, weight in weights.items()
        ),
        "recipients_count": 120,
        "proposed_deduction": Money.parse("40529.73"),
        "objections_until": date(2024, 12, 30),
    }
    return EvaluationPublished(**(_contract() | _stage() | usual | changes))


def objection_raised(**changes: Any) -> ObjectionRaised:
    usual: dict[str, Any] = {"objected_on": date(2024, 12, 20), "grounds": "样本不足"}
    return ObjectionRaised(**(_contract() | _stage() | usual | changes))


def result_accepted(**changes: Any) -> ResultAccepted:
    usual: dict[str, Any] = {
        "accepted_on": date(2024, 12, 18),
        "deduction": Money.parse("40529.73"),
    }
    return ResultAccepted(**(_contract() | _stage() | usual | changes))


def deduction_decided(**changes: Any) -> DeductionDecided:
    usual: dict[str, Any] = {
        "decided_on": date(2024, 12, 24),
        "proposed_deduction": Money.parse("40529.73"),
        "deduction": Money.parse("20000.00"),
        "reason": "部分成立",
    }
    return DeductionDecided(**(_contract() | _stage() | usual | changes))


def _stage() -> dict[str, Any]:
    return {"stage": Stage.FINAL, "evaluation_version": 1}


def obligation_met(**changes: Any) -> ObligationMet:
    usual: dict[str, Any] = {
        "kind": ObligationKind.FILE_CONTRACT,
        "reference": 0,
        "due_on": date(2024, 3, 1),
        "met_on": date(2024, 3, 4),
    }
    return ObligationMet(**(_contract() | usual | changes))


def obligation_overdue(**changes: Any) -> ObligationOverdue:
    usual: dict[str, Any] = {
        "kind": ObligationKind.PAY_INSTALMENT,
        "reference": 2,
        "due_on": date(2024, 8, 9),
    }
    return ObligationOverdue(**(_contract() | usual | changes))


def a_recovery(amount: str = "3000.00") -> Recovery:
    return Recovery(number=1, amount=Money.parse(amount), due_on=date(2024, 8, 31))


def text(money: Money) -> str:
    return text_from_minor(money.amount_minor)


def pledge_made(amount: str = "5000.00", **changes: Any) -> PledgeMade:
    usual: dict[str, Any] = {"pledge_id": uuid4(), "pledged_on": date(2024, 4, 8)}
    return PledgeMade(**(a_gift(amount) | usual | changes))


def donation_received(amount: str = "5000.00", **changes: Any) -> DonationReceived:
    usual: dict[str, Any] = {
        "donation_id": uuid4(),
        "given_on": date(2024, 5, 20),
        "received_on": date(2024, 5, 27),
    }
    return DonationReceived(**(a_gift(amount) | usual | changes))


def entry_posted(amount: str = "5000.00", **changes: Any) -> EntryPosted:
    """What a donation becomes in the journal, unless `postings` says otherwise."""
    usual: dict[str, Any] = {
        "aggregate_version": 1,
        "seq": 1,
        "event_id": uuid4(),
        "source": Source(topic=DONATIONS, partition=0, number=1),
        "kind": DonationReceived.type,
        "agency": AGENCY,
        "occurred_on": date(2024, 5, 20),
        "value_on": date(2024, 5, 27),
        "posted_at": POSTED_AT,
        "period": 202405,
        "payload_sha256": "0" * 64,
        "postings": (
            a_posting(AccountCode.BANK, amount),
            a_posting(AccountCode.DONATION_INCOME, f"-{amount}"),
        ),
    }
    return EntryPosted(**(usual | changes))


def a_posting(
    code: AccountCode, amount: str, channel: Channel = Channel.FOUNDATION, **changes: Any
) -> Posting:
    usual: dict[str, Any] = {
        "agency": AGENCY,
        "code": code,
        "fund_code": "general",
        "channel": channel,
    }
    return Posting(account=Account(**(usual | changes)), amount=Money.parse(amount))


def _contract() -> dict[str, Any]:
    return {
        "aggregate_version": 1,
        "contract_id": uuid4(),
        "contract_number": "DG-2024-0001",
        "buyer": BUYER,
        "agency": AGENCY,
        "channel": Channel.GOVERNMENT,
    }


def _parts(scheduled: str, deduction: str) -> dict[str, Any]:
    return {
        "instalment_number": 1,
        "scheduled": Money.parse(scheduled),
        "deduction": Money.parse(deduction),
        "payable": Money.parse(scheduled) - Money.parse(deduction),
    }


def a_gift(amount: str) -> dict[str, Any]:
    return {
        "aggregate_version": 1,
        "reference": "DN-2024-00001",
        "donor": Donor(kind=DonorKind.FOUNDATION, code=FOUNDATION),
        "agency": AGENCY,
        "channel": Channel.FOUNDATION,
        "amount": Money.parse(amount),
        "kind": DonationKind.CASH,
    }
