"""The tables of contacts: what could say who somebody is, sealed; and who has looked at it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fundmix_kit.tables import timestamp
from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field

from donations_svc.storage.tables import DonationsTable

HAS_PHONE: Final = text("phone_hash IS NOT NULL")
HAS_EMAIL: Final = text("email_hash IS NOT NULL")
HAS_IDENTITY_NUMBER: Final = text("identity_number_hash IS NOT NULL")


class DonorContact(DonationsTable, table=True):
    """A person, sealed with the key `key_id`; of an erased one only that there was one.

    `organisation` is the donor for which the person speaks; None: the person is the donor.
    """

    __table_args__ = (
        Index("ix_donor_contact_phone", "agency", "phone_hash", postgresql_where=HAS_PHONE),
        Index("ix_donor_contact_email", "agency", "email_hash", postgresql_where=HAS_EMAIL),
        Index(
            "ix_donor_contact_identity_number",
            "agency",
            "identity_number_hash",
            postgresql_where=HAS_IDENTITY_NUMBER,
        ),
        Index("ix_donor_contact_key", "key_id", "contact_id"),
    )

    contact_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    agency: str
    organisation: str | None
    key_id: str | None
    name: bytes | None = Field(sa_type=LargeBinary)
    phone: bytes | None = Field(sa_type=LargeBinary)
    email: bytes | None = Field(sa_type=LargeBinary)
    address: bytes | None = Field(sa_type=LargeBinary)
    identity_number: bytes | None = Field(sa_type=LargeBinary)
    phone_hash: bytes | None = Field(sa_type=LargeBinary)
    email_hash: bytes | None = Field(sa_type=LargeBinary)
    identity_number_hash: bytes | None = Field(sa_type=LargeBinary)
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())
    erased_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    erasure_reason: str | None


class DonationContact(DonationsTable, table=True):
    """Whom to ask about a donation."""

    __table_args__ = (
        ForeignKeyConstraint(["donation_id"], ["donation.donation_id"]),
        ForeignKeyConstraint(["contact_id"], ["donor_contact.contact_id"]),
        Index("ix_donation_contact_contact", "contact_id", "donation_id"),
    )

    donation_id: UUID = Field(primary_key=True)
    contact_id: UUID
    linked_by: str
    linked_at: datetime = Field(sa_column=timestamp())


class ContactAccess(DonationsTable, table=True):
    """Who did what with a contact, and when; nothing of what it says."""

    __table_args__ = (
        ForeignKeyConstraint(["contact_id"], ["donor_contact.contact_id"]),
        Index("ix_contact_access_contact", "contact_id", "access_id"),
        Index("ix_contact_access_agency", "agency", "access_id"),
    )

    access_id: UUID = Field(primary_key=True)
    contact_id: UUID
    agency: str
    act: str
    subject: str
    role: str
    accessed_at: datetime = Field(sa_column=timestamp())
