"""The settings of contracts-svc, the same in every place it runs."""

from fundmix_kit.settings import (
    AuthSettings,
    ConsumerSettings,
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    LogSettings,
    RelaySettings,
    SettingsGroup,
)
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EvaluationSettings(SettingsGroup):
    recipients_weight_bps_min: int = Field(default=4_000, ge=1, le=10_000)
    """What the people served weigh at least in a new evaluation scheme, in basis points."""


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
    http: HttpSettings = HttpSettings(port=8020)
    relay: RelaySettings = RelaySettings()
    consumer: ConsumerSettings = ConsumerSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    log: LogSettings = LogSettings()
