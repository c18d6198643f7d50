"""What goes in and out of the routes of contacts. What is stored of an answer names nobody."""

from datetime import datetime
from typing import Self
from uuid import UUID

from fundmix_events.credit_code import CreditCode
from fundmix_events.text import Label, Name
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from donations_svc.api.bodies import BodyIn
from donations_svc.contact_commands import Kept
from donations_svc.domain.contact import ContactAct, ContactDetails, ContactField, ErasureReason
from donations_svc.storage.contact_tables import ContactAccess, DonorContact


class ContactDetailsIn(BodyIn):
    """A person: the donor, or who speaks for the donor with the code `organisation`."""

    organisation: CreditCode | None = None
    name: Name = Field(repr=False)
    phone: Label | None = Field(default=None, repr=False)
    email: Name | None = Field(default=None, repr=False)
    address: Name | None = Field(default=None, repr=False)
    identity_number: Label | None = Field(default=None, repr=False)

    def details(self) -> ContactDetails:
        return ContactDetails(
            name=self.name,
            phone=self.phone,
            email=self.email,
            address=self.address,
            identity_number=self.identity_number,
        )


class ContactIn(ContactDetailsIn):
    agency: CreditCode


class ContactSearchIn(BodyIn):
    """One thing to look for; in a body, as addresses are logged everywhere."""

    agency: CreditCode
    phone: Label | None = Field(default=None, repr=False)
    email: Name | None = Field(default=None, repr=False)
    identity_number: Label | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def looks_for_one_thing(self) -> Self:
        if len(self._wanted()) != 1:
            raise PydanticCustomError(
                "search_one", "look for one of phone, email and identity_number"
            )
        return self

    def wanted(self) -> tuple[ContactField, str]:
        [(field, text)] = self._wanted().items()
        return field, text

    def _wanted(self) -> dict[ContactField, str]:
        given = {
            ContactField.PHONE: self.phone,
            ContactField.EMAIL: self.email,
            ContactField.IDENTITY_NUMBER: self.identity_number,
        }
        return {field: text for field, text in given.items() if text is not None}


class ErasureIn(BodyIn):
    reason: ErasureReason


class LinkIn(BodyIn):
    contact_id: UUID


class ContactRefOut(BaseModel):
    """Which contact, and nothing of what it says."""

    contact_id: UUID
    version: int
    agency: str
    organisation: str | None
    recorded_at: datetime


class FoundOut(BaseModel):
    items: list[ContactRefOut]


class PersonOut(BaseModel):
    name: str = Field(repr=False)
    phone: str | None = Field(repr=False)
    email: str | None = Field(repr=False)
    address: str | None = Field(repr=False)
    identity_number: str | None = Field(repr=False)


class ContactOut(ContactRefOut):
    """Of one that was erased there is no `person`."""

    person: PersonOut | None
    erased_at: datetime | None
    erasure_reason: ErasureReason | None


class KeptOut(BaseModel):
    what: str
    count: int
    why: str


class ErasureOut(BaseModel):
    """`kept` is what else there is that this contact had to do with."""

    contact_id: UUID
    version: int
    erased_at: datetime
    reason: ErasureReason
    kept: list[KeptOut]


class LinkOut(BaseModel):
    donation_id: UUID
    contact_id: UUID


class ContactAccessOut(BaseModel):
    access_id: UUID
    contact_id: UUID
    agency: str
    act: ContactAct
    subject: str
    role: str
    accessed_at: datetime


def contact_ref(contact: DonorContact) -> ContactRefOut:
    return ContactRefOut(
        contact_id=contact.contact_id,
        version=contact.version,
        agency=contact.agency,
        organisation=contact.organisation,
        recorded_at=contact.recorded_at,
    )


def contact_out(contact: DonorContact, details: ContactDetails | None) -> ContactOut:
    reason = contact.erasure_reason
    return ContactOut(
        **dict(contact_ref(contact)),
        person=None
        if details is None
        else PersonOut(
            name=details.name,
            phone=details.phone,
            email=details.email,
            address=details.address,
            identity_number=details.identity_number,
        ),
        erased_at=contact.erased_at,
        erasure_reason=None if reason is None else ErasureReason(reason),
    )


def erasure_out(contact: DonorContact, kept: Kept) -> ErasureOut:
    assert contact.erased_at is not None, f"{contact.contact_id} is not erased"
    return ErasureOut(
        contact_id=contact.contact_id,
        version=contact.version,
        erased_at=contact.erased_at,
        reason=ErasureReason(contact.erasure_reason),
        kept=[
            KeptOut(
                what="donations",
                count=kept.donations,
                why="amounts and days are the agency's books; they name no person",
            ),
            KeptOut(
                what="receipts",
                count=kept.receipts,
                why="their numbers have no gaps; they name a person as 爱心人士",
            ),
            KeptOut(
                what="accesses",
                count=kept.accesses,
                why="who looked at it when; nothing of what it said",
            ),
        ],
    )


def access_out(access: ContactAccess) -> ContactAccessOut:
    return ContactAccessOut(
        access_id=access.access_id,
        contact_id=access.contact_id,
        agency=access.agency,
        act=ContactAct(access.act),
        subject=access.subject,
        role=access.role,
        accessed_at=access.accessed_at,
    )
