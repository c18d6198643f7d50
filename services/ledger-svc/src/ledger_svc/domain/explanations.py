"""Why an entry was posted, in one sentence for each kind: the rules of `posting_rules` in words."""

from typing import Final

from fundmix_events.contracts import (
    ContractAmended,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    InstalmentApproved,
    InstalmentPaid,
    PaymentReversed,
    RecoveryReceived,
)
from fundmix_events.donations import (
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    PledgeCancelled,
    PledgeMade,
    PurposeChanged,
)
from fundmix_events.ledger_requests import (
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)

from ledger_svc.domain.journal import INCOME_REVERSED, OPENING_BALANCE_REVERSED
from ledger_svc.domain.labels import Label

EXPLANATIONS: Final[dict[str, Label]] = {
    ContractSigned.type: Label(
        "合同承诺记入备查账户", "A promise to pay stands in memo accounts, in no statement"
    ),
    ContractAmended.type: Label(
        "承诺与已确认收入随合同变更调整", "What is promised and earned changes with the contract"
    ),
    ContractTerminated.type: Label(
        "合同终止后承诺消除", "What is no longer promised leaves the memo accounts"
    ),
    InstalmentApproved.type: Label(
        "考核扣减的收入未曾实现", "What a deduction takes off was never earned"
    ),
    InstalmentPaid.type: Label(
        "合同款到账；验收前到账的为预收", "Cash under a contract; before acceptance, an advance"
    ),
    PaymentReversed.type: Label(
        "付款被撤销, 按原值日冲回", "A payment that never arrived is undone on its value date"
    ),
    RecoveryReceived.type: Label("退回购买主体的款项", "Money given back to the buyer"),
    DeliveryAccepted.type: Label(
        "验收时确认收入: 先冲预收, 再记应收",
        "Acceptance earns income: first out of advances, then as a claim",
    ),
    PledgeMade.type: Label(
        "认捐记入备查账户", "A donor's promise stands in memo accounts, in no statement"
    ),
    DonationReceived.type: Label(
        "收到捐赠确认收入; 限定用途的转入限定性净资产",
        "A donation is income when it has come; for a purpose, it is restricted",
    ),
    PledgeCancelled.type: Label(
        "撤销认捐中尚未到账的部分", "What was still promised will not come: the memo is taken back"
    ),
    DonationRefunded.type: Label(
        "退还捐赠: 按原收入反向记账", "A gift goes back: the mirror of what was received"
    ),
    PurposeChanged.type: Label(
        "变更用途: 从一项资金转入另一项, 不是收入也不是支出",
        "Money is kept for something else: out of one fund, into another",
    ),
    DonationReversed.type: Label(
        "误录的捐赠, 按原到账日冲回", "A gift recorded in error is undone on its value date"
    ),
    ExpenditureApproved.type: Label(
        "按先进先出使用资金; 达到限定用途即解除限定",
        "Money is used oldest first; meeting a purpose releases its restriction",
    ),
    IncomeApproved.type: Label(
        "经复核的其他收入; 限定用途的转入限定性净资产",
        "Other income two persons agreed on; for a purpose, it is restricted",
    ),
    ManualEntryApproved.type: Label("经复核的手工分录", "As two persons wrote it"),
    OpeningBalanceApproved.type: Label("经复核的期初余额", "What the agency had before its books"),
    INCOME_REVERSED: Label("冲销其他收入", "Other income that was recorded in error is undone"),
    OPENING_BALANCE_REVERSED: Label("冲销期初余额", "An opening balance that was wrong is undone"),
    ReversalApproved.type: Label("冲销原分录", "The entry that undoes another, leg by leg"),
}
"""By the kind of an entry."""

OTHER: Final = Label("其他分录", "Another kind of entry")


def explanation_of(kind: str) -> Label:
    return EXPLANATIONS.get(kind, OTHER)
