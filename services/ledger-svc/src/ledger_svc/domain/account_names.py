"""Names of accounts in plain-text accounting: one for each account, and back again.

`Assets:Bank:52441900AJC6XAY6DW:Contract-DG--2024--0001:Government` is code, agency, fund and
channel. A component of beancount begins with an upper-case letter or a digit and goes on with
letters, digits and hyphens; hledger takes all that beancount does. What people have typed keeps its
ASCII letters, digits and common Chinese characters; a hyphen is doubled, and any other character
becomes its hexadecimal code point between two hyphens: `A/B` is `A-2F-B`.
"""

import re
from typing import Final, NamedTuple

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.funds import FundKind, kind_of

OPENING_BALANCES: Final = "Equity:Opening-Balances"
ROOT_BY_GROUP: Final = {
    "assets": "Assets",
    "liabilities": "Liabilities",
    "income": "Income",
    "expenses": "Expenses",
    "net_assets": "Equity:NetAssets",
    "commitments": "Equity:Memo",
}
# Letters in every Unicode of the last thirty years: what reads the name may be older than we are.
KEPT_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9\u4e00-\u9fa5]")
ESCAPED: Final = re.compile(r"--|-([0-9A-F]+)-")


class AccountParts(NamedTuple):
    agency: str
    code: AccountCode
    fund_code: str
    channel: Channel


def account_name(agency: str, code: AccountCode, fund_code: str, channel: Channel) -> str:
    parts = (_code_name(code), agency, _fund_name(fund_code), channel.value.capitalize())
    return ":".join(parts)


def account_of(name: str) -> AccountParts:
    """Raises KeyError and ValueError where the name is none of ours."""
    *code, agency, fund, channel = name.split(":")
    return AccountParts(
        agency=agency,
        code=CODE_BY_NAME[":".join(code)],
        fund_code=_fund_code(fund),
        channel=Channel(channel.lower()),
    )


def escape(text: str) -> str:
    return "".join(c if KEPT_AS_IT_IS.fullmatch(c) else _escaped(c) for c in text)


def unescape(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "-", text)


def _escaped(character: str) -> str:
    return "--" if character == "-" else f"-{ord(character):X}-"


def _fund_name(fund_code: str) -> str:
    kind, _, rest = fund_code.partition(":")
    name = kind.capitalize()
    return name if kind_of(fund_code) is FundKind.GENERAL else f"{name}-{escape(rest)}"


def _fund_code(name: str) -> str:
    kind, separator, rest = name.partition("-")
    return f"{kind.lower()}:{unescape(rest)}" if separator else kind.lower()


def _code_name(code: AccountCode) -> str:
    words = code.value.partition(":")[2].split("_")
    return f"{ROOT_BY_GROUP[code.group]}:{''.join(word.capitalize() for word in words)}"


CODE_BY_NAME: Final = {_code_name(code): code for code in AccountCode}
