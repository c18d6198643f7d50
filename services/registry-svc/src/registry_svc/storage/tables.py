"""The tables of registry-svc."""

from datetime import date, datetime

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel


class RegistryTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Organisation(RegistryTable, table=True):
    """An organisation as it is now; how it was before is in the outbox."""

    code: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    name: str
    kind: str
    level: str | None
    town: str | None
    registered_on: date | None
    recorded_at: datetime = Field(sa_column=timestamp())
