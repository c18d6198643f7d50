"""Contacts are found however they were written; what is none is refused and not repeated."""

import pytest
from donations_svc.domain.contact import ContactDetails, ContactField, check_details, normalise
from donations_svc.domain.contact_keys import KeyRingError, parse_key_ring
from donations_svc.domain.errors import ContactDetailsError
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

CITIZEN = "11010519491231002X"
SECRET = "ab" * 32
OTHER = "cd" * 32


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        " 138 0013-8000 ",
        "+86 138 0013 8000",
        "0086-13800138000",
        "8613800138000",
        "１３８００１３８０００",
        "(+86)138–0013–8000",
    ],
)
def test_a_phone_is_one_however_it_is_written(written: str) -> None:
    assert normalise(ContactField.PHONE, written) == "13800138000"


def test_a_landline_is_one_with_and_without_the_country() -> None:
    assert normalise(ContactField.PHONE, "0769-2233 4455") == normalise(
        ContactField.PHONE, "+86 769 22334455"
    )


def test_a_phone_abroad_keeps_its_country() -> None:
    assert normalise(ContactField.PHONE, "+852 2345 6789") == "+85223456789"


def test_an_email_has_no_capitals() -> None:
    assert normalise(ContactField.EMAIL, " Zhang.San@Example.ORG") == "zhang.san@example.org"


@pytest.mark.parametrize("written", ["11010519491231002x", "110105 19491231 002X"])
def test_an_identity_number_is_one_however_it_is_written(written: str) -> None:
    assert normalise(ContactField.IDENTITY_NUMBER, written) == CITIZEN


@given(st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True))
def test_the_check_character_is_that_of_the_standard(number: str) -> None:
    expected = ric.calc_check_digit(number) == number[-1]

    try:
        normalise(ContactField.IDENTITY_NUMBER, number)
    except ContactDetailsError:
        assert not expected
    else:
        assert expected


def test_a_passport_has_no_check_character() -> None:
    assert normalise(ContactField.IDENTITY_NUMBER, "E12345678") == "E12345678"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "call me"),
        ("phone", "1234"),
        ("phone", "1380013800０a"),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "a b@example.org"),
        ("identity_number", "110105194912310021"),
        ("identity_number", "张三"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_repeated(field: str, text: str) -> None:
    with pytest.raises(ContactDetailsError) as refused:
        check_details(ContactDetails(name="张三", **{field: text}))

    assert refused.value.pointer == f"/{field}"
    assert text not in str(refused.value)


def test_nothing_of_a_contact_is_in_its_representation() -> None:
    details = ContactDetails(
        name="张三", phone="13800138000", email="a@b.cn", address="莞城", identity_number=CITIZEN
    )

    assert repr(details) == "ContactDetails()"


def test_the_first_key_of_a_ring_is_the_current_one() -> None:
    keys = parse_key_ring(f"2026:{SECRET}:{OTHER},\n2025:{'12' * 32}:{'34' * 32}\n")

    assert [key.key_id for key in keys] == ["2026", "2025"]
    assert keys[0].encryption == bytes.fromhex(SECRET)
    assert keys[0].hashing == bytes.fromhex(OTHER)
    assert SECRET not in repr(keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        f"1:{SECRET}",
        f"1:{SECRET}:{OTHER[:-2]}",
        f"1:{SECRET}:{'xy' * 32}",
        f":{SECRET}:{OTHER}",
        f"1:{SECRET}:{SECRET}",
        f"1:{SECRET}:{OTHER},1:{'12' * 32}:{'34' * 32}",
        f"1:{SECRET}:{OTHER},2:{SECRET}:{'34' * 32}",
        f"1:{SECRET}:{OTHER}:{OTHER}",
        ",".join(f"{n}:{n:064x}:{n + 100:064x}" for n in range(1, 18)),
    ],
)
def test_a_ring_that_is_none_is_refused_without_showing_a_key(text: str) -> None:
    with pytest.raises(KeyRingError) as refused:
        parse_key_ring(text)

    assert SECRET not in str(refused.value)
