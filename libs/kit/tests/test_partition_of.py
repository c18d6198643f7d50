"""Events of one key are on one partition, whoever sends them: as Kafka's own clients choose it."""

from aiokafka.partitioner import murmur2
from fundmix_kit.kafka import partition_of
from hypothesis import given
from hypothesis import strategies as st


@given(key=st.text(max_size=60), partitions=st.integers(min_value=1, max_value=2**31))
def test_a_key_has_the_partition_that_the_client_library_gives_it(
    key: str, partitions: int
) -> None:
    expected = (murmur2(key.encode()) & 0x7FFFFFFF) % partitions

    assert partition_of(key, partitions=partitions) == expected
