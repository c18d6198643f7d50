"""What the lines of reports are called in both languages: one table, with a version.

After the accounting system for private non-profit organisations, 民间非营利组织会计制度.
"""

from typing import Final, NamedTuple

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

LABELS_VERSION: Final = 1


class Label(NamedTuple):
    zh: str
    en: str


CODE_LABELS: Final[dict[AccountCode, Label]] = {
    AccountCode.BANK: Label("货币资金", "Cash at bank"),
    AccountCode.RECEIVABLE: Label("应收款项", "Receivables"),
    AccountCode.IN_KIND: Label("存货（捐赠实物）", "Donated goods"),
    AccountCode.FIXED_ASSETS: Label("固定资产", "Fixed assets"),
    AccountCode.AGENCY_ASSETS: Label("受托代理资产", "Assets held for others"),
    AccountCode.ADVANCE_RECEIVED: Label("预收账款", "Advances received"),
    AccountCode.PAYABLE: Label("应付款项", "Payables"),
    AccountCode.PAYROLL_TAX: Label("应付工资及应交税金", "Wages and taxes payable"),
    AccountCode.BORROWING: Label("借款", "Borrowing"),
    AccountCode.AGENCY_LIABILITIES: Label("受托代理负债", "Liabilities for assets held for others"),
    AccountCode.SERVICE_INCOME: Label("提供服务收入", "Service income"),
    AccountCode.DONATION_INCOME: Label("捐赠收入", "Donations"),
    AccountCode.SUBSIDY_INCOME: Label("政府补助收入", "Government subsidies"),
    AccountCode.DUES_INCOME: Label("会费收入", "Membership dues"),
    AccountCode.SALES_INCOME: Label("商品销售收入", "Sales"),
    AccountCode.INVESTMENT_INCOME: Label("投资收益", "Investment income"),
    AccountCode.OTHER_INCOME: Label("其他收入", "Other income"),
    AccountCode.PROGRAMME_EXPENSES: Label("业务活动成本", "Programme expenses"),
    AccountCode.MANAGEMENT_EXPENSES: Label("管理费用", "Management expenses"),
    AccountCode.FUNDRAISING_EXPENSES: Label("筹资费用", "Fundraising expenses"),
    AccountCode.OTHER_EXPENSES: Label("其他费用", "Other expenses"),
    AccountCode.RESTRICTED: Label("限定性净资产", "Restricted net assets"),
    AccountCode.UNRESTRICTED: Label("非限定性净资产", "Unrestricted net assets"),
    AccountCode.CONTRACT_COMMITMENT: Label("合同承诺（备查）", "Contract commitments (memo)"),
    AccountCode.CONTRACT_COMMITMENT_COUNTER: Label(
        "合同承诺对方（备查）", "Contract commitments, counter (memo)"
    ),
    AccountCode.PLEDGE_COMMITMENT: Label("认捐（备查）", "Pledges (memo)"),
    AccountCode.PLEDGE_COMMITMENT_COUNTER: Label("认捐对方（备查）", "Pledges, counter (memo)"),
}

CHANNEL_LABELS: Final[dict[Channel, Label]] = {
    Channel.GOVERNMENT: Label("财政", "Government"),
    Channel.ENTERPRISE: Label("企业", "Enterprises"),
    Channel.FOUNDATION: Label("基金会", "Foundations"),
    Channel.UNIVERSITY: Label("高校", "Universities"),
    Channel.INDIVIDUAL: Label("个人", "Individuals"),
    Channel.OWN: Label("自有", "Own"),
    Channel.OTHER: Label("其他", "Other"),
}

LINE_LABELS: Final[dict[str, Label]] = {
    **{code.value: label for code, label in CODE_LABELS.items()},
    **{channel.value: label for channel, label in CHANNEL_LABELS.items()},
    **{
        f"carried_in:{channel}": Label(f"上年结转·{label.zh}", f"Carried in, {label.en.lower()}")
        for channel, label in CHANNEL_LABELS.items()
    },
    "total_assets": Label("资产合计", "Total assets"),
    "total_liabilities": Label("负债合计", "Total liabilities"),
    "total_net_assets": Label("净资产合计", "Total net assets"),
    "total_liabilities_and_net_assets": Label(
        "负债和净资产总计", "Total liabilities and net assets"
    ),
    "total_income": Label("收入合计", "Total income"),
    "releases": Label("限定性净资产转为非限定性净资产", "Restrictions met (releases)"),
    "total_expenses": Label("费用合计", "Total expenses"),
    "opening_balances": Label("期初余额", "Opening balances entered"),
    "other_changes": Label("其他净资产变动", "Other changes of net assets"),
    "change_of_net_assets": Label("净资产变动额", "Change of net assets"),
    "advance": Label("垫付", "Advanced by agencies"),
    "other_in": Label("其他流入", "Other movements in"),
    "expenses_returned": Label("费用退回", "Expenses returned"),
    "returned": Label("退回", "Returned to payers"),
    "left_over": Label("结转下年", "Left over, carried forward"),
    "advance_repaid": Label("归还垫付", "Earlier advances repaid"),
    "other_out": Label("其他流出", "Other movements out"),
    "general": Label("非限定资金", "General funds"),
    "contract": Label("合同资金", "Contract funds"),
    "purpose": Label("限定用途资金", "Purpose funds"),
}


POOLED_NOTE: Final = Label(
    "来自多个渠道的资金：其用途按先到先用拆分到各渠道。",
    "Funds of several channels: what they were used for is split by channel, oldest money first.",
)


class Title(NamedTuple):
    """Books without opening balances say nothing of what an agency had before."""

    is_management_view: bool
    zh: str
    en: str


STATEMENT: Final = Title(is_management_view=False, zh="会计报表", en="Financial statement")
MANAGEMENT_VIEW: Final = Title(is_management_view=True, zh="管理口径", en="Management view")
