"""The settings of donations-svc, the same in every place it runs."""

from fundmix_kit.settings import (
    AuthSettings,
    ConsumerSettings,
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    LogSettings,
    RelaySettings,
)
from pydantic import BaseModel, Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class LedgerSettings(BaseModel):
    """Where the ledger is asked what is left of a gift."""

    url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8040"), description="Of the API of ledger-svc."
    )
    timeout_ms: int = Field(
        default=5_000, ge=100, le=10_000, description="How long an answer of the ledger may take."
    )


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="FUNDMIX_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        extra="forbid",
    )

    database: DatabaseSettings
    kafka: KafkaSettings = KafkaSettings()
    auth: AuthSettings
    http: HttpSettings = HttpSettings(port=8030)
    relay: RelaySettings = RelaySettings()
    consumer: ConsumerSettings = ConsumerSettings()
    log: LogSettings = LogSettings()
    ledger: LedgerSettings = LedgerSettings()
