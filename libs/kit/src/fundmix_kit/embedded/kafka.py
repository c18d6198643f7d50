"""Apache Kafka (KRaft, one node) from the jars that Maven resolves; data stay between runs."""

import shutil
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

from fundmix_kit.embedded.kafka_probe import knows_a_broker
from fundmix_kit.embedded.processes import LOOPBACK, Program, run_to_end

MAVEN_TIME_S_MAX: Final = 600.0
FORMAT_TIME_S_MAX: Final = 60.0
LOGGING: Final = """\
<Configuration status="WARN">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{ISO8601} %p %m (%c)%n"/></Console>
  </Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""


class KafkaUnavailableError(Exception):
    """Apache Kafka cannot be run on this machine; the message says what is missing."""


def missing_tools() -> list[str]:
    """What running Apache Kafka needs and this machine has not: Java and Maven."""
    return [tool for tool in ("java", "mvn") if shutil.which(tool) is None]


async def resolve_jars(pom: Path, cache: Path) -> Path:
    """Have Maven put the jars of `pom` into a folder of `cache`, once for each content of it.

    Raises KafkaUnavailableError and ProcessFailedError.
    """
    if missing := missing_tools():
        raise KafkaUnavailableError(f"Apache Kafka needs {' and '.join(missing)} on the PATH")
    jars = _jars_folder(pom, cache)
    if jars.exists():
        return jars
    unfinished = jars.with_suffix(f".{uuid4().hex}")
    command = ("mvn", "--batch-mode", "--no-transfer-progress", f"--file={pom}")
    await run_to_end(
        "maven",
        (*command, "dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"),
        log=cache / "maven.log",
        limit_s=MAVEN_TIME_S_MAX,
    )
    try:
        unfinished.rename(jars)
    except OSError:
        # Another process was quicker, with the same jars.
        shutil.rmtree(unfinished)
    return jars


def _jars_folder(pom: Path, cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"jars-{sha256(pom.read_bytes()).hexdigest()[:12]}"


@dataclass(frozen=True, kw_only=True)
class ApacheKafka:
    """A broker in `folder`, with its controller in the same process."""

    folder: Path
    jars: Path
    port: int
    controller_port: int

    async def prepare(self, *, log: Path) -> None:
        """Write the configuration, and format the storage if there is none.

        Raises ProcessFailedError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("".join(f"{k}={v}\n" for k, v in self._settings().items()))
        self._logging.write_text(LOGGING)
        if not (self._data / "meta.properties").exists():
            cluster_id = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
            arguments = ("format", f"--cluster-id={cluster_id}", "-c", str(self._properties))
            await run_to_end(
                "kafka format",
                (*self._java(), "kafka.tools.StorageTool", *arguments),
                log=log,
                limit_s=FORMAT_TIME_S_MAX,
            )

    def program(self) -> Program:
        def command() -> Sequence[str]:
            return (*self._java(), "kafka.Kafka", str(self._properties))

        async def is_ready() -> bool:
            return await knows_a_broker(self.port)

        return Program(name="broker", command=command, is_ready=is_ready)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _logging(self) -> Path:
        return self.folder / "log4j2.xml"

    def _java(self) -> Sequence[str]:
        options = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        logging = f"-Dlog4j2.configurationFile={self._logging}"
        return ("java", *options, logging, "-cp", f"{self.jars}/*")

    def _settings(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{LOOPBACK}:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": (
                f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self.controller_port}"
            ),
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{self.port}",
            "log.dirs": str(self._data),
            # Topics are made on purpose, with their partitions.
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
        }
