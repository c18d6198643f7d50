"""The settings of each facility of the kit. A service's own `settings.py` puts them together.

Pydantic only: what runs migrations or checks a deployment need not import what is set.
"""

from typing import Literal, Protocol

from pydantic import BaseModel, Field, HttpUrl, PostgresDsn, SecretStr


class DatabaseSettings(BaseModel):
    url: PostgresDsn
    # Only migrations run as the owner; a running service never has this right.
    owner_url: PostgresDsn | None = None
    connections_max: int = Field(default=10, ge=1, le=200)
    statement_timeout_ms: int = Field(default=10_000, ge=100, le=600_000)
    lock_timeout_ms: int = Field(default=5_000, ge=100, le=600_000)
    idle_in_transaction_timeout_ms: int = Field(default=15_000, ge=100, le=600_000)

    @property
    def session_limits(self) -> dict[str, str]:
        """Limits of every session, so that a paused process cannot hold a lock for ever."""
        return {
            "statement_timeout": str(self.statement_timeout_ms),
            "lock_timeout": str(self.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(self.idle_in_transaction_timeout_ms),
        }


class KafkaSettings(BaseModel):
    bootstrap_servers: str = "127.0.0.1:9092"
    # The embedded broker refuses idempotent producers; correctness rests on our numbers alone.
    is_idempotent: bool = True
    # Only where the broker is known to forget; elsewhere an operator decides to send again.
    republish_on_new_cluster: bool = False
    replication_factor: int = Field(default=1, ge=1, le=5)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ca_file: str | None = None
    session_timeout_ms: int = Field(default=10_000, ge=1_000, le=300_000)


class AuthSettings(BaseModel):
    issuer: str = Field(min_length=1)
    jwks_url: HttpUrl
    audience: str = Field(default="fundmix", min_length=1)
    is_dev_issuer_allowed: bool = False


class HttpSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65_535)
    body_bytes_max: int = Field(default=1_048_576, ge=1_024, le=104_857_600)
    request_time_ms_max: int = Field(default=15_000, ge=10, le=600_000)
    replica_wait_ms_max: int = Field(default=2_000, ge=0, le=60_000)


class RelaySettings(BaseModel):
    batch_rows_max: int = Field(default=500, ge=1, le=10_000)
    idle_wait_ms: int = Field(default=200, ge=1, le=10_000)


class ConsumerSettings(BaseModel):
    batch_rows_max: int = Field(default=1_000, ge=1, le=10_000)
    watch_interval_ms: int = Field(default=500, ge=50, le=60_000)
    stall_ms_max: int = Field(default=15_000, ge=500, le=600_000)


class LogSettings(BaseModel):
    level: Literal["debug", "info", "warning", "error"] = "info"


class ProcessSettings(Protocol):
    """What every service's settings have."""

    database: DatabaseSettings
    kafka: KafkaSettings
    auth: AuthSettings
    http: HttpSettings
    relay: RelaySettings
    consumer: ConsumerSettings
    log: LogSettings


class UnsafeBindingError(ValueError):
    """Tokens of the dev issuer would be accepted from other machines."""
