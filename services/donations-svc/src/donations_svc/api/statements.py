"""A donor's statement of a year: what it gave, and what became of its money."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fundmix_events.credit_code import CreditCode
from fundmix_events.donations import DonationKind
from fundmix_events.money import Money
from fundmix_events.roles import Role
from fundmix_kit.database import Database
from fundmix_kit.policy import Access, AccessDep
from pydantic import BaseModel

from donations_svc import queries
from donations_svc.ledger import GiftTotal, Ledger


class GivenOut(BaseModel):
    """`refunded` is what of it has gone back since; `receipts` of the donations have one."""

    agency: str
    kind: DonationKind
    donations: int
    amount: Money
    refunded: Money
    receipts: int


class StatementOut(BaseModel):
    """`given` is of the year, in money, goods and time; `funds` is what became of the money.

    It includes what earlier years had left: `left_before`. What is not posted yet is missing there.
    """

    donor: str
    year: int
    given: tuple[GivenOut, ...]
    funds: tuple[GiftTotal, ...]


def statements_router(database: Database, ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["statements"])

    @router.get("/v1/statements")
    async def show_statement(
        request: Request,
        access: AccessDep,
        donor: Annotated[CreditCode, Query()],
        year: Annotated[int, Query(ge=1950, le=2199)],
        agency: Annotated[CreditCode | None, Query()] = None,
    ) -> StatementOut:
        """A donor sees its own, an agency what it has of a donor."""
        seen = _agency_seen(access, donor=donor, agency=agency)
        given = await queries.read_given(database, donor=donor, agency=seen, year=year)
        funds = await ledger.gift_totals(
            request.headers["authorization"], donor=donor, agency=seen, year=year
        )
        return StatementOut(
            donor=donor,
            year=year,
            given=tuple(
                GivenOut(
                    agency=total.agency,
                    kind=total.kind,
                    donations=total.donations,
                    amount=total.amount,
                    refunded=total.refunded,
                    receipts=total.receipts,
                )
                for total in given
            ),
            funds=tuple(funds),
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
