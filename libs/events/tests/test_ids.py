"""UUIDs are those that everybody else reads and makes."""

import uuid

import pytest
from fundmix_events.ids import read_uuid, uuid5
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError


@given(st.uuids())
def test_a_uuid_is_read_from_its_text_and_from_its_bytes(known: uuid.UUID) -> None:
    assert read_uuid(str(known)) == read_uuid(known.bytes) == known
    assert type(read_uuid(known.bytes)) is uuid.UUID


@given(st.binary(min_size=16, max_size=16))
def test_any_sixteen_bytes_are_a_uuid(written: bytes) -> None:
    assert read_uuid(written) == uuid.UUID(bytes=written)


@given(st.text(alphabet="0123456789abcdef-", min_size=16, max_size=16))
def test_bytes_that_could_be_text_are_bytes(text: str) -> None:
    assert read_uuid(text.encode()) == uuid.UUID(bytes=text.encode())


@pytest.mark.parametrize("written", ["", "one", "0" * 31, b"", b"0" * 15])
def test_what_is_none_is_refused(written: str | bytes) -> None:
    with pytest.raises(ValidationError):
        read_uuid(written)


@given(st.uuids(), st.text())
def test_a_name_gives_the_same_uuid_as_in_the_standard_library(
    namespace: uuid.UUID, name: str
) -> None:
    if not name.isascii():
        name = name.encode(errors="ignore").decode()

    assert uuid5(namespace, name) == uuid.uuid5(namespace, name)
