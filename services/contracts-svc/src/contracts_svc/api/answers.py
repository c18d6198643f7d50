"""What every route of a contract does the same: whom it is about, and where it then stands."""

from datetime import date
from uuid import UUID

from fastapi import Request
from fundmix_events import topics
from fundmix_events.registry import Organisation
from fundmix_kit.commands import Answer
from fundmix_kit.etag import expected_version
from fundmix_kit.policy import Access
from fundmix_kit.replicas import Position

from contracts_svc.api.bodies import (
    ContractSummaryOut,
    SignedOut,
    contract_summary,
    standing_out,
)
from contracts_svc.commands import Target
from contracts_svc.domain.contract import Contract


def target(request: Request, access: Access, contract_id: UUID) -> Target:
    return Target(
        contract_id=contract_id,
        access=access,
        expected_version=expected_version(request, required=False),
    )


def answer(contract: Contract, *, today: date) -> Answer:
    return _answer(contract, contract_summary(contract, today=today))


def signed_answer(contract: Contract, agency: Organisation, *, today: date) -> Answer:
    summary = contract_summary(contract, today=today)
    standing = standing_out(agency, signed_on=contract.signed_on)
    return _answer(contract, SignedOut(**dict(summary), agency_standing=standing))


def _answer(contract: Contract, body: ContractSummaryOut) -> Answer:
    key = str(contract.contract_id)
    return Answer(
        body=body,
        version=contract.version,
        positions=[Position(topic=topics.CONTRACTS, key=key, version=contract.version)],
        location=f"/v1/contracts/{key}",
    )
