"""What an approved request says on the topic: its terms, and the lots it was given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ids import uuid5
from fundmix_events.ledger import Account, AccountCode, EntryPosted, LotMovement, Posting
from fundmix_events.ledger_requests import (
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)
from fundmix_events.money import Money

from ledger_svc.domain.availability import Reserved
from ledger_svc.domain.errors import NotReversibleError
from ledger_svc.domain.funds import Draw, line_lot
from ledger_svc.domain.request import Request
from ledger_svc.domain.terms import (
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    ManualEntryTerms,
    OpeningBalanceTerms,
    ReversalTerms,
)

ApprovalEvent = (
    ExpenditureApproved
    | IncomeApproved
    | ManualEntryApproved
    | OpeningBalanceApproved
    | ReversalApproved
    | CloseApproved
)
# What the ledger itself was asked for. All else is corrected where it was recorded.
REVERSIBLE: frozenset[str] = frozenset(
    {
        ExpenditureApproved.type,
        IncomeApproved.type,
        ManualEntryApproved.type,
        OpeningBalanceApproved.type,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Cash that an entry takes from a fund: of any lot, of one channel's, or of named ones."""

    hold_id: UUID
    fund_code: str
    amount_minor: int
    effective_on: date
    channel: Channel | None = None
    lot_ids: tuple[UUID, ...] | None = None
    pointer: str = "/amount"


def needs_of(request: Request, original: EntryPosted | None) -> list[Need]:
    """What has to be set aside before the request can be approved."""
    terms = request.terms
    match terms:
        case ExpenditureTerms():
            return [
                Need(
                    hold_id=request.request_id,
                    fund_code=terms.fund_code,
                    amount_minor=terms.amount.amount_minor,
                    effective_on=terms.spent_on,
                )
            ]
        case ManualEntryTerms():
            return list(_needs_of_legs(request.request_id, terms))
        case ReversalTerms():
            assert original is not None, "a reversal has what it corrects"
            return list(_needs_of_reversal(request.request_id, original))
        case IncomeTerms() | OpeningBalanceTerms() | CloseTerms():
            return []


def _needs_of_legs(request_id: UUID, terms: ManualEntryTerms) -> Iterator[Need]:
    for line, leg in enumerate(terms.legs, start=1):
        if leg.code is AccountCode.BANK and leg.amount.amount_minor < 0:
            yield Need(
                hold_id=uuid5(request_id, f"hold:{line}"),
                fund_code=leg.fund_code,
                amount_minor=-leg.amount.amount_minor,
                effective_on=terms.value_on,
                channel=leg.channel,
                pointer=f"/legs/{line - 1}/amount",
            )


def _needs_of_reversal(request_id: UUID, original: EntryPosted) -> Iterator[Need]:
    """What came in with the entry goes out again, out of its own lots."""
    for line, lot in enumerate(original.lots, start=1):
        yield Need(
            hold_id=uuid5(request_id, f"hold:{line}"),
            fund_code=lot.fund_code,
            amount_minor=lot.amount.amount_minor,
            effective_on=original.value_on,
            lot_ids=(lot.lot_id,),
            pointer="/seq",
        )


def check_reversible(original: EntryPosted, *, agency: str, reversed_by: int | None) -> None:
    """Raises NotReversibleError."""
    if original.agency != agency:
        raise NotReversibleError(
            f"entry {original.seq} is in the books of {original.agency}", pointer="/seq"
        )
    if original.kind not in REVERSIBLE:
        raise NotReversibleError(
            f"entry {original.seq} is of {original.kind}: it is corrected where it was recorded",
            pointer="/seq",
        )
    if reversed_by is not None:
        raise NotReversibleError(
            f"entry {original.seq} is undone by entry {reversed_by}", pointer="/seq"
        )


