"""A donor's gifts over HTTP: what was given, what it was used for, and what is left."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Money
from fundmix_events.roles import Role
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from pydantic import BaseModel

from ledger_svc import queries_gifts
from ledger_svc.domain.gifts import GiftLot, GiftMoves, GiftTotal
from ledger_svc.queries_gifts import GiftsQuestion

Year = Annotated[int | None, Query(ge=1950, le=2199)]


class GiftMovesOut(BaseModel):
    """By value date: `left` is `left_before`, `given` and `moved`, less what follows.

    That is `refunded`, `reversed` and `used`, by code of the expense. With a year, `left_before` is
    of the end of the year before.
    """

    left_before: Money
    given: Money
    moved: Money
    refunded: Money
    reversed: Money
    used: dict[str, Money]
    left: Money


class GiftOut(GiftMovesOut):
    """One lot of a donor: a gift, or what was kept for something else since (`moved_from`).

    `used` is exact where the fund had nothing else. Where it had (`is_pooled`), the use of the fund
    is split among its lots, oldest money first.
    """

    lot_id: UUID
    donor: str
    agency: str
    fund_code: str
    channel: Channel
    value_on: date
    document: str
    moved_from: UUID | None
    is_pooled: bool


class GiftTotalOut(GiftMovesOut):
    """`is_pooled`: money of others, or of another channel, was in the fund; else `used` is exact.

    The use of a pooled fund is split among its lots, oldest money first.
    """

    agency: str
    fund_code: str
    channel: Channel
    is_pooled: bool


class GiftTotalsOut(BaseModel):
    """All of a donor's gifts, by agency, fund and channel."""

    donor: str
    year: int | None
    totals: tuple[GiftTotalOut, ...]


def gifts_router(database: Database) -> APIRouter:
    router = APIRouter(tags=["gifts"])

    @router.get("/v1/gifts", response_model=Page[GiftOut])
    async def list_gifts(
        request: Request,
        access: AccessDep,
        page: PageDep,
        donor: Annotated[CreditCode, Query()],
        agency: Annotated[CreditCode | None, Query()] = None,
        year: Year = None,
    ) -> Response:
        """A donor sees its own gifts, an agency what it has of a donor."""
        question = GiftsQuestion(
            donor=donor, agency=_agency_seen(access, donor=donor, agency=agency), year=year
        )
        rows = await queries_gifts.list_gifts(database, question, page=page)
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.value_on, r.lot_id), item=gift_out
        )

    @router.get("/v1/gift-totals")
    async def show_gift_totals(
        access: AccessDep,
        donor: Annotated[CreditCode, Query()],
        agency: Annotated[CreditCode | None, Query()] = None,
        year: Year = None,
    ) -> GiftTotalsOut:
        """The same, added up: a donor's statement of a year."""
        question = GiftsQuestion(
            donor=donor, agency=_agency_seen(access, donor=donor, agency=agency), year=year
        )
        totals = await queries_gifts.read_gift_totals(database, question)
        return GiftTotalsOut(donor=donor, year=year, totals=tuple(map(_total_out, totals)))

    return router


def _agency_seen(access: Access, *, donor: str, agency: str | None) -> str | None:
    """Raises ForeignRowError."""
    if access.principal.role == Role.DONOR:
        access.require_own(donor)
        return agency
    if agency is not None:
        access.require_own(agency)
        return agency
    return access.org_filter


def gift_out(gift: GiftLot) -> GiftOut:
    return GiftOut(
        lot_id=gift.lot_id,
        donor=gift.donor,
        agency=gift.agency,
        fund_code=gift.fund_code,
        channel=gift.channel,
        value_on=gift.value_on,
        document=gift.document,
        moved_from=gift.moved_from,
        is_pooled=gift.is_pooled,
        **_moves_out(gift.moves),
    )


def _total_out(total: GiftTotal) -> GiftTotalOut:
    return GiftTotalOut(
        agency=total.agency,
        fund_code=total.fund_code,
        channel=total.channel,
        is_pooled=total.is_pooled,
        **_moves_out(total.moves),
    )


def _moves_out(moves: GiftMoves) -> dict[str, Any]:
    return {
        "left_before": Money.of(moves.left_before_minor),
        "given": Money.of(moves.given_minor),
        "moved": Money.of(moves.moved_minor),
        "refunded": Money.of(moves.refunded_minor),
        "reversed": Money.of(moves.reversed_minor),
        "used": {code: Money.of(amount) for code, amount in sorted(moves.used_minor.items())},
        "left": Money.of(moves.left_minor),
    }
