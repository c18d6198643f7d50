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
from pydantic import Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class EvaluationSettings(SettingsGroup):
    recipients_weight_bps_min: int = Field(default=4_000, ge=1, le=10_000)
    """What the people served weigh at least in a new evaluation scheme, in basis points."""


class OpenDataSettings(SettingsGroup):
    ocid_prefix: str = Field(default="ocds-unregistered", pattern=r"^ocds-[a-z0-9]+$")
    """Of the open contracting ids. A publisher has one registered; the default says it has none."""
    publisher: str = Field(default="fundmix", min_length=1)
    """Who publishes the open data."""
    license_url: HttpUrl = HttpUrl("https://creativecommons.org/licenses/by/4.0/")
    """The licence that the open data is under."""
    base_url: HttpUrl = HttpUrl("http://127.0.0.1:8020")
    """Where the public reaches this service; each package names its own address."""


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
    open_data: OpenDataSettings = OpenDataSettings()
