"""What is done to receipts: each function inside one transaction of its caller.

Locks are always taken in this order: the donation, its receipt, the series of numbers.
"""

from datetime import date
from uuid import UUID

from fundmix_kit.clock import Clock, day_of
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.policy import Access

from donations_svc.domain import receipt as rules
from donations_svc.domain.check_code import check_code
from donations_svc.domain.receipt import (
    Issue,
    OfficialBill,
    Receipt,
    ReceivedDonation,
    Snapshot,
    Withdrawal,
    WithdrawalReason,
)
from donations_svc.storage import organisations, receipt_jobs, receiptable, receipts
from donations_svc.storage.receipt_jobs import Job


class ReceiptCommands:
    """`public_url` is where the public checks a receipt: its number and code are added."""

    def __init__(self, *, clock: Clock, public_url: str) -> None:
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def draft(
        self,
        connection: Connection,
        donation_id: UUID,
        *,
        access: Access,
        official_bill: OfficialBill | None,
        handler: str | None,
    ) -> Receipt:
        """Raises DonationNotFoundError, ForeignRowError, ReceiptExistsError, OfficialBillUsedError.

        Also the domain's refusals: nobody drafts what cannot be issued.
        """
        donation = await receiptable.lock(connection, donation_id)
        access.require_own(donation.agency)
        rules.check_none_stands(await receipts.find_open_for_update(connection, donation_id))
        rules.check_receiptable(donation)
        receipt = self._drafted(
            donation, by=access.principal.subject, official_bill=official_bill, handler=handler
        )
        await receipts.insert(connection, receipt)
        return receipt

    async def issue(
        self,
        connection: Connection,
        receipt_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
    ) -> Receipt:
        """Raises ReceiptNotFoundError, ForeignRowError, VersionMismatchError, ReceiptNotDraftError.

        Also the domain's refusals: the donation may have changed since the draft.
        """
        donation, before = await self._locked(connection, receipt_id, access, expected_version)
        return await self._issue(connection, donation, before, by=access.principal.subject)

    async def name_official_bill(
        self,
        connection: Connection,
        receipt_id: UUID,
        bill: OfficialBill,
        *,
        access: Access,
        expected_version: int | None,
    ) -> Receipt:
        """Raises ReceiptNotFoundError, ForeignRowError, VersionMismatchError.

        Also ReceiptWithdrawnError, OfficialBillNamedError, OfficialBillUsedError.
        """
        _, before = await self._locked(connection, receipt_id, access, expected_version)
        after = rules.name_official_bill(before, bill)
        await receipts.save_official_bill(connection, after, bill)
        return after

    async def withdraw(
        self,
        connection: Connection,
        receipt_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
        reason: WithdrawalReason,
        remark: str | None,
    ) -> Receipt:
        """Raises ReceiptNotFoundError, ForeignRowError, VersionMismatchError.

        Also ReceiptWithdrawnError.
        """
        _, before = await self._locked(connection, receipt_id, access, expected_version)
        after = rules.withdraw_receipt(
            before, self.withdrawal(by=access.principal.subject, reason=reason, remark=remark)
        )
        await receipts.save_withdrawal(connection, after)
        return after

    def withdrawal(
        self, *, by: str, reason: WithdrawalReason, remark: str | None = None
    ) -> Withdrawal:
        """Of now; for `receipts.withdraw_all`, too, where a whole batch is undone."""
        return Withdrawal(
            on=self._clock.today(), at=self._clock.now(), by=by, reason=reason, remark=remark
        )

    async def order_month(
        self, connection: Connection, agency: str, month: int, *, handler: str | None, by: str
    ) -> Job:
        """A job that issues what is missing; it is worked through elsewhere."""
        return await receipt_jobs.insert(
            connection,
            uuid7(),
            agency=agency,
            month=month,
            handler=handler,
            requested_by=by,
            requested_at=self._clock.now(),
        )

    async def issue_for(
        self, connection: Connection, donation_id: UUID, *, handler: str | None, by: str
    ) -> Receipt:
        """Issue the donation's draft, or a receipt without one.

        Raises ReceiptExistsError and the domain's refusals, before anything is written.
        """
        donation = await receiptable.lock(connection, donation_id)
        draft = await receipts.find_open_for_update(connection, donation_id)
        rules.check_receiptable(donation)
        if draft is None:
            draft = self._drafted(donation, by=by, official_bill=None, handler=handler)
            await receipts.insert(connection, draft)
        elif draft.issue is not None:
            rules.check_none_stands(draft)
        return await self._issue(connection, donation, draft, by=by)

    async def preview(self, connection: Connection, receipt: Receipt) -> Snapshot:
        """What a draft would show if it were issued now; nothing is taken or written."""
        donation = await receiptable.read(connection, receipt.donation_id)
        return await self._snapshot(
            connection, donation, receipt, number="", code="", issued_on=self._clock.today()
        )

    async def _locked(
        self,
        connection: Connection,
        receipt_id: UUID,
        access: Access,
        expected_version: int | None,
    ) -> tuple[ReceivedDonation, Receipt]:
        seen = await receipts.read(connection, receipt_id)
        access.require_own(seen.agency)
        donation = await receiptable.lock(connection, seen.donation_id)
        receipt = await receipts.load_for_update(connection, receipt_id)
        check_version(receipt.version, expected=expected_version)
        return donation, receipt

    async def _issue(
        self, connection: Connection, donation: ReceivedDonation, draft: Receipt, *, by: str
    ) -> Receipt:
        rules.check_draft(draft)
        rules.check_receiptable(donation)
        # One instant for all of it: waiting for the series must not carry it into another year.
        now = self._clock.now()
        issued_on, year = day_of(now), day_of(now).year
        sequence = await receipts.next_sequence(connection, donation.agency, year=year)
        number = rules.receipt_number(donation.agency, year=year, sequence=sequence)
        code = check_code(await receipts.check_key(connection), number)
        snapshot = await self._snapshot(
            connection, donation, draft, number=number, code=code, issued_on=issued_on
        )
        issue = Issue(year=year, sequence=sequence, at=now, by=by, snapshot=snapshot)
        issued = rules.issue_receipt(draft, issue)
        await receipts.save_issue(connection, issued)
        return issued

    async def _snapshot(
        self,
        connection: Connection,
        donation: ReceivedDonation,
        draft: Receipt,
        *,
        number: str,
        code: str,
        issued_on: date,
    ) -> Snapshot:
        codes = [code for code in (donation.agency, donation.donor.code) if code is not None]
        return rules.snapshot_of(
            donation,
            register=await organisations.read(connection, codes),
            number=number,
            official_bill=draft.official_bill,
            handler=draft.handler,
            replaces=await receipts.last_void(connection, donation.donation_id),
            issued_on=issued_on,
            check_code=code,
            check_url=f"{self._public_url}/{number}?c={code}" if number else "",
        )

    def _drafted(
        self,
        donation: ReceivedDonation,
        *,
        by: str,
        official_bill: OfficialBill | None,
        handler: str | None,
    ) -> Receipt:
        return Receipt(
            receipt_id=uuid7(),
            version=1,
            donation_id=donation.donation_id,
            agency=donation.agency,
            donor_code=donation.donor.code,
            official_bill=official_bill,
            handler=handler,
            drafted_by=by,
            drafted_at=self._clock.now(),
        )