def event_of(
    request: Request,
    held: Sequence[tuple[Need, Reserved]],
    *,
    today: date,
    original: EntryPosted | None,
) -> ApprovalEvent:
    """The event of a request that is being approved, with what was set aside for it."""
    terms = request.terms
    match terms:
        case ExpenditureTerms():
            [(_, reserved)] = held
            return ExpenditureApproved(
                **_common(request),
                fund_code=terms.fund_code,
                code=terms.code,
                spent_on=terms.spent_on,
                amount=terms.amount,
                draws=_movements(reserved.draws),
                advance=Money.of(reserved.advance_minor),
                advance_channel=reserved.advance_channel,
                hold_id=request.request_id,
            )
        case IncomeTerms():
            return IncomeApproved(
                **_common(request),
                fund_code=terms.fund_code,
                channel=terms.channel,
                code=terms.code,
                received_on=terms.received_on,
                amount=terms.amount,
                payer=terms.payer,
            )
        case ManualEntryTerms():
            return ManualEntryApproved(
                **_common(request),
                **_entry(request, terms, held),
                occurred_on=terms.occurred_on,
                value_on=terms.value_on,
            )
        case OpeningBalanceTerms():
            return OpeningBalanceApproved(
                **_common(request),
                **_entry(request, terms, held),
                occurred_on=terms.opened_on,
                value_on=terms.opened_on,
            )
        case ReversalTerms():
            assert original is not None, "a reversal has what it corrects"
            return _reversal(request, terms, held, original=original, today=today)
        case CloseTerms():
            return CloseApproved(
                aggregate_version=request.version + 1,
                request_id=request.request_id,
                prepared_by=request.prepared_by,
                through=terms.through,
            )


def _common(request: Request) -> dict[str, Any]:
    terms = request.terms
    assert not isinstance(terms, CloseTerms), "a close is of no agency"
    return {
        "aggregate_version": request.version + 1,
        "request_id": request.request_id,
        "prepared_by": request.prepared_by,
        "agency": terms.agency,
        "reference": terms.reference,
        "memo": terms.memo,
        "document_sha256": terms.document_sha256,
    }


def _entry(
    request: Request,
    terms: ManualEntryTerms | OpeningBalanceTerms,
    held: Sequence[tuple[Need, Reserved]],
) -> dict[str, Any]:
    postings = [
        Posting(
            account=Account(
                agency=terms.agency, code=leg.code, fund_code=leg.fund_code, channel=leg.channel
            ),
            amount=leg.amount,
        )
        for leg in terms.legs
    ]
    lots = [
        LotMovement(
            lot_id=line_lot(request.request_id, line),
            fund_code=leg.fund_code,
            channel=leg.channel,
            amount=leg.amount,
        )
        for line, leg in enumerate(terms.legs, start=1)
        if leg.code is AccountCode.BANK and leg.amount.amount_minor > 0
    ]
    return {
        "postings": tuple(postings),
        "lots": tuple(lots),
        "draws": tuple(m for _, reserved in held for m in _movements(reserved.draws)),
        "hold_ids": tuple(need.hold_id for need, _ in held),
    }


def _reversal(
    request: Request,
    terms: ReversalTerms,
    held: Sequence[tuple[Need, Reserved]],
    *,
    original: EntryPosted,
    today: date,
) -> ReversalApproved:
    """The mirror of all legs and lots, on the value date of the original."""
    return ReversalApproved(
        **_common(request),
        occurred_on=today,
        value_on=original.value_on,
        postings=tuple(
            Posting(account=posting.account, amount=-posting.amount)
            for posting in original.postings
        ),
        lots=_mirrored(original.lots),
        draws=_mirrored(original.draws),
        hold_ids=tuple(need.hold_id for need, _ in held),
        corrects=original.event_id,
        corrects_kind=original.kind,
        payer=original.payer,
        reason=terms.reason,
    )


def _mirrored(movements: Sequence[LotMovement]) -> tuple[LotMovement, ...]:
    return tuple(m.model_copy(update={"amount": -m.amount}) for m in movements)


def _movements(draws: Sequence[Draw]) -> tuple[LotMovement, ...]:
    return tuple(
        LotMovement(
            lot_id=draw.lot_id,
            fund_code=draw.fund_code,
            channel=draw.channel,
            amount=Money.of(draw.amount_minor, draw.currency),
        )
        for draw in draws
    )
