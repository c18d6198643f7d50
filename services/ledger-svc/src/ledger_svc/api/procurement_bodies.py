"""What goes out over HTTP about what government bodies buy, and how it has grown."""

from datetime import date

from fundmix_events.channel import Channel
from fundmix_events.goals import Basis
from fundmix_events.money import text_from_minor
from pydantic import BaseModel

from ledger_svc.api.amounts import AmountOut, amount_out, why_due
from ledger_svc.api.bodies import Ratio
from ledger_svc.api.why import asking, asking_last_year
from ledger_svc.domain.mix import shown
from ledger_svc.domain.reading import Reading
from ledger_svc.domain.selections import Why


class ProcurementOut(BaseModel):
    """What government bodies have signed and paid, and its growth on the year before.

    `before` is to the same day of it. `projected` is what is paid and due by the end of the year,
    against all of the year before.
    """

    signed: AmountOut
    signed_before: AmountOut
    signed_growth: Ratio | None
    paid: AmountOut
    paid_before: AmountOut
    paid_growth: Ratio | None
    due: str
    why_due: Why
    projected: str
    why_projected: Why
    paid_last_year: AmountOut
    projected_growth: Ratio | None


def procurement_out(reading: Reading, *, agency: str | None) -> ProcurementOut:
    bought, facts = reading.procurement, reading.facts
    why = asking(facts, agency=agency)
    before = asking_last_year(facts, agency=agency, last=facts.until_last_year)
    whole = asking_last_year(facts, agency=agency, last=date(facts.year - 1, 12, 31))
    received = Basis.RECEIVED
    due = why_due(reading, Channel.GOVERNMENT, agency=agency)
    return ProcurementOut(
        signed=amount_out(bought.signed_minor, why.signed()),
        signed_before=amount_out(bought.signed_before_minor, before.signed()),
        signed_growth=shown(bought.signed_growth),
        paid=amount_out(bought.paid_minor, why.contracts(received)),
        paid_before=amount_out(bought.paid_before_minor, before.contracts(received)),
        paid_growth=shown(bought.paid_growth),
        due=text_from_minor(bought.due_minor),
        why_due=due,
        projected=text_from_minor(bought.paid_minor + bought.due_minor),
        why_projected=(*why.contracts(received), *due),
        paid_last_year=amount_out(bought.paid_last_year_minor, whole.contracts(received)),
        projected_growth=shown(bought.projected_growth),
    )
