"""The steps by which each row comes in. A step that was done before is passed over.

So is what was reversed since: who wants it booked again gives it another reference. Every request
says by its Idempotency-Key what is to be done: a step that was carried out although its answer was
lost is not carried out again.
"""

from collections.abc import Sequence
from typing import Final

from fundmix_events.evaluations import Stage

from fundmix_cli.calling.client import Json, ServiceClient, ServiceName
from fundmix_cli.calling.errors import RefusedError
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.city import people
from fundmix_cli.city.checks import ITS_CONTRACT, ContractLines, FundLines
from fundmix_cli.city.evaluating import EvaluationSteps
from fundmix_cli.city.existing import Existing, differences, is_among, read_evaluations
from fundmix_cli.city.files import Line
from fundmix_cli.city.outcome import Outcome
from fundmix_cli.city.rows import (
    ContractRow,
    DonationRow,
    ExpenditureRow,
    Fault,
    InstalmentRow,
    OrganisationRow,
)
from fundmix_cli.claims import Claims

INSTALMENT_TERMS: Final = ("number", "due_on", "amount", "condition")
UNEVALUATED: Final = "its evaluation has an error, or is not in evaluations.csv"


class Steps:
    def __init__(self, client: ServiceClient, existing: Existing, outcome: Outcome) -> None:
        self._client = client
        self._existing = existing
        self._outcome = outcome
        self._evaluations = EvaluationSteps(client, existing, outcome)
        # Where in the registry's topic an organisation stands, for those who need to know it.
        self._positions = {
            code: f"fundmix.registry:{code}:{there['version']}"
            for code, there in existing.organisations.items()
        }

    async def register(self, line: Line[OrganisationRow]) -> None:
        row = line.row
        body = row.json_of()
        if there := self._existing.organisations.get(row.code):
            self._compare(line, body, there)
            return
        try:
            answer = await self._client.post(
                ServiceName.REGISTRY, "/v1/organisations", claims=people.REGISTRAR, body=body
            )
        except RefusedError as error:
            self._outcome.refused(line, error)
            return
        if answer.position:
            self._positions[row.code] = answer.position
        self._outcome.good(line, is_new=True)

    async def load_contract(self, lines: ContractLines) -> None:
        """Sign it; then evaluate, approve and pay, one instalment after the other."""
        there = self._existing.contracts.get(lines.contract.row.number)
        contract = await self._sign(lines) if there is None else self._signed(lines, there)
        if contract is None:
            for line in (*lines.instalments, *lines.evaluations.values()):
                self._outcome.bad(line, [("contract_no", ITS_CONTRACT)])
            return
        published = await read_evaluations(self._client, contract["contract_id"]) if there else {}
        left = dict(lines.evaluations)
        missing = set(Stage)

        async def evaluate(stage: Stage) -> None:
            line = left.pop(stage)
            if await self._evaluations.evaluate(
                line, lines.contract.row, contract, published.get(stage)
            ):
                missing.remove(stage)

        for instalment in lines.instalments:
            condition = instalment.row.condition.value
            if condition in left:
                await evaluate(Stage(condition))
            await self._settle(
                instalment,
                lines.contract.row,
                contract,
                is_new=there is None,
                is_evaluated=condition not in missing,
            )
        for stage in list(left):
            await evaluate(stage)

    async def load_donation(self, line: Line[DonationRow]) -> None:
        row = line.row
        reference = (row.agency, row.reference)
        if self._is_reversed_gift(row):
            self._outcome.left_reversed(line)
            return
        pledge = self._existing.pledges.get(reference)
        donation = self._existing.donations.get(reference)
        if faults := gift_differences(row, pledge, donation):
            self._outcome.bad(line, faults)
            return
        is_to_be_pledged = row.pledged_on is not None and pledge is None
        is_to_be_received = row.received_on is not None and donation is None
        try:
            if is_to_be_pledged:
                pledge = await self._pledge(row)
            if is_to_be_received:
                await self._receive(row, pledge_id=pledge["pledge_id"] if pledge else None)
        except RefusedError as error:
            self._outcome.refused(line, error)
            return
        self._outcome.good(line, is_new=is_to_be_pledged or is_to_be_received)

    async def load_fund(self, lines: FundLines) -> None:
        """What was used of one fund, the oldest first: so the oldest money is used by it."""
        for line in lines.expenditures:
            await self._spend(line, lines.fund_code)

    async def _spend(self, line: Line[ExpenditureRow], fund_code: str) -> None:
        row = line.row
        wanted = row.expenditure(fund_code)
        reference = (row.agency, row.reference)
        there = self._existing.expenditures.get(reference)
        undone = self._existing.reversed_expenditures.get(reference, ())
        if there is None and is_among(wanted, (r["terms"] for r in undone), ExpenditureRow):
            self._outcome.left_reversed(line)
            return
        if there and (faults := list(differences(wanted, there["terms"], ExpenditureRow))):
            self._outcome.bad(line, faults)
            return
        is_to_be_approved = there is None or there["state"] == "prepared"
        try:
            if there is None:
                there = await self._post_ledger(
                    "/v1/expenditures", people.treasurer(row.agency), wanted
                )
            if is_to_be_approved:
                path = f"/v1/requests/{there['request_id']}/approve"
                await self._post_ledger(path, people.accountant(row.agency), {})
        except RefusedError as error:
            self._outcome.refused(line, error)
            return
        self._outcome.good(line, is_new=is_to_be_approved)

    async def _post_ledger(self, path: str, who: Claims, body: Json) -> Json:
        return (await self._client.post(ServiceName.LEDGER, path, claims=who, body=body)).body

    async def _sign(self, lines: ContractLines) -> Json | None:
        line = lines.contract
        instalments = [i.row.json_of(*INSTALMENT_TERMS) for i in lines.instalments]
        try:
            answer = await self._client.post(
                ServiceName.CONTRACTS,
                "/v1/contracts",
                claims=people.approver(line.row.buyer, line.row.payer_level),
                body={**line.row.json_of(), "instalments": instalments},
                after=self._after(line.row.buyer, line.row.agency),
            )
        except RefusedError as error:
            self._outcome.refused(line, error)
            return None
        self._outcome.good(line, is_new=True)
        return answer.body

    def _signed(self, lines: ContractLines, there: Json) -> Json | None:
        is_same = self._compare(lines.contract, lines.contract.row.json_of(), there)
        return there if is_same else None

    async def _settle(
        self,
        line: Line[InstalmentRow],
        contract_row: ContractRow,
        contract: Json,
        *,
        is_new: bool,
        is_evaluated: bool,
    ) -> None:
        row = line.row
        instalments: dict[int, Json] = {i["number"]: i for i in contract["instalments"]}
        there = instalments.get(row.number, {})
        if faults := list(differences(_expected(row, there), there, InstalmentRow)):
            self._outcome.bad(line, faults)
            return
        is_to_be_paid = row.paid_on is not None and there["state"] != "paid"
        is_to_be_approved = is_to_be_paid and there["state"] == "scheduled"
        if is_to_be_approved and not is_evaluated:
            self._outcome.bad(line, [("condition", UNEVALUATED)])
            return
        # Only what stood approved before may have been paid once.
        if is_to_be_paid and not is_to_be_approved and await self._is_reversed(row, contract):
            self._outcome.left_reversed(line)
            return
        try:
            if is_to_be_approved:
                there = await self._approve(row, contract_row, contract)
            if is_to_be_paid:
                await self._pay(row, contract_row, contract, payable=there["payable"])
        except RefusedError as error:
            self._outcome.refused(line, error)
            return
        self._outcome.good(line, is_new=is_new or is_to_be_paid)

    async def _is_reversed(self, row: InstalmentRow, contract: Json) -> bool:
        """Whether just this payment was recorded, and undone."""
        path = f"/v1/contracts/{contract['contract_id']}"
        found = await self._client.get(ServiceName.CONTRACTS, path, claims=AUDITOR)
        undone = [r for r in found["reversals"] if r["instalment_number"] == row.number]
        return is_among(row.json_of("paid_on", "bank_reference"), undone, InstalmentRow)

    async def _approve(self, row: InstalmentRow, contract_row: ContractRow, contract: Json) -> Json:
        """The instalment as it then is; where the file says what was paid, it must be that."""
        answer = await self._client.post(
            ServiceName.CONTRACTS,
            f"/v1/contracts/{contract['contract_id']}/instalments/{row.number}/approve",
            claims=people.approver(contract_row.buyer, contract_row.payer_level),
            body={"payable": row.json_of("paid_amount")["paid_amount"]},
        )
        return next(i for i in answer.body["instalments"] if i["number"] == row.number)

    async def _pay(
        self, row: InstalmentRow, contract_row: ContractRow, contract: Json, *, payable: Json
    ) -> None:
        await self._client.post(
            ServiceName.CONTRACTS,
            f"/v1/contracts/{contract['contract_id']}/instalments/{row.number}/pay",
            claims=people.payer(contract_row.buyer, contract_row.payer_level),
            body={"amount": payable, **row.json_of("paid_on", "bank_reference")},
        )

    async def _pledge(self, row: DonationRow) -> Json:
        answer = await self._client.post(
            ServiceName.DONATIONS,
            "/v1/pledges",
            claims=people.pledger(row.donor_code, agency=row.agency),
            body=row.pledge(),
            after=self._after(row.agency, row.donor_code),
        )
        return answer.body

    async def _receive(self, row: DonationRow, *, pledge_id: str | None) -> None:
        await self._client.post(
            ServiceName.DONATIONS,
            "/v1/donations",
            claims=people.treasurer(row.agency),
            body={**row.donation(), "pledge_id": pledge_id},
            after=self._after(row.agency, row.donor_code),
        )

    def _is_reversed_gift(self, row: DonationRow) -> bool:
        """What was received just so and undone; or promised just so and undone, and not received.

        What stands under its reference now has come after it.
        """
        reference = (row.agency, row.reference)
        if reference in self._existing.donations:
            return False
        received = self._existing.reversed_donations.get(reference, ())
        if row.received_on is not None and is_among(row.donation(), received, DonationRow):
            return True
        promised = self._existing.reversed_pledges.get(reference, ())
        return (
            row.pledged_on is not None
            and reference not in self._existing.pledges
            and is_among(row.pledge(), promised, DonationRow)
        )

    def _after(self, *codes: str | None) -> Sequence[str]:
        return [self._positions[code] for code in codes if code in self._positions]

    def _compare(
        self, line: Line[OrganisationRow] | Line[ContractRow], wanted: Json, there: Json
    ) -> bool:
        if faults := list(differences(wanted, there, type(line.row))):
            self._outcome.bad(line, faults)
        else:
            self._outcome.good(line, is_new=False)
        return not faults


def gift_differences(row: DonationRow, pledge: Json | None, donation: Json | None) -> list[Fault]:
    """What is there of a gift must be as in the file; what is not there yet is no difference.

    But a donation without its pledge is one: a pledge made now would stay open for ever.
    """
    faults = [
        *(differences(row.pledge(), pledge, DonationRow) if pledge else ()),
        *(differences(row.donation(), donation, DonationRow) if donation else ()),
    ]
    if donation and not pledge and row.pledged_on:
        faults.append(("pledged_on", f"the file has {row.pledged_on}, the system no pledge"))
    # Most fields are those of both.
    return list(dict.fromkeys(faults))


def _expected(row: InstalmentRow, there: Json) -> Json:
    """What an instalment in its present state must have for the file to be right."""
    terms = row.json_of(*INSTALMENT_TERMS)
    payable = row.json_of("paid_amount")["paid_amount"]
    if payable and there.get("state") in ("approved", "paid"):
        terms["payable"] = payable
    if there.get("state") == "paid":
        terms |= row.json_of("paid_on", "bank_reference")
    return terms
