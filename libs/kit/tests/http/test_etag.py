"""Versions as entity tags: nobody overwrites what he has not seen."""

import pytest
from fundmix_kit.etag import (
    IfMatchInvalidError,
    IfMatchMissingError,
    VersionMismatchError,
    check_version,
    etag,
    expected_version,
    resource_response,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.requests import Request


class Gift(BaseModel):
    purpose: str = "书"


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "PATCH", "headers": raw})


@given(st.integers(min_value=0, max_value=2**59))
def test_a_tag_that_was_given_is_understood(version: int) -> None:
    assert expected_version(request(if_match=etag(version)), required=True) == version


def test_a_change_without_if_match_is_refused_where_it_is_required() -> None:
    with pytest.raises(IfMatchMissingError):
        expected_version(request(), required=True)

    assert expected_version(request(), required=False) is None


def test_a_star_stands_for_any_version() -> None:
    assert expected_version(request(if_match="*"), required=True) is None


@pytest.mark.parametrize("tag", ['W/"3"', '"abc"', '"-1"', '""', '"9999999999999999999999"'])
def test_a_tag_that_is_none_of_ours_matches_no_version(tag: str) -> None:
    expected = expected_version(request(if_match=tag), required=True)

    with pytest.raises(VersionMismatchError):
        check_version(3, expected=expected)


@pytest.mark.parametrize("header", ["3", '"3', '"3", "4"', "W/3", "'3'"])
def test_what_is_no_tag_is_a_bad_request(header: str) -> None:
    with pytest.raises(IfMatchInvalidError):
        expected_version(request(if_match=header), required=True)


def test_a_version_is_checked_against_the_one_that_was_seen() -> None:
    check_version(3, expected=3)
    check_version(3, expected=None)

    with pytest.raises(VersionMismatchError) as refusal:
        check_version(4, expected=3)
    assert refusal.value.headers == {"ETag": '"4"'}


def test_a_resource_answers_with_its_tag() -> None:
    answer = resource_response(request(), Gift(), version=7)

    assert answer.status_code == 200
    assert answer.body == '{"purpose":"书"}'.encode()
    assert answer.headers["etag"] == '"7"'


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"6", "7"', "*"])
def test_a_caller_who_has_this_version_is_not_sent_it_again(known: str) -> None:
    answer = resource_response(request(if_none_match=known), Gift(), version=7)

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == '"7"'


def test_a_caller_who_has_another_version_is_sent_this_one() -> None:
    assert resource_response(request(if_none_match='"6"'), Gift(), version=7).status_code == 200
