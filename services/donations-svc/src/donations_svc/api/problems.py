"""What each refusal is in HTTP, and what it is called in both languages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fundmix_kit.operations import QUARANTINE_TITLES, STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.problems import ProblemTable, Title

from donations_svc.domain import errors

STATUS_BY_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.PledgeNotFoundError: HTTPStatus.NOT_FOUND,
    errors.DonationNotFoundError: HTTPStatus.NOT_FOUND,
    errors.UnknownPledgeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownOrganisationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WrongPartyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SuspendedAgencyError: HTTPStatus.CONFLICT,
    errors.DonorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TermsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FutureDateError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PledgeMismatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PledgeNotOpenError: HTTPStatus.CONFLICT,
    errors.ReferenceTakenError: HTTPStatus.CONFLICT,
    errors.BankReferenceUsedError: HTTPStatus.CONFLICT,
    **STATUS_BY_QUARANTINE_ERROR,
}

TITLES: Final[Mapping[str, Title]] = {
    "pledge_not_found": Title(zh="没有这笔认捐", en="No such pledge"),
    "donation_not_found": Title(zh="没有这笔捐赠", en="No such donation"),
    "unknown_pledge": Title(zh="所填认捐不存在", en="Unknown pledge"),
    "unknown_organisation": Title(zh="登记册中没有该单位", en="Unknown organisation"),
    "wrong_party": Title(zh="该单位不能作为此方", en="Wrong kind of party"),
    "suspended_agency": Title(zh="该机构已被暂停", en="Agency is suspended"),
    "contradictory_donor": Title(zh="捐赠人信息相互矛盾", en="Contradictory donor"),
    "contradictory_terms": Title(zh="捐赠内容相互矛盾", en="Contradictory terms"),
    "future_date": Title(zh="日期尚未到来", en="Date in the future"),
    "pledge_mismatch": Title(zh="捐赠与认捐不符", en="Donation does not match the pledge"),
    "pledge_not_open": Title(zh="认捐已全部到账", en="Nothing of the pledge is open"),
    "reference_taken": Title(zh="该编号已被使用", en="Reference taken"),
    "bank_reference_used": Title(zh="银行流水号已被使用", en="Bank reference used before"),
    **QUARANTINE_TITLES,
}

PROBLEMS: Final = ProblemTable(STATUS_BY_ERROR, TITLES)
