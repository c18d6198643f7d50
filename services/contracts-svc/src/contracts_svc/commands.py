"""What contracts-svc does when asked: each function inside one transaction of its caller."""

from datetime import date
from uuid import UUID

from fundmix_events.money import Money
from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from contracts_svc.domain import contract as rules
from contracts_svc.domain.contract import Contract, Terms
from contracts_svc.domain.errors import UnknownOrganisationError
from contracts_svc.storage import contracts, organisations


class Commands:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def sign_contract(
        self, connection: Connection, origin: Origin, terms: Terms, *, buyer: str, agency: str
    ) -> Contract:
        """Raises UnknownOrganisationError, ContractNumberTakenError, and the domain's refusals."""
        parties = await organisations.read(connection, [buyer, agency])
        contract, event = rules.sign_contract(
            terms,
            contract_id=uuid7(),
            buyer=_party(parties, buyer, pointer="/buyer"),
            agency=_party(parties, agency, pointer="/agency"),
            today=self._clock.today(),
        )
        await contracts.insert(connection, contract, terms, recorded_at=self._clock.now())
        await self._outbox.append(connection, event, origin)
        return contract

    async def approve_instalment(
        self,
        connection: Connection,
        origin: Origin,
        contract_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
        instalment_number: int,
        deduction: Money,
    ) -> Contract:
        """Raises ContractNotFoundError, ForeignRowError, and the domain's refusals."""
        before = await _load(connection, contract_id, access, expected_version)
        after, event = rules.approve_instalment(
            before,
            instalment_number=instalment_number,
            deduction=deduction,
            approved_by=origin.actor.subject,
            approved_on=self._clock.today(),
        )
        await contracts.save_instalment(connection, after, number=instalment_number)
        await self._outbox.append(connection, event, origin)
        return after

    async def pay_instalment(
        self,
        connection: Connection,
        origin: Origin,
        contract_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
        instalment_number: int,
        amount: Money,
        paid_on: date,
        bank_reference: str,
    ) -> Contract:
        """Raises ContractNotFoundError, ForeignRowError, and the domain's refusals."""
        before = await _load(connection, contract_id, access, expected_version)
        after, event = rules.pay_instalment(
            before,
            instalment_number=instalment_number,
            amount=amount,
            paid_on=paid_on,
            bank_reference=bank_reference,
            paid_by=origin.actor.subject,
            today=self._clock.today(),
        )
        await contracts.save_instalment(connection, after, number=instalment_number)
        await self._outbox.append(connection, event, origin)
        return after


async def _load(
    connection: Connection, contract_id: UUID, access: Access, expected_version: int | None
) -> Contract:
    contract = await contracts.load_for_update(connection, contract_id)
    access.require_own(contract.buyer)
    access.require_level(contract.payer_level)
    check_version(contract.version, expected=expected_version)
    return contract


def _party(parties: dict[str, Organisation], code: str, *, pointer: str) -> Organisation:
    if code not in parties:
        raise UnknownOrganisationError(f"{code} is not in the register", pointer=pointer)
    return parties[code]
