"""The settings of donations-svc, the same in every place it runs."""

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
from pydantic import BaseModel, Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LedgerSettings(BaseModel):
    """Where the ledger is asked what is left of a gift."""

    url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8040"), description="Of the API of ledger-svc."
    )
    timeout_ms: int = Field(
        default=5_000, ge=100, le=10_000, description="How long an answer of the ledger may take."
    )


class ReceiptSettings(SettingsGroup):
    public_url: HttpUrl = HttpUrl("http://127.0.0.1:8030/v1/public/receipts")
    """Where the public checks a receipt: its number and check code are added to it."""
    render_threads_max: int = Field(default=1, ge=1, le=16)
    """Threads that make PDF files; the first keeps some 90 MB once it has made one, others 50."""
    renders_waiting_max: int = Field(default=50, ge=1, le=1_000)
    """Further requests for a PDF are told to come back."""


class ContactSettings(SettingsGroup):
    key_ring: SecretStr | None = None
    """Keys of donors' contacts, `ID:ENCRYPTION:HASHING` in hex, the current one first."""
    key_ring_file: str | None = None
    """A file with the same, instead. The part `api` needs one of the two, the others neither."""
    rotation_batch_rows_max: int = Field(default=500, ge=1, le=10_000)
    """Contacts that `rotate-contact-keys` seals anew in one transaction."""


class OpenDataSettings(SettingsGroup):
    grant_prefix: str = Field(default="360G-unregistered", pattern=r"^360G-[A-Za-z0-9]+$")
    """Of the ids of grants. A publisher has one registered; the default says it has none."""
    publisher: str = Field(default="fundmix", min_length=1)
    """Who publishes the open data."""
    license_url: HttpUrl = HttpUrl("https://creativecommons.org/licenses/by/4.0/")
    """The licence that the open data is under."""
    base_url: HttpUrl = HttpUrl("http://127.0.0.1:8030")
    """Where the public reaches this service; each package names its own address."""


class ImportSettings(BaseModel):
    """How large a file of donations may be, and what reading it may take."""

    file_bytes_max: int = Field(
        default=33_554_432, ge=1_024, le=104_857_600, description="Larger files are refused."
    )
    rows_max: int = Field(
        default=100_000, ge=1, le=1_000_000, description="Rows of one file, booked as one batch."
    )
    reader_memory_bytes_max: int = Field(
        default=402_653_184,
        ge=67_108_864,
        le=4_294_967_296,
        description="Of the process that reads a file.",
    )
    reader_processor_s_max: int = Field(
        default=120, ge=1, le=3_600, description="Processor time that reading a file may take."
    )
    time_ms_max: int = Field(
        default=600_000,
        ge=1_000,
        le=3_600_000,
        description="Requests with a file that take longer are ended.",
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
    receipts: ReceiptSettings = ReceiptSettings()
    contacts: ContactSettings = ContactSettings()
    log: LogSettings = LogSettings()
    ledger: LedgerSettings = LedgerSettings()
    open_data: OpenDataSettings = OpenDataSettings()
    donation_import: ImportSettings = ImportSettings()
