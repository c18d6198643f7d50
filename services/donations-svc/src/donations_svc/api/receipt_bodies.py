"""What goes in and out about receipts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Money
from fundmix_events.text import Name, Remark
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from donations_svc.api.bodies import BodyIn
from donations_svc.domain.receipt import (
    OfficialBill,
    Receipt,
    ReceiptState,
    Snapshot,
    WithdrawalReason,
)
from donations_svc.receipt_queries import Checked, Standing
from donations_svc.storage.receipt_jobs import Job
from donations_svc.storage.receipts import SeriesReport


def _check_month(month: int) -> int:
    if not 1 <= month % 100 <= 12:  # noqa: PLR2004  # months
        raise PydanticCustomError("month", "a month is written like 202603")
    return month


Month = Annotated[int, Field(ge=190001, le=999912, examples=[202603]), AfterValidator(_check_month)]


class ReceiptIn(BodyIn):
    """`official_bill`: the 公益事业捐赠票据 beside it; `handler` (经办人) signs for the agency."""

    donation_id: UUID
    official_bill: OfficialBill | None = None
    handler: Name | None = None


class WithdrawalIn(BodyIn):
    """`remark`: the donor may read it, and the paper does not show it."""

    reason: WithdrawalReason
    remark: Remark | None = None


class MonthIn(BodyIn):
    """All that `agency` has received in `month` and has no receipt for."""

    agency: CreditCode
    month: Month
    handler: Name | None = None


class ReceiptOut(BaseModel):
    """`shown` is what the receipt says, as it was when it was issued; none of a draft.

    `replaces` is the number of the withdrawn receipt that this one stands for. Whoever reads this,
    the donor too, is told `withdrawal_remark`; the paper does not show it.
    """

    receipt_id: UUID
    version: int
    state: ReceiptState
    number: str | None
    replaces: str | None
    donation_id: UUID
    agency: str
    official_bill: OfficialBill | None
    handler: str | None
    drafted_by: str
    drafted_at: datetime
    issued_by: str | None
    issued_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawal_reason: WithdrawalReason | None
    withdrawal_remark: str | None
    shown: Snapshot | None


class CheckedOut(BaseModel):
    """What anybody is told who has the number and the check code; of an unknown one nothing."""

    number: str
    status: Standing
    agency: str | None = None
    donor: str | None = None
    amount: Money | None = None
    issued_on: date | None = None
    withdrawn_on: date | None = None


class SeriesOut(BaseModel):
    """Whether the numbers 1 to `taken` of a series are all there, and each once."""

    agency: str
    year: int
    taken: int
    issued: int
    withdrawn: int
    missing: list[int]
    double: list[int]
    is_whole: bool


class JobOut(BaseModel):
    """`done` of `total`; `refused` counts donations without a receipt by the refusal's code."""

    job_id: UUID
    agency: str
    month: int
    state: str
    total: int
    done: int
    issued: int
    refused: Mapping[str, int]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def receipt_out(receipt: Receipt) -> ReceiptOut:
    issue, withdrawal = receipt.issue, receipt.withdrawal
    return ReceiptOut(
        receipt_id=receipt.receipt_id,
        version=receipt.version,
        state=receipt.state,
        number=receipt.number,
        replaces=None if issue is None else issue.snapshot.replaces,
        donation_id=receipt.donation_id,
        agency=receipt.agency,
        official_bill=receipt.official_bill,
        handler=receipt.handler,
        drafted_by=receipt.drafted_by,
        drafted_at=receipt.drafted_at,
        issued_by=None if issue is None else issue.by,
        issued_at=None if issue is None else issue.at,
        withdrawn_by=None if withdrawal is None else withdrawal.by,
        withdrawn_at=None if withdrawal is None else withdrawal.at,
        withdrawal_reason=None if withdrawal is None else withdrawal.reason,
        withdrawal_remark=None if withdrawal is None else withdrawal.remark,
        shown=None if issue is None else issue.snapshot,
    )


def checked_out(number: str, checked: Checked | None) -> CheckedOut:
    if checked is None:
        return CheckedOut(number=number, status=Standing.UNKNOWN)
    return CheckedOut(
        number=number,
        status=checked.standing,
        agency=checked.agency,
        donor=checked.donor,
        amount=checked.amount,
        issued_on=checked.issued_on,
        withdrawn_on=checked.withdrawn_on,
    )


def series_out(report: SeriesReport) -> SeriesOut:
    return SeriesOut(
        agency=report.agency,
        year=report.year,
        taken=report.taken,
        issued=report.issued,
        withdrawn=report.withdrawn,
        missing=list(report.missing),
        double=list(report.double),
        is_whole=report.is_whole,
    )


def job_out(job: Job) -> JobOut:
    return JobOut(
        job_id=job.job_id,
        agency=job.agency,
        month=job.month,
        state=_state(job),
        total=job.total,
        done=job.done,
        issued=job.issued,
        refused=job.refused,
        requested_by=job.requested_by,
        requested_at=job.requested_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _state(job: Job) -> str:
    if job.finished_at is not None:
        return "finished"
    return "waiting" if job.started_at is None else "running"
