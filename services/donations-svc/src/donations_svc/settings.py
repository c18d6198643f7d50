"""The settings of donations-svc, the same in every place it runs."""

from fundmix_kit.auth import AuthSettings
from fundmix_kit.consumer import ConsumerSettings
from fundmix_kit.database import DatabaseSettings
from fundmix_kit.http import HttpSettings
from fundmix_kit.kafka import KafkaSettings
from fundmix_kit.logging import LogSettings
from fundmix_kit.relay import RelaySettings
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
