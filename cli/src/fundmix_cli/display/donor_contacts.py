"""Contacts of donors as their agency reads them, and who has used them; nothing in it is markup."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

PERSON: Final = ("name", "phone", "email", "address", "identity_number")


def contact_view(contact: Json) -> RenderableType:
    person: Json | None = contact["person"]
    if person is None:
        told = [Text(f"erased on {contact['erased_at'][:10]}: {contact['erasure_reason']}")]
    else:
        told = [
            Text(f"{name.replace('_', ' ')}: {person[name]}") for name in PERSON if person[name]
        ]
    return Group(*told, *_speaks_for(contact), _id(contact))


def reference_view(contact: Json) -> RenderableType:
    return Group(*_speaks_for(contact), _id(contact))


def found_view(found: Json) -> RenderableType:
    contacts: Sequence[Json] = found["items"]
    return Group(*map(reference_view, contacts)) if contacts else Text("there is no such contact")


def link_view(link: Json) -> RenderableType:
    return Text(f"donation {link['donation_id']}: ask contact {link['contact_id']}")


def erasure_view(erasure: Json) -> RenderableType:
    kept = (Text(f"kept: {k['count']} {k['what']}, {k['why']}") for k in erasure["kept"])
    return Group(Text(f"erased: {erasure['reason']}"), *kept)


def accesses_table(accesses: Sequence[Json]) -> RenderableType:
    table = Table("when", "who", "role", "did", "contact")
    for access in accesses:
        cells = (
            access["accessed_at"][:19],
            access["subject"],
            access["role"],
            access["act"],
            access["contact_id"],
        )
        table.add_row(*map(Text, cells))
    return table


def _speaks_for(contact: Json) -> list[Text]:
    organisation = contact["organisation"]
    return [Text(f"speaks for {organisation}")] if organisation else []


def _id(contact: Json) -> Text:
    return Text(f"id {contact['contact_id']}, version {contact['version']}", style="dim")
