"""What two persons decide, over HTTP: prepare, approve, reject, withdraw."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.ledger_requests import FundCode
from fundmix_events.money import Money
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep

from ledger_svc import fund_queries
from ledger_svc.api.policy import CLOSERS
from ledger_svc.api.request_bodies import (
    BatchOut,
    RejectionIn,
    RequestOut,
    request_out,
    warnings_out,
)
from ledger_svc.commands import Commands, Target
from ledger_svc.domain import request as rules
from ledger_svc.domain.request import RequestState
from ledger_svc.domain.spending_limits import SpendingWarning, charity_of, limits_of, warnings_of
from ledger_svc.domain.terms import (
    AgencyTerms,
    AnyTerms,
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    ManualEntryTerms,
    OpeningBalanceTerms,
    RequestKind,
    ReversalTerms,
    amount_of,
)
from ledger_svc.fund_queries import Posted, RequestFilter
from ledger_svc.storage import organisations, spending

TO_BE_POSTED: Final = (RequestState.PREPARED, RequestState.APPROVED)

Act = Callable[[Connection, Origin, Target], Awaitable[rules.Request]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestActions:
    """Runs what is done to a request, and answers where it then stands."""

    runner: CommandRunner
    commands: Commands
    clock: Clock

    async def prepare(self, request: Request, access: Access, terms: AnyTerms) -> Response:
        if isinstance(terms, AgencyTerms):
            access.require_own(terms.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            prepared = await self.commands.prepare(connection, origin, terms)
            return await self._answer(connection, prepared)

        return await self.runner.run(request, access, command)

    async def decide(
        self,
        request: Request,
        access: Access,
        request_id: UUID,
        act: Act,
        *,
        is_close: bool = False,
    ) -> Response:
        target = Target(
            request_id=request_id,
            access=access,
            expected_version=expected_version(request, required=False),
            is_close=is_close,
        )

        async def command(connection: Connection, origin: Origin) -> Answer:
            return await self._answer(connection, await act(connection, origin, target))

        return await self.runner.run(request, access, command, status=HTTPStatus.OK)

    async def _answer(self, connection: Connection, request: rules.Request) -> Answer:
        return Answer(
            body=request_out(request, warnings=await self.warnings(connection, [request])),
            version=request.version,
            location=f"/v1/requests/{request.request_id}",
        )

    async def warnings(
        self, connection: Connection, requests: Sequence[rules.Request]
    ) -> tuple[SpendingWarning, ...]:
        """Of what is yet to be posted."""
        return await self.warnings_of_uses(
            connection,
            [
                r.terms
                for r in requests
                if isinstance(r.terms, ExpenditureTerms) and r.state in TO_BE_POSTED
            ],
        )

    async def warnings_of_uses(
        self, connection: Connection, uses: Sequence[ExpenditureTerms]
    ) -> tuple[SpendingWarning, ...]:
        """Of an agency's years they are counted in, as the books are once they are posted."""
        if not uses:
            return ()
        code = uses[0].agency
        agency = (await organisations.read(connection, [code])).get(code)
        found: list[SpendingWarning] = []
        for year in sorted({terms.spent_on.year for terms in uses}):
            charity = charity_of(agency, year=year)
            if charity is None:
                continue
            posted = await spending.read(connection, agency=code, year=year)
            with_them = posted.with_uses(
                (t.code, t.amount.amount_minor) for t in uses if t.spent_on.year == year
            )
            limits = limits_of(charity, with_them)
            found += warnings_of(limits, with_them, today=self.clock.today())
        return tuple(found)


