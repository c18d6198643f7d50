"""What an approval says of its request: after a backup was restored it may be all there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from fundmix_events.ledger_requests import (
    AgencyRequestEvent,
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    PostedRequestEvent,
    ReversalApproved,
)
from pydantic import ValidationError

from ledger_svc.domain.approval import ApprovalEvent
from ledger_svc.domain.request import Request, RequestState
from ledger_svc.domain.terms import (
    AgencyTerms,
    AnyTerms,
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    Leg,
    ManualEntryTerms,
    OpeningBalanceTerms,
    ReversalTerms,
)

TermsT = TypeVar("TermsT", bound=AgencyTerms)


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """An approval as it stands on the topic: `by` whom and `at` which instant."""

    event: ApprovalEvent
    event_id: UUID
    by: str
    at: datetime

    @property
    def corrects(self) -> UUID | None:
        return self.event.corrects if isinstance(self.event, ReversalApproved) else None


def restored(approval: Approval, *, corrected_seq: int | None) -> Request | None:
    """The request as its approval left it; when it was prepared the event does not say.

    None where terms like these would not be accepted now, and of a reversal whose original the
    journal does not have.
    """
    event = approval.event
    try:
        terms = _terms_of(event, corrected_seq)
    except ValidationError:
        return None
    return Request(
        request_id=event.request_id,
        version=event.aggregate_version,
        terms=terms,
        state=RequestState.APPROVED,
        prepared_by=event.prepared_by,
        prepared_at=approval.at,
        corrects=approval.corrects,
        decided_by=approval.by,
        decided_at=approval.at,
        event_id=approval.event_id,
    )


def _terms_of(event: ApprovalEvent, corrected_seq: int | None) -> AnyTerms:
    """Raises ValidationError."""
    match event:
        case ExpenditureApproved():
            return _of_agency(ExpenditureTerms, event)
        case IncomeApproved():
            return _of_agency(IncomeTerms, event)
        case ManualEntryApproved():
            return _of_agency(ManualEntryTerms, event, legs=_legs(event))
        case OpeningBalanceApproved():
            return _of_agency(
                OpeningBalanceTerms, event, legs=_legs(event), opened_on=event.value_on
            )
        case ReversalApproved():
            return _of_agency(ReversalTerms, event, seq=corrected_seq)
        case CloseApproved():
            return CloseTerms(through=event.through)


def _of_agency(terms: type[TermsT], event: AgencyRequestEvent, **others: Any) -> TermsT:
    """What terms and event call the same is the same."""
    said = {name: getattr(event, name) for name in terms.model_fields if name not in others}
    return terms(**said | others)


def _legs(event: PostedRequestEvent) -> tuple[Leg, ...]:
    return tuple(
        Leg(
            code=posting.account.code,
            fund_code=posting.account.fund_code,
            channel=posting.account.channel,
            amount=posting.amount,
        )
        for posting in event.postings
    )
