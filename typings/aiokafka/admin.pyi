from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

class RecordsToDelete:
    def __init__(self, before_offset: int) -> None: ...

class NewTopic:
    def __init__(
        self,
        name: str,
        num_partitions: int,
        replication_factor: int,
        topic_configs: Mapping[str, str] | None = None,
    ) -> None: ...

class CreateTopicsResponse:
    topic_errors: Sequence[tuple[str, int] | tuple[str, int, str]]

class AIOKafkaAdminClient:
    def __init__(self, **options: Any) -> None: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def describe_cluster(self) -> dict[str, Any]: ...
    async def create_topics(
        self, new_topics: Sequence[NewTopic], timeout_ms: int | None = None
    ) -> CreateTopicsResponse: ...
    async def delete_topics(
        self, topics: Sequence[str], timeout_ms: int | None = None
    ) -> object: ...
    async def describe_topics(
        self, topics: Sequence[str] | None = None
    ) -> list[dict[str, Any]]: ...
    async def delete_records(
        self,
        records_to_delete: Mapping[TopicPartition, RecordsToDelete],
        timeout_ms: int | None = None,
    ) -> dict[TopicPartition, int]: ...