def preparing_router(actions: RequestActions) -> APIRouter:
    """What an agency asks for: each kind has its own terms, and one way from there."""
    router = APIRouter(tags=["requests"])

    @router.post("/v1/expenditures", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_expenditure(
        request: Request, access: AccessDep, body: ExpenditureTerms
    ) -> Response:
        return await actions.prepare(request, access, body)

    @router.post("/v1/income", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_income(request: Request, access: AccessDep, body: IncomeTerms) -> Response:
        return await actions.prepare(request, access, body)

    @router.post("/v1/manual-entries", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_manual_entry(
        request: Request, access: AccessDep, body: ManualEntryTerms
    ) -> Response:
        return await actions.prepare(request, access, body)

    @router.post("/v1/opening-balances", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_opening_balance(
        request: Request, access: AccessDep, body: OpeningBalanceTerms
    ) -> Response:
        return await actions.prepare(request, access, body)

    @router.post("/v1/reversals", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_reversal(
        request: Request, access: AccessDep, body: ReversalTerms
    ) -> Response:
        return await actions.prepare(request, access, body)

    return router


def requests_router(database: Database, actions: RequestActions) -> APIRouter:
    router = APIRouter(tags=["requests"])
    commands = actions.commands

    @router.get("/v1/requests", response_model=Page[RequestOut])
    async def list_requests(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Annotated[CreditCode | None, Query()] = None,
        kind: Annotated[RequestKind | None, Query()] = None,
        state: Annotated[RequestState | None, Query()] = None,
        reference: Annotated[Label | None, Query()] = None,
        fund_code: Annotated[FundCode | None, Query()] = None,
        batch_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        if agency is not None:
            access.require_own(agency)
        wanted = RequestFilter(
            agency=agency or access.org_filter,
            kind=kind,
            state=state,
            reference=reference,
            fund_code=fund_code,
            batch_id=batch_id,
        )
        rows = await fund_queries.list_requests(database, wanted, page=page)
        return _page(request, rows, page)

    @router.get("/v1/requests/{request_id}", response_model=RequestOut)
    async def show_request(request: Request, access: AccessDep, request_id: UUID) -> Response:
        found, seq = await fund_queries.read_request(database, request_id)
        # A close is of no agency: whoever may decide about closes may see it.
        if found.kind is not RequestKind.CLOSE or access.principal.role not in CLOSERS:
            access.require_own(found.agency)
        # Its entry comes later than its version: one tag for both.
        version = found.version * 2 + (seq is not None)
        return resource_response(request, request_out(found, entry_seq=seq), version=version)

    @router.post("/v1/requests/{request_id}/approve", response_model=RequestOut)
    async def approve_request(request: Request, access: AccessDep, request_id: UUID) -> Response:
        return await actions.decide(request, access, request_id, commands.approve)

    @router.post("/v1/requests/{request_id}/reject", response_model=RequestOut)
    async def reject_request(
        request: Request, access: AccessDep, request_id: UUID, body: RejectionIn
    ) -> Response:
        return await actions.decide(request, access, request_id, _rejecting(commands, body))

    @router.post("/v1/requests/{request_id}/withdraw", response_model=RequestOut)
    async def withdraw_request(request: Request, access: AccessDep, request_id: UUID) -> Response:
        return await actions.decide(request, access, request_id, commands.withdraw)

    _add_batches(router, actions)
    return router


def _add_batches(router: APIRouter, actions: RequestActions) -> None:
    commands, runner = actions.commands, actions.runner

    @router.post("/v1/batches/{batch_id}/approve", response_model=BatchOut)
    async def approve_batch(request: Request, access: AccessDep, batch_id: UUID) -> Response:
        """All that waits of a batch, or nothing of it."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            approved = await commands.approve_batch(connection, origin, batch_id, access=access)
            return _batch_answer(
                batch_id, approved, warnings=await actions.warnings(connection, approved)
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/batches/{batch_id}/reject", response_model=BatchOut)
    async def reject_batch(
        request: Request, access: AccessDep, batch_id: UUID, body: RejectionIn
    ) -> Response:
        """All that waits of a batch; by another person than prepared it."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            rejected = await commands.reject_batch(
                connection, origin, batch_id, access=access, reason=body.reason
            )
            return _batch_answer(batch_id, rejected)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/batches/{batch_id}/withdraw", response_model=BatchOut)
    async def withdraw_batch(request: Request, access: AccessDep, batch_id: UUID) -> Response:
        """All that waits of a batch; by the person that prepared it."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            withdrawn = await commands.withdraw_batch(connection, origin, batch_id, access=access)
            return _batch_answer(batch_id, withdrawn)

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def closes_router(database: Database, actions: RequestActions) -> APIRouter:
    """Closing the books of the city, month by month or up to a month."""
    router = APIRouter(tags=["closes"])
    commands = actions.commands

    @router.post("/v1/closes", status_code=HTTPStatus.CREATED, response_model=RequestOut)
    async def prepare_close(request: Request, access: AccessDep, body: CloseTerms) -> Response:
        return await actions.prepare(request, access, body)

    @router.get("/v1/closes", response_model=Page[RequestOut])
    async def list_closes(request: Request, page: PageDep) -> Response:
        wanted = RequestFilter(agency=None, kind=RequestKind.CLOSE)
        rows = await fund_queries.list_requests(database, wanted, page=page)
        return _page(request, rows, page)

    @router.post("/v1/closes/{request_id}/approve", response_model=RequestOut)
    async def approve_close(request: Request, access: AccessDep, request_id: UUID) -> Response:
        return await actions.decide(request, access, request_id, commands.approve, is_close=True)

    @router.post("/v1/closes/{request_id}/reject", response_model=RequestOut)
    async def reject_close(
        request: Request, access: AccessDep, request_id: UUID, body: RejectionIn
    ) -> Response:
        act = _rejecting(commands, body)
        return await actions.decide(request, access, request_id, act, is_close=True)

    @router.post("/v1/closes/{request_id}/withdraw", response_model=RequestOut)
    async def withdraw_close(request: Request, access: AccessDep, request_id: UUID) -> Response:
        return await actions.decide(request, access, request_id, commands.withdraw, is_close=True)

    return router


def _rejecting(commands: Commands, body: RejectionIn) -> Act:
    async def act(connection: Connection, origin: Origin, target: Target) -> rules.Request:
        return await commands.reject(connection, origin, target, reason=body.reason)

    return act


def _batch_answer(
    batch_id: UUID, decided: Sequence[rules.Request], *, warnings: Sequence[SpendingWarning] = ()
) -> Answer:
    amounts = [amount_of(r.terms) or Money.of(0) for r in decided]
    total = sum(amount.amount_minor for amount in amounts)
    return Answer(
        body=BatchOut(
            batch_id=batch_id,
            requests=len(decided),
            total=Money.of(total),
            state=decided[0].state,
            warnings=warnings_out(warnings),
        )
    )


def _page(request: Request, rows: list[Posted], page: PageDep) -> Response:
    return page_response(
        request,
        rows,
        page=page,
        sort_key=lambda row: (row[0].request_id,),
        item=lambda row: request_out(row[0], entry_seq=row[1]),
    )
