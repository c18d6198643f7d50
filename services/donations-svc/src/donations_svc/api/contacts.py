"""Contacts of donors over HTTP, for the agency that keeps them and for nobody else.

The answers of commands are stored with their keys, so they say which contact and never who it is.
"""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_kit.commands import Answer, CommandRunner, origin_of
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import etag, expected_version
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep

from donations_svc import queries
from donations_svc.api.contact_bodies import (
    ContactAccessOut,
    ContactDetailsIn,
    ContactIn,
    ContactOut,
    ContactRefOut,
    ContactSearchIn,
    ErasureIn,
    ErasureOut,
    FoundOut,
    LinkIn,
    LinkOut,
    access_out,
    contact_out,
    contact_ref,
    erasure_out,
)
from donations_svc.contact_commands import ContactCommands
from donations_svc.storage.contact_tables import DonorContact


def contacts_router(
    database: Database, runner: CommandRunner, commands: ContactCommands
) -> APIRouter:
    """`runner` keeps its fingerprints of requests under a key."""
    router = APIRouter(tags=["contacts"])
    _add_reading(router, database, commands)
    _add_changing(router, runner, commands)
    _add_linking(router, runner, commands)
    return router


def _add_reading(router: APIRouter, database: Database, commands: ContactCommands) -> None:
    @router.post("/v1/donor-contacts/search")
    async def search_contacts(
        request: Request, access: AccessDep, body: ContactSearchIn
    ) -> FoundOut:
        access.require_own(body.agency)
        field, text = body.wanted()
        async with database.transaction() as connection:
            found = await commands.find(
                connection,
                origin_of(request, access).actor,
                agency=body.agency,
                field=field,
                text=text,
            )
        return FoundOut(items=[contact_ref(contact) for contact in found])

    @router.get("/v1/donor-contacts/{contact_id}")
    async def show_contact(
        request: Request, response: Response, access: AccessDep, contact_id: UUID
    ) -> ContactOut:
        # A transaction that changes something: who has read it is written down.
        async with database.transaction() as connection:
            actor = origin_of(request, access).actor
            contact, details = await commands.read(connection, actor, access, contact_id)
        response.headers["ETag"] = etag(contact.version)
        return contact_out(contact, details)

    @router.get("/v1/donations/{donation_id}/contact")
    async def show_contact_of_donation(
        request: Request, response: Response, access: AccessDep, donation_id: UUID
    ) -> ContactOut:
        async with database.transaction() as connection:
            actor = origin_of(request, access).actor
            contact, details = await commands.read_of(connection, actor, access, donation_id)
        response.headers["ETag"] = etag(contact.version)
        return contact_out(contact, details)

    @router.get("/v1/contact-accesses", response_model=Page[ContactAccessOut])
    async def list_accesses(
        request: Request,
        access: AccessDep,
        page: PageDep,
        contact_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_contact_accesses(
            database, org=access.org_filter, contact_id=contact_id, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda a: (a.access_id,), item=access_out
        )


def _add_changing(router: APIRouter, runner: CommandRunner, commands: ContactCommands) -> None:
    @router.post("/v1/donor-contacts", status_code=HTTPStatus.CREATED, response_model=ContactRefOut)
    async def record_contact(request: Request, access: AccessDep, body: ContactIn) -> Response:
        access.require_own(body.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            contact = await commands.record(
                connection,
                origin.actor,
                body.details(),
                agency=body.agency,
                organisation=body.organisation,
            )
            return _answer(contact)

        return await runner.run(request, access, command)

    @router.put("/v1/donor-contacts/{contact_id}", response_model=ContactRefOut)
    async def change_contact(
        request: Request, access: AccessDep, contact_id: UUID, body: ContactDetailsIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contact = await commands.change(
                connection,
                origin.actor,
                access,
                contact_id,
                body.details(),
                organisation=body.organisation,
                expected_version=expected_version(request, required=True),
            )
            return _answer(contact)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/donor-contacts/{contact_id}/erase", response_model=ErasureOut)
    async def erase_contact(
        request: Request, access: AccessDep, contact_id: UUID, body: ErasureIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contact, kept = await commands.erase(
                connection, origin.actor, access, contact_id, body.reason
            )
            return Answer(body=erasure_out(contact, kept), version=contact.version)

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def _add_linking(router: APIRouter, runner: CommandRunner, commands: ContactCommands) -> None:
    @router.put("/v1/donations/{donation_id}/contact", response_model=LinkOut)
    async def link_contact(
        request: Request, access: AccessDep, donation_id: UUID, body: LinkIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contact = await commands.link(
                connection,
                origin.actor,
                access,
                donation_id=donation_id,
                contact_id=body.contact_id,
            )
            return Answer(body=LinkOut(donation_id=donation_id, contact_id=contact.contact_id))

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def _answer(contact: DonorContact) -> Answer:
    return Answer(
        body=contact_ref(contact),
        version=contact.version,
        location=f"/v1/donor-contacts/{contact.contact_id}",
    )
