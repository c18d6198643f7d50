"""What every route of a contract does the same: whom it is about, and where it then stands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from uuid import UUID

from fastapi import Request, Response
from fundmix_events import topics
from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.etag import expected_version
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access
from fundmix_kit.replicas import Position

from contracts_svc.api.bodies import (
    ContractSummaryOut,
    contract_summary,
    signed_out,
)
from contracts_svc.commands import Target
from contracts_svc.domain.contract import Contract

Act = Callable[[Connection, Origin, Target], Awaitable[Contract]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractActions:
    """Runs what is done to a contract, and answers where it then stands."""

    runner: CommandRunner
    clock: Clock

    async def run(
        self,
        request: Request,
        access: Access,
        contract_id: UUID,
        act: Act,
        *,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await act(connection, origin, target(request, access, contract_id))
            return answer(contract, today=self.clock.today())

        return await self.runner.run(request, access, command, status=status)


def target(request: Request, access: Access, contract_id: UUID) -> Target:
    return Target(
        contract_id=contract_id,
        access=access,
        expected_version=expected_version(request, required=False),
    )


def answer(contract: Contract, *, today: date) -> Answer:
    return _answer(contract, contract_summary(contract, today=today))


def signed_answer(contract: Contract, agency: Organisation, *, today: date) -> Answer:
    return _answer(contract, signed_out(contract, agency, today=today))


def _answer(contract: Contract, body: ContractSummaryOut) -> Answer:
    key = str(contract.contract_id)
    return Answer(
        body=body,
        version=contract.version,
        positions=[Position(topic=topics.CONTRACTS, key=key, version=contract.version)],
        location=f"/v1/contracts/{key}",
    )
