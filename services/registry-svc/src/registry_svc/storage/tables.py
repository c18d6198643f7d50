"""The tables of registry-svc."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

CODE = "organisation.code"


class RegistryTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Organisation(RegistryTable, table=True):
    """An organisation as it is now; how it was before is in `organisation_change`."""

    __table_args__ = (
        Index("ix_organisation_name_code", "name", "code"),
        Index("ix_organisation_name_grams", text("name_grams(name)"), postgresql_using="gin"),
        Index(
            "ix_organisation_suspended_on",
            "suspended_on",
            postgresql_where=text("suspended_on IS NOT NULL"),
        ),
    )

    code: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    name: str
    kind: str
    level: str | None
    town: str | None
    registered_on: date | None
    recorded_at: datetime = Field(sa_column=timestamp())
    suspended_on: date | None
    standing: str | None = Field(sa_type=JSONB)


class OrganisationChange(RegistryTable, table=True):
    """What one version has changed in one field, by whom and why. Rows stay as they are."""

    code: str = Field(sa_column=Column(ForeignKey(CODE), primary_key=True))
    version: int = Field(primary_key=True, sa_type=BigInteger)
    field: str = Field(primary_key=True)
    before: str | None = Field(sa_type=JSONB)
    after: str | None = Field(sa_type=JSONB)
    subject: str
    role: str
    org: str | None
    recorded_at: datetime = Field(sa_column=timestamp())
    # Of the HTTP request; a change that two persons made has its change request too.
    request_id: str
    reason: str | None
    change_request_id: UUID | None


class ChangeRequest(RegistryTable, table=True):
    """A change that one person has asked for and another decides on."""

    __table_args__ = (
        Index("ix_change_request_state", "state", "change_request_id"),
        Index("ix_change_request_code", "code", "change_request_id"),
        Index(
            "uq_change_request_open_name",
            "code",
            unique=True,
            postgresql_where=text("state = 'open' AND name IS NOT NULL"),
        ),
        Index(
            "uq_change_request_open_kind",
            "code",
            unique=True,
            postgresql_where=text("state = 'open' AND kind IS NOT NULL"),
        ),
    )

    change_request_id: UUID = Field(primary_key=True)
    code: str = Field(foreign_key=CODE)
    state: str
    name: str | None
    name_before: str | None
    kind: str | None
    kind_before: str | None
    reason: str
    evidence: str = Field(sa_type=JSONB)
    requested_by: str
    requested_role: str
    requested_org: str | None
    requested_at: datetime = Field(sa_column=timestamp())
    decided_by: str | None
    decided_role: str | None
    decided_org: str | None
    decided_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    decision_reason: str | None
