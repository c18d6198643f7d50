"""All events there are: the list that schemas, codecs and posting rules are checked against."""

from typing import Final

from fundmix_events.base import FundingEvent
from fundmix_events.codec import Codec
from fundmix_events.contracts import (
    ContractAmended,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    DeliveryReported,
    InstalmentApproved,
    InstalmentPaid,
    InvoiceRecorded,
    PaymentConfirmed,
    PaymentReversed,
    RecoveryReceived,
)
from fundmix_events.donations import (
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    GoodsStated,
    PledgeCancelled,
    PledgeMade,
    PurposeChanged,
)
from fundmix_events.evaluations import (
    DeductionDecided,
    EvaluationPublished,
    ObjectionRaised,
    ResultAccepted,
)
from fundmix_events.goals import GoalStatusChanged
from fundmix_events.ledger import EntryPosted, PeriodClosed
from fundmix_events.ledger_requests import (
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)
from fundmix_events.obligations import ObligationMet, ObligationOverdue
from fundmix_events.registry import OrganisationChanged, OrganisationRegistered

EVENT_CLASSES: Final[tuple[type[FundingEvent], ...]] = (
    OrganisationRegistered,
    OrganisationChanged,
    ContractSigned,
    InstalmentApproved,
    InstalmentPaid,
    InvoiceRecorded,
    PaymentConfirmed,
    PaymentReversed,
    DeliveryReported,
    DeliveryAccepted,
    ContractAmended,
    RecoveryReceived,
    ContractTerminated,
    EvaluationPublished,
    ObjectionRaised,
    ResultAccepted,
    DeductionDecided,
    ObligationMet,
    ObligationOverdue,
    PledgeMade,
    PledgeCancelled,
    DonationReceived,
    GoodsStated,
    DonationRefunded,
    PurposeChanged,
    DonationReversed,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
    CloseApproved,
    GoalStatusChanged,
    EntryPosted,
    PeriodClosed,
)

CODEC: Final = Codec(EVENT_CLASSES)
