"""Options that several commands about donations take."""

from typing import Annotated
from uuid import UUID

import typer
from fundmix_events.donations import DonorKind

AgencyCode = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's credit code.")]
OfAgency = Annotated[
    str | None, typer.Option("--agency", metavar="CODE", help="Only this agency's.")
]
DonorCode = Annotated[str | None, typer.Option("--donor", metavar="CODE", help="None of persons.")]
Kind = Annotated[DonorKind, typer.Option("--donor-kind", help="What the donor gives as.")]
DonationId = Annotated[UUID, typer.Argument(metavar="DONATION", help="The donation's id.")]
OfDonation = Annotated[
    UUID | None, typer.Option("--donation", metavar="ID", help="Only of this one.")
]
Announced = Annotated[UUID, typer.Argument(metavar="ANNOUNCEMENT", help="Its id.")]
Reference = Annotated[str, typer.Option(metavar="TEXT", help="The agency's own number for it.")]
Amount = Annotated[str, typer.Option(metavar="YUAN", help="Like 1200.00.")]
Purpose = Annotated[str | None, typer.Option(metavar="TEXT", help="What alone it may be used for.")]
BankReference = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The bank's number; none of goods and time.")
]
Anonymous = Annotated[
    bool, typer.Option("--anonymous", help="The donor asks not to be named in public.")
]
Sponsorship = Annotated[
    bool, typer.Option("--sponsorship", help="Something was given in return: it is no gift.")
]
Remark = Annotated[str | None, typer.Option(help="Kept with it.")]
Because = Annotated[
    str | None,
    typer.Option(help="Why an officer records it for the agency; without, the agency itself does."),
]
AsDonor = Annotated[bool, typer.Option("--as-donor", help="The donor records it, not the agency.")]
By = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who acts; it is kept.", show_default=False),
]
