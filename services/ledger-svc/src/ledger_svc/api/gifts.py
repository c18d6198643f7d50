"""A donor's gifts over HTTP: what was given, what it was used for, and what is left."""

from datetime import date
from typing import Annotated
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
from ledger_svc.domain.gifts import GiftLot
from ledger_svc.queries_gifts import GiftsQuestion

Year = Annotated[int | None, Query(ge=1950, le=2199)]


class GiftOut(BaseModel):
    """One lot of a donor, by value date: a gift, or what was kept for something else since.

    `left` is `left_before`, `given` and `moved`, less `refunded`, `reversed` and what was `used`,
    by code of the expense. With a year, `left_before` is of the end of the year before.
    """

    lot_id: UUID
    donor: str
    agency: str
    fund_code: str
    channel: Channel
    value_on: date
    document: str
    moved_from: UUID | None
    left_before: Money
    given: Money
    moved: Money
    refunded: Money
    reversed: Money
    used: dict[str, Money]
    left: Money


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
        left_before=Money.of(gift.left_before_minor),
        given=Money.of(gift.given_minor),
        moved=Money.of(gift.moved_minor),
        refunded=Money.of(gift.refunded_minor),
        reversed=Money.of(gift.reversed_minor),
        used={code: Money.of(amount) for code, amount in sorted(gift.used_minor.items())},
        left=Money.of(gift.left_minor),
    )
