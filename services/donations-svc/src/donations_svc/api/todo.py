"""What waits for a donor or an agency: gifts to send, confirm, state, pay back."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fundmix_events.donations import Donor
from fundmix_events.money import Money
from fundmix_events.roles import Role
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from pydantic import BaseModel

from donations_svc import queries
from donations_svc.storage.todo import Todo, TodoSubject


class Action(StrEnum):
    GIVE = "give"
    RECEIVE = "receive"
    CONFIRM = "confirm"
    WAIT = "wait"
    """The receiving agency has to confirm."""
    PAY_BACK = "pay_back"
    AWAIT_REFUND = "await_refund"
    CANCEL_AGAIN = "cancel_again"
    """The refund is cancelled, but the ledger may still hold its money."""
    LOOK_AT_REJECTION = "look_at_rejection"
    ISSUE_RECEIPT = "issue_receipt"
    STATE_GOODS = "state_goods"
    """What they are or what proves their value: `PUT /v1/donations/{donation_id}/goods`."""


ACTIONS: dict[tuple[TodoSubject, bool], Action] = {
    (TodoSubject.PLEDGE, True): Action.GIVE,
    (TodoSubject.PLEDGE, False): Action.RECEIVE,
    (TodoSubject.ANNOUNCEMENT, True): Action.WAIT,
    (TodoSubject.ANNOUNCEMENT, False): Action.CONFIRM,
    (TodoSubject.REFUND, True): Action.AWAIT_REFUND,
    (TodoSubject.REFUND, False): Action.PAY_BACK,
    (TodoSubject.RELEASE, False): Action.CANCEL_AGAIN,
    (TodoSubject.REJECTION, True): Action.LOOK_AT_REJECTION,
    (TodoSubject.RECEIPT, False): Action.ISSUE_RECEIPT,
    (TodoSubject.GOODS, False): Action.STATE_GOODS,
}


class TodoOut(BaseModel):
    """`amount` is what is open of it, `since` the day it waits from, oldest first.

    `due_on` is the next day by which a part of a pledge is to come, where it has a schedule.
    """

    action: Action
    subject: TodoSubject
    id: UUID
    reference: str
    donor: Donor
    agency: str
    since: date
    due_on: date | None
    is_overdue: bool
    amount: Money


def todo_router(database: Database, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["to do"])

    @router.get("/v1/todo", response_model=Page[TodoOut])
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        is_donor = access.principal.role == Role.DONOR
        rows = await queries.list_todo(
            database, org=access.org_filter, is_donor=is_donor, today=clock.today(), page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda row: (row.since, row.id, row.agency, row.subject),
            item=lambda row: _todo_out(row, is_donor=is_donor, today=clock.today()),
        )

    return router


def _todo_out(row: Todo, *, is_donor: bool, today: date) -> TodoOut:
    return TodoOut(
        action=ACTIONS[row.subject, is_donor],
        subject=row.subject,
        id=row.id,
        reference=row.reference,
        donor=row.donor,
        agency=row.agency,
        since=row.since,
        due_on=row.due_on,
        is_overdue=row.due_on is not None and row.due_on < today,
        amount=row.amount,
    )
