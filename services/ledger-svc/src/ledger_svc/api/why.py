"""The questions behind figures: what to ask to see the entries or the instalments of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from fundmix_events.channel import Channel
from fundmix_events.contracts import ContractAmended, ContractSigned
from fundmix_events.goals import Basis
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.funds import contract_fund
from ledger_svc.domain.measures import Spread
from ledger_svc.domain.reading import CONTRACT_RECEIPT_KINDS, Facts
from ledger_svc.domain.selections import RECEIPT_KINDS, Selection, Side, Why

DUE_INSTALMENTS: Final = "/v1/due-instalments"
INCOME_CODES: Final = tuple(code for code in AccountCode if code.group == "income")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Whose figures they are, and of which days; as booked, of their months."""

    agency: str | None
    first: date
    last: date
    as_of: date | None
    is_booked: bool = False

    def income(self, basis: Basis, channel: Channel | None = None) -> Why:
        if basis is Basis.RECEIVED:
            return self.of(codes=(AccountCode.BANK,), kinds=RECEIPT_KINDS, channel=channel)
        return self._earned(INCOME_CODES, channel)

    def total(self, basis: Basis, spread: Spread[Channel]) -> Why:
        """Of the channels that have income; what another took back beyond is in no total."""
        if not spread.negative:
            return self.income(basis)
        giving = (channel for channel, amount in sorted(spread.net.items()) if amount > 0)
        return tuple(path for channel in giving for path in self.income(basis, channel))

    def contracts(self, basis: Basis) -> Why:
        if basis is Basis.RECEIVED:
            kinds = sorted(CONTRACT_RECEIPT_KINDS)
            return self.of(codes=(AccountCode.BANK,), kinds=kinds, channel=Channel.GOVERNMENT)
        codes = (AccountCode.SERVICE_INCOME,)
        return self.of(codes=codes, channel=Channel.GOVERNMENT, is_credit=True)

    def subsidies(self, basis: Basis) -> Why:
        if basis is Basis.RECEIVED:
            kinds = [kind for kind in RECEIPT_KINDS if kind not in CONTRACT_RECEIPT_KINDS]
            return self.of(codes=(AccountCode.BANK,), kinds=kinds, channel=Channel.GOVERNMENT)
        codes = [code for code in INCOME_CODES if code is not AccountCode.SERVICE_INCOME]
        return self._earned(codes, Channel.GOVERNMENT)

    def goods(self) -> Why:
        return self.of(codes=(AccountCode.IN_KIND,), kinds=RECEIPT_KINDS)

    def paid_by(self, payer: str) -> Why:
        return self.of(codes=(AccountCode.BANK,), payer=payer)

    def signed(self) -> Why:
        return self.of(
            codes=(AccountCode.CONTRACT_COMMITMENT,),
            kinds=(ContractSigned.type,),
            channel=Channel.GOVERNMENT,
        )

    def standing(self, code: AccountCode, *, is_credit: bool = False) -> Why:
        """A balance, which all days before have made."""
        return self.of(codes=(code,), is_standing=True, is_credit=is_credit)

    def of(
        self,
        *,
        codes: Sequence[AccountCode],
        kinds: Sequence[str] = (),
        channel: Channel | None = None,
        payer: str | None = None,
        is_standing: bool = False,
        is_credit: bool = False,
    ) -> Why:
        """`is_credit`: of income, and of what is owed."""
        asked = Selection(
            agency=self.agency,
            codes=tuple(codes),
            kinds=tuple(kinds),
            channel=channel,
            payer=payer,
            as_of=self.as_of,
            counted_as=Side.CREDIT if is_credit else Side.DEBIT,
        )
        if is_standing:
            return (asked.up_to(self.last, is_booked=self.is_booked).why,)
        return (asked.within(self.first, self.last, is_booked=self.is_booked).why,)

    def _earned(self, codes: Sequence[AccountCode], channel: Channel | None) -> Why:
        """Goods are income when they come, and taken out of it again: they stand beside it."""
        return (
            *self.of(codes=codes, channel=channel, is_credit=True),
            *self.of(
                codes=(AccountCode.IN_KIND,), kinds=RECEIPT_KINDS, channel=channel, is_credit=True
            ),
        )


def asking(facts: Facts, *, agency: str | None) -> Asking:
    return Asking(agency=agency, first=date(facts.year, 1, 1), last=facts.until, as_of=facts.as_of)


def asking_last_year(facts: Facts, *, agency: str | None, last: date) -> Asking:
    first = date(facts.year - 1, 1, 1)
    return Asking(agency=agency, first=first, last=last, as_of=facts.as_of)


def due(facts: Facts, *, agency: str | None, channel: Channel | None, last_due_on: date) -> Why:
    """What was not paid on the day that is read, and was due by another: instalments."""
    named = {
        "on": facts.on,
        "due_to": last_due_on,
        "as_of": facts.as_of,
        "agency": agency,
        "channel": channel,
    }
    asked = {name: str(value) for name, value in named.items() if value is not None}
    return (f"{DUE_INSTALMENTS}?{urlencode(asked)}",)


def promised(*, agency: str, contract_number: str, on: date) -> Why:
    """What a contract had promised and not paid on a day."""
    return (_promise(agency, contract_number, on).why,)


def agreed(*, agency: str, contract_number: str, on: date) -> Why:
    """What a contract had promised on a day, as it was signed and amended."""
    kinds = (ContractSigned.type, ContractAmended.type)
    return (_promise(agency, contract_number, on, kinds).why,)


def _promise(agency: str, contract_number: str, on: date, kinds: tuple[str, ...] = ()) -> Selection:
    return Selection(
        agency=agency,
        codes=(AccountCode.CONTRACT_COMMITMENT,),
        fund_code=contract_fund(contract_number),
        kinds=kinds,
        value_to=on,
    )
