"""The questions behind figures: the query of `GET /v1/why` that lists the entries of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from fundmix_events.channel import Channel
from fundmix_events.contracts import ContractSigned
from fundmix_events.goals import Basis
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.reading import CONTRACT_RECEIPT_KINDS, Facts
from ledger_svc.domain.selections import RECEIPT_KINDS, Side

PATH: Final = "/v1/why"
INCOME_CODES: Final = tuple(code for code in AccountCode if code.group == "income")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Whose figures they are, and of which days."""

    agency: str | None
    first: date
    last: date
    as_of: date | None

    def income(self, basis: Basis, channel: Channel | None = None) -> str:
        if basis is Basis.RECEIVED:
            return self.of(codes=(AccountCode.BANK,), kinds=RECEIPT_KINDS, channel=channel)
        codes = (*INCOME_CODES, AccountCode.IN_KIND)
        return self.of(codes=codes, channel=channel, is_credit=True)

    def contracts(self, basis: Basis) -> str:
        if basis is Basis.RECEIVED:
            kinds = sorted(CONTRACT_RECEIPT_KINDS)
            return self.of(codes=(AccountCode.BANK,), kinds=kinds, channel=Channel.GOVERNMENT)
        codes = (AccountCode.SERVICE_INCOME,)
        return self.of(codes=codes, channel=Channel.GOVERNMENT, is_credit=True)

    def subsidies(self, basis: Basis) -> str:
        if basis is Basis.RECEIVED:
            kinds = [kind for kind in RECEIPT_KINDS if kind not in CONTRACT_RECEIPT_KINDS]
            return self.of(codes=(AccountCode.BANK,), kinds=kinds, channel=Channel.GOVERNMENT)
        codes = [code for code in INCOME_CODES if code is not AccountCode.SERVICE_INCOME]
        return self.of(codes=codes, channel=Channel.GOVERNMENT, is_credit=True)

    def goods(self) -> str:
        return self.of(codes=(AccountCode.IN_KIND,), kinds=RECEIPT_KINDS)

    def signed(self) -> str:
        return self.of(
            codes=(AccountCode.CONTRACT_COMMITMENT,),
            kinds=(ContractSigned.type,),
            channel=Channel.GOVERNMENT,
        )

    def promised(self, channel: Channel | None = None) -> str:
        """What contracts promise and have not paid, from the beginning on."""
        codes = (AccountCode.CONTRACT_COMMITMENT,)
        return self.of(codes=codes, channel=channel, is_standing=True)

    def standing(self, code: AccountCode) -> str:
        return self.of(codes=(code,), is_standing=True)

    def of(
        self,
        *,
        codes: Sequence[AccountCode],
        kinds: Sequence[str] = (),
        channel: Channel | None = None,
        is_standing: bool = False,
        is_credit: bool = False,
    ) -> str:
        """`is_standing`: a balance, which all days before have made; `is_credit`: of income."""
        asked: list[tuple[str, str]] = [("code", code.value) for code in codes]
        asked += [("kind", kind) for kind in kinds]
        if self.agency is not None:
            asked.append(("agency", self.agency))
        if channel is not None:
            asked.append(("channel", channel.value))
        if not is_standing:
            asked.append(("value_from", self.first.isoformat()))
        asked.append(("value_to", self.last.isoformat()))
        if self.as_of is not None:
            asked.append(("as_of", self.as_of.isoformat()))
        if is_credit:
            asked.append(("counted_as", Side.CREDIT.value))
        return f"{PATH}?{urlencode(asked)}"


def asking(facts: Facts, *, agency: str | None) -> Asking:
    return Asking(agency=agency, first=date(facts.year, 1, 1), last=facts.until, as_of=facts.as_of)


def asking_last_year(facts: Facts, *, agency: str | None, last: date) -> Asking:
    first = date(facts.year - 1, 1, 1)
    return Asking(agency=agency, first=first, last=last, as_of=facts.as_of)
