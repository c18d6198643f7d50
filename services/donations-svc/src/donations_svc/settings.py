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
from pydantic_settings import BaseSettings, SettingsConfigDict


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
