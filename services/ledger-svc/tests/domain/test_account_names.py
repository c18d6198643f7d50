"""Names of accounts in exports: beancount takes each, and each says which account it is."""

from typing import Final

import pytest
from beancount.core.account import is_valid
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.testing.samples import AGENCY
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.account_names import OPENING_BALANCES, account_name, account_of

FUND_CODES: Final = st.just("general") | st.builds(
    "{}:{}".format,
    st.sampled_from(["contract", "purpose"]),
    st.text(min_size=1, max_size=70) | st.text("-A2F:", min_size=1),
)


@given(code=st.sampled_from(AccountCode), fund_code=FUND_CODES, channel=st.sampled_from(Channel))
def test_a_name_is_valid_and_leads_back_to_its_account(
    code: AccountCode, fund_code: str, channel: Channel
) -> None:
    name = account_name(AGENCY, code, fund_code, channel)

    assert is_valid(name)
    assert account_of(name) == (AGENCY, code, fund_code, channel)
    assert name != OPENING_BALANCES


@given(one=FUND_CODES, other=FUND_CODES)
def test_two_funds_never_have_one_name(one: str, other: str) -> None:
    names = {account_name(AGENCY, AccountCode.BANK, fund, Channel.OWN) for fund in (one, other)}

    assert len(names) == len({one, other})


@pytest.mark.parametrize(
    ("fund_code", "component"),
    [
        ("general", "General"),
        ("contract:DG-2024-0001", "Contract-DG--2024--0001"),
        ("purpose:长者助餐", "Purpose-长者助餐"),
        ("purpose:a/b c", "Purpose-a-2F-b-20-c"),
        ("purpose:general", "Purpose-general"),
    ],
)
def test_a_fund_is_known_by_its_name(fund_code: str, component: str) -> None:
    name = account_name(AGENCY, AccountCode.IN_KIND, fund_code, Channel.GOVERNMENT)

    assert name == f"Assets:InKind:{AGENCY}:{component}:Government"


@pytest.mark.parametrize(
    ("code", "beginning"),
    [
        (AccountCode.RESTRICTED, "Equity:NetAssets:Restricted"),
        (AccountCode.CONTRACT_COMMITMENT_COUNTER, "Equity:Memo:ContractCounter"),
        (AccountCode.ADVANCE_RECEIVED, "Liabilities:AdvanceReceived"),
    ],
)
def test_codes_stand_under_the_five_roots_that_the_programs_know(
    code: AccountCode, beginning: str
) -> None:
    assert account_name(AGENCY, code, "general", Channel.OWN).startswith(f"{beginning}:{AGENCY}")
