"""`fundmix donations contact`: whom to ask about a donation, for the agency that keeps it.

What says who somebody is comes from a file, and is in no command line that a shell remembers.
"""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import JsonFile, read_json
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.donations_asking import (
    agency,
    its_agency,
    listed,
    posted,
    put_in_place,
    read_one,
)
from fundmix_cli.commands.donations_options import AgencyCode, By, DonationId
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.donor_contacts import (
    accesses_table,
    contact_view,
    erasure_view,
    found_view,
    link_view,
    reference_view,
)
from fundmix_cli.installation import DEFAULT_HOME

CONTACTS: Final = "/v1/donor-contacts"

ContactId = Annotated[UUID, typer.Argument(metavar="CONTACT", help="The contact's id.")]


class ErasureReason(StrEnum):
    ASKED_BY_PERSON = "asked_by_person"
    NO_LONGER_NEEDED = "no_longer_needed"
    RECORDED_IN_ERROR = "recorded_in_error"


contacts = typer.Typer(
    help="Contacts of donors, as the agency that keeps them; each use is recorded.",
    no_args_is_help=True,
)


@contacts.command()
def record(
    file: JsonFile, *, by: By = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Keep a contact, as a file says it: a body of POST /v1/donor-contacts.

    Exit codes: 0 kept, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body = read_json(file)
    answer = posted(home, CONTACTS, body, agency(body.get("agency"), by))
    show(answer, reference_view, as_json=as_json)


@contacts.command()
def find(
    file: JsonFile, *, by: By = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Find contacts by one phone, e-mail or identity number, as a file says it.

    The file is a body of POST /v1/donor-contacts/search. Exit codes: 0 told, 1 refused,
    2 wrong usage, 3 nothing runs.
    """
    body = read_json(file)
    answer = posted(home, f"{CONTACTS}/search", body, agency(body.get("agency"), by))
    show(answer, found_view, as_json=as_json)


@contacts.command("show")
def show_contact(
    agency_code: AgencyCode,
    contact: ContactId,
    *,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Read a contact, which is recorded.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    answer = read_one(home, f"{CONTACTS}/{contact}", {}, claims=agency(agency_code, by))
    show(answer, contact_view, as_json=as_json)


@contacts.command()
def of(
    donation: DonationId, *, by: By = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Read whom to ask about a donation, which is recorded.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    path = f"/v1/donations/{donation}"

    async def read(client: ServiceClient) -> Item:
        given = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
        claims = its_agency(by)(given)
        return await client.get(ServiceName.DONATIONS, f"{path}/contact", claims=claims)

    show(ask(home, read), contact_view, as_json=as_json)


@contacts.command()
def link(
    donation: DonationId,
    contact: ContactId,
    *,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say whom to ask about a donation, in place of whoever that was before.

    Exit codes: 0 said, 1 refused, 3 nothing runs.
    """
    path = f"/v1/donations/{donation}"
    body: Item = {"contact_id": str(contact)}

    async def send(client: ServiceClient) -> Item:
        given = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
        claims = its_agency(by)(given)
        return await client.put(ServiceName.DONATIONS, f"{path}/contact", claims=claims, body=body)

    show(ask(home, send), link_view, as_json=as_json)


@contacts.command()
def change(
    agency_code: AgencyCode,
    contact: ContactId,
    file: JsonFile,
    *,
    version: Annotated[int, typer.Option(min=1, help="What was read: another is refused.")],
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Replace all of a contact by what a file says: a body of PUT /v1/donor-contacts/CONTACT.

    Exit codes: 0 replaced, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    path = f"{CONTACTS}/{contact}"
    claims = agency(agency_code, by)
    answer = put_in_place(home, path, read_json(file), claims, version=version)
    show(answer, reference_view, as_json=as_json)


@contacts.command()
def erase(
    agency_code: AgencyCode,
    contact: ContactId,
    *,
    reason: Annotated[ErasureReason, typer.Option(help="Why; free text would keep a name.")],
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Erase a contact for good, and tell what is kept that it had to do with.

    Exit codes: 0 erased, 1 refused, 3 nothing runs.
    """
    path = f"{CONTACTS}/{contact}/erase"
    answer = posted(home, path, {"reason": reason}, agency(agency_code, by))
    show(answer, erasure_view, as_json=as_json)


@contacts.command()
def accesses(
    *,
    contact: Annotated[
        UUID | None, typer.Option("--contact", metavar="ID", help="Only of this one.")
    ] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List who did what with which contact, and when.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, "/v1/contact-accesses", {"contact_id": contact})
    show_list(rows, accesses_table, as_json=as_json, none="nobody has used a contact")
