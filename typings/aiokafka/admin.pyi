from collections.abc import Mapping, Sequence
from typing import Any

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
