"""The settings of each facility of the kit. A service's own `settings.py` puts them together.

Pydantic only: what runs migrations or checks a deployment need not import what is set. The text
under a field is its meaning in the settings table of each README.
"""

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, PostgresDsn, SecretStr


class SettingsGroup(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class DatabaseSettings(SettingsGroup):
    url: PostgresDsn
    """The service's database, as the role that works with the rows."""
    owner_url: PostgresDsn | None = None
    """The same as the owner of the database: for `migrate` only, not for a running service."""
    connections_max: int = Field(default=10, ge=1, le=200)
    """Size of the connection pool of one process."""
    statement_timeout_ms: int = Field(default=10_000, ge=100, le=600_000)
    """How long a statement may run."""
    lock_timeout_ms: int = Field(default=5_000, ge=100, le=600_000)
    """How long a statement may wait for a lock."""
    idle_in_transaction_timeout_ms: int = Field(default=15_000, ge=100, le=600_000)
    """How long a transaction may stand still: a paused process gives up its locks after it."""

    @property
    def session_limits(self) -> dict[str, str]:
        """Limits of every session, so that a paused process cannot hold a lock for ever."""
        return {
            "statement_timeout": str(self.statement_timeout_ms),
            "lock_timeout": str(self.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(self.idle_in_transaction_timeout_ms),
            # Our statements read few rows by key; compiling one takes longer than running it.
            "jit": "off",
        }


class KafkaSettings(SettingsGroup):
    bootstrap_servers: str = "127.0.0.1:9092"
    """Brokers to start from: `host:port`, several with commas."""
    is_idempotent: bool = True
    """Whether the producer is idempotent; off only for the embedded broker, which refuses that."""
    republish_on_new_cluster: bool = False
    """Whether everything is sent again to a new cluster by itself; off: an operator decides."""
    may_remake_topics: bool = False
    """Whether a topic of a wrong number of partitions is made anew; only where it is embedded."""
    replication_factor: int = Field(default=1, ge=1, le=5)
    """Of the topics that the relay creates; 3 where there are three brokers."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the brokers are spoken to."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How the service proves who it is, under a SASL protocol."""
    sasl_username: str | None = None
    """The name of the service there."""
    sasl_password: SecretStr | None = None
    """The password of the service there."""
    ca_file: str | None = None
    """Certificates to check the brokers' against; none: those of the system."""
    session_timeout_ms: int = Field(default=10_000, ge=1_000, le=300_000)
    """After this silence the group gives a consumer's partitions to another."""
    fetch_wait_ms: int = Field(default=100, ge=1, le=5_000)
    """How long the broker may hold a consumer's question while there are no events."""


class AuthSettings(SettingsGroup):
    issuer: str = Field(min_length=1)
    """The `iss` that a token must name."""
    jwks_url: HttpUrl
    """Where the issuer publishes its keys."""
    audience: str = Field(default="fundmix", min_length=1)
    """The `aud` that a token must name."""
    is_dev_issuer_allowed: bool = False
    """Whether tokens of `fundmix up` count; the service then listens on loopback only."""


class HttpSettings(SettingsGroup):
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` in a container."""
    port: int = Field(ge=1, le=65_535)
    """Port to listen on, also of a process without the API: `/healthz`, `/readyz`, `/metrics`."""
    body_bytes_max: int = Field(default=1_048_576, ge=1_024, le=104_857_600)
    """Larger request bodies are refused."""
    request_time_ms_max: int = Field(default=15_000, ge=10, le=600_000)
    """Requests that take longer are ended."""
    stream_time_ms_max: int = Field(default=600_000, ge=1_000, le=7_200_000)
    """Long answers that take longer are cut off: exports and open data."""
    streams_max: int = Field(default=2, ge=1, le=100)
    """Long answers at once in one process; each keeps a connection to the database."""
    replica_wait_ms_max: int = Field(default=2_000, ge=0, le=60_000)
    """How long a command waits for the replica to reach the caller's `Fundmix-After`."""


class RelaySettings(SettingsGroup):
    batch_rows_max: int = Field(default=500, ge=1, le=10_000)
    """Events that the relay numbers and sends at a time."""
    idle_wait_ms: int = Field(default=200, ge=1, le=10_000)
    """The slow poll of the relay, behind being woken."""


class ConsumerSettings(SettingsGroup):
    batch_rows_max: int = Field(default=1_000, ge=1, le=10_000)
    """Events that are applied in one transaction."""
    watch_interval_ms: int = Field(default=500, ge=50, le=60_000)
    """How often the watchdog looks for progress."""
    stall_ms_max: int = Field(default=15_000, ge=500, le=600_000)
    """Without progress for this long, though events wait, the consumer is built anew."""


class LogSettings(SettingsGroup):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""


class ProcessSettings(Protocol):
    """What every service's settings have."""

    database: DatabaseSettings
    kafka: KafkaSettings
    auth: AuthSettings
    http: HttpSettings
    relay: RelaySettings
    consumer: ConsumerSettings
    log: LogSettings


class StartRefusedError(Exception):
    """A process must not start like this; the message says to its operator why, without secrets."""


class UnsafeBindingError(StartRefusedError, ValueError):
    """Tokens of the dev issuer would be accepted from other machines."""
