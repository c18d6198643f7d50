"""The steps by which an evaluation comes in, and by which what was delivered is accepted with it.

A step that was done before is passed over; one that was cut off is begun again.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from fundmix_events.evaluations import Dimension, Stage

from fundmix_cli.calling.client import Json, ServiceClient, ServiceName
from fundmix_cli.calling.errors import RefusedError
from fundmix_cli.city import people
from fundmix_cli.city.existing import ONLY_ACCEPTANCE, Existing
from fundmix_cli.city.files import Line
from fundmix_cli.city.outcome import Outcome
from fundmix_cli.city.rows import ContractRow, EvaluationRow, Fault
from fundmix_cli.claims import Claims

COLUMN_BY_DIMENSION: Final = {
    Dimension.PROFESSIONAL: "professional_score",
    Dimension.BUYER: "buyer_score",
    Dimension.SELF: "self_score",
    Dimension.RECIPIENTS: "recipient_score",
}


class EvaluationSteps:
    def __init__(self, client: ServiceClient, existing: Existing, outcome: Outcome) -> None:
        self._client = client
        self._existing = existing
        self._outcome = outcome

    async def evaluate(
        self,
        line: Line[EvaluationRow],
        contract_row: ContractRow,
        contract: Json,
        published: Json | None,
    ) -> bool:
        """Whether it is published as in the file; `published` is what was before this load."""
        row = line.row
        if published and (faults := list(evaluation_differences(row, published))):
            self._outcome.bad(line, faults)
            return False
        is_new = published is None
        try:
            if published is None:
                published = await self._score_and_publish(row, contract_row, contract)
            if is_waiting_for_agency(published):
                await self._post(contract, row, "accept", people.manager(contract_row.agency), {})
                is_new = True
            if row.stage is Stage.FINAL and await self._accept(row, contract_row, contract):
                is_new = True
        except RefusedError as error:
            self._outcome.refused(line, error)
            return False
        self._outcome.good(line, is_new=is_new)
        return True

    async def _score_and_publish(
        self, row: EvaluationRow, contract_row: ContractRow, contract: Json
    ) -> Json:
        supervisor = people.supervisor(contract_row.buyer, contract_row.payer_level)
        scorer_by_dimension = {
            Dimension.PROFESSIONAL: people.EVALUATOR,
            Dimension.BUYER: supervisor,
            Dimension.SELF: people.manager(contract_row.agency),
        }
        points = {dimension: str(given) for dimension, given in row.points_by_dimension.items()}
        for dimension, scorer in scorer_by_dimension.items():
            score = {"dimension": dimension.value, "score": points[dimension]}
            await self._post(contract, row, "scores", scorer, score)
        rating = {"score": points[Dimension.RECIPIENTS], "count": row.recipients_surveyed}
        await self._post(contract, row, "ratings", supervisor, {"ratings": [rating]})
        day = row.evaluated_on.isoformat()
        published = {"evaluated_on": day, "published_on": day}
        return await self._post(contract, row, "publish", supervisor, published)

    async def _accept(self, row: EvaluationRow, contract_row: ContractRow, contract: Json) -> bool:
        """Have what was agreed delivered, accepted and published; whether anything was to do."""
        agreed: Json = contract["lines"][0]
        supervisor = people.supervisor(contract_row.buyer, contract_row.payer_level)
        path = f"/v1/contracts/{contract['contract_id']}"
        day = row.evaluated_on.isoformat()
        part = {"line_number": agreed["number"], "quantity": agreed["quantity"]}
        if agreed["delivered"] == 0:
            delivery = {**part, "delivered_on": day, "place": contract_row.town}
            manager = people.manager(contract_row.agency)
            await self._send(f"{path}/deliveries", manager, delivery)
        is_accepted = agreed["accepted"] > 0
        if not is_accepted:
            counts = ("recipients_invited", "sample_size", "responses")
            asked = dict.fromkeys(counts, row.recipients_surveyed)
            acceptance = {**part, "accepted_on": day, **asked}
            await self._send(f"{path}/acceptances", supervisor, acceptance)
        is_published = (contract_row.number, ONLY_ACCEPTANCE) not in self._existing.unpublished
        if is_accepted and is_published:
            return False
        result = {"kind": "publish_acceptance", "reference": ONLY_ACCEPTANCE, "met_on": day}
        await self._send(f"{path}/publications", supervisor, result)
        return True

    async def _post(
        self, contract: Json, row: EvaluationRow, step: str, who: Claims, body: Json
    ) -> Json:
        path = f"/v1/contracts/{contract['contract_id']}/evaluations/{row.stage}/{step}"
        return await self._send(path, who, body)

    async def _send(self, path: str, who: Claims, body: Json) -> Json:
        return (await self._client.post(ServiceName.CONTRACTS, path, claims=who, body=body)).body


def is_waiting_for_agency(published: Json) -> bool:
    """A deduction is proposed, and nobody has answered it."""
    return bool(published["is_outcome_open"]) and published["objection"] is None


def evaluation_differences(row: EvaluationRow, published: Json) -> Iterator[Fault]:
    """The columns in which a published evaluation is not what the file says."""
    if published["evaluated_on"] != row.evaluated_on.isoformat():
        day = published["evaluated_on"]
        yield "evaluated_on", f"the file has {row.evaluated_on}, the system {day}"
    wanted = row.points_by_dimension
    for found in published["dimensions"]:
        dimension = Dimension(found["dimension"])
        if Decimal(found["mean"]) != wanted[dimension]:
            column = COLUMN_BY_DIMENSION[dimension]
            yield column, f"the file has {wanted[dimension]}, the system {found['mean']}"
        if dimension is Dimension.RECIPIENTS and found["count"] != row.recipients_surveyed:
            people_there = f"the file has {row.recipients_surveyed}, the system {found['count']}"
            yield "recipients_surveyed", people_there
