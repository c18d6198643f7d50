"""Routes of the clocks: what is open, overdue, met or was late; and what was published or filed."""

from datetime import date
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.day import Day
from fundmix_events.obligations import ObligationKind
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from pydantic import BaseModel, Field

from contracts_svc import queries
from contracts_svc.api.answers import ContractActions
from contracts_svc.api.bodies import BodyIn, ContractSummaryOut
from contracts_svc.obligation_commands import ObligationCommands
from contracts_svc.storage.obligations import ObligationRow


class PublicationIn(BodyIn):
    """What was published or filed; `reference` is the number of the amendment or acceptance."""

    kind: ObligationKind
    reference: int = Field(default=0, ge=0, le=1_000_000)
    met_on: Day


class ObligationOut(BaseModel):
    """`is_overdue`: its day has passed and it is not met. `is_late`: it was met after its day."""

    kind: ObligationKind
    reference: int
    contract_id: UUID
    contract_number: str
    buyer: str
    agency: str
    arose_on: date
    due_on: date
    met_on: date | None
    is_overdue: bool
    is_late: bool


def obligations_router(
    database: Database, actions: ContractActions, commands: ObligationCommands, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["obligations"])

    @router.get("/v1/obligations", response_model=Page[ObligationOut])
    async def list_obligations(
        request: Request,
        access: AccessDep,
        page: PageDep,
        state: Annotated[Literal["open", "overdue", "met", "late"] | None, Query()] = None,
        kind: Annotated[ObligationKind | None, Query()] = None,
    ) -> Response:
        today = clock.today()
        rows = await queries.list_obligations(
            database, org=access.org_filter, kind=kind, state=state, today=today, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (
                r.obligation.due_on,
                r.contract_id,
                r.obligation.kind,
                r.obligation.reference,
            ),
            item=lambda r: obligation_out(r, today=today),
        )

    @router.post("/v1/contracts/{contract_id}/publications", response_model=ContractSummaryOut)
    async def meet_obligation(
        request: Request, access: AccessDep, contract_id: UUID, body: PublicationIn
    ) -> Response:
        act = partial(commands.meet, kind=body.kind, reference=body.reference, met_on=body.met_on)
        return await actions.run(request, access, contract_id, act)

    return router


def obligation_out(row: ObligationRow, *, today: date) -> ObligationOut:
    obligation = row.obligation
    return ObligationOut(
        kind=obligation.kind,
        reference=obligation.reference,
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        buyer=row.buyer,
        agency=row.agency,
        arose_on=obligation.arose_on,
        due_on=obligation.due_on,
        met_on=obligation.met_on,
        is_overdue=obligation.is_overdue(today=today),
        is_late=obligation.is_late,
    )
