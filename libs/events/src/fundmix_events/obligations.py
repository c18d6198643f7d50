"""Events about the clocks of a contract: what the law wants done by a day, and whether it was."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from fundmix_events.contracts import ContractEvent
from fundmix_events.day import Day


class ObligationKind(StrEnum):
    """What a party has to do by a day."""

    PUBLISH_CONTRACT = "publish_contract"
    FILE_CONTRACT = "file_contract"
    PUBLISH_AMENDMENT = "publish_amendment"
    PUBLISH_ACCEPTANCE = "publish_acceptance"
    PAY_INSTALMENT = "pay_instalment"
    PAY_BACK = "pay_back"


class ObligationEvent(ContractEvent):
    """`reference` is the number of the amendment, acceptance, instalment or recovery; else 0."""

    kind: ObligationKind
    reference: int = Field(ge=0)
    due_on: Day


class ObligationMet(ObligationEvent):
    """Something was published or filed; late when `met_on` is after `due_on`."""

    type: ClassVar[str] = "contracts.obligation_met"

    met_on: Day


class ObligationOverdue(ObligationEvent):
    """The day has passed, and what was due on it is not done. Said once of each."""

    type: ClassVar[str] = "contracts.obligation_overdue"
