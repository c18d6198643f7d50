"""What authorities have found about an organisation, as recorded from their documents.

Abnormal list (异常名录), charity status (慈善组织), tax qualification by year (税前扣除, 免税).
"""

from collections.abc import Collection
from datetime import date
from typing import Final

from fundmix_events.registry import (
    AbnormalListing,
    Charity,
    CharityStatus,
    Standing,
    StandingSource,
    TaxQualification,
    TaxQualificationKind,
)

from registry_svc.domain.errors import (
    AlreadyListedError,
    DayOrderError,
    FutureDateError,
    NotListedError,
    StandingFullError,
)
from registry_svc.domain.registration import Registration, Revision, revise

# Every event carries them all.
ABNORMAL_LISTINGS_MAX: Final = 50


def list_as_abnormal(
    before: Registration, *, listed_on: date, reason: str, source: StandingSource, today: date
) -> Revision:
    """Raises AlreadyListedError, DayOrderError, FutureDateError, StandingFullError."""
    standing = _standing_of(before)
    listings = standing.abnormal_listings
    last = listings[-1] if listings else None
    _check_past(listed_on, today=today, pointer="/listed_on")
    _check_past(source.issued_on, today=today, pointer="/source/issued_on")
    if last is not None and last.removed_on is None:
        raise AlreadyListedError(f"it is on the list since {last.listed_on}", pointer="/listed_on")
    if last is not None and last.removed_on is not None and listed_on < last.removed_on:
        raise DayOrderError(
            f"it was on the list until {last.removed_on} before", pointer="/listed_on"
        )
    if len(listings) == ABNORMAL_LISTINGS_MAX:
        raise StandingFullError(f"{ABNORMAL_LISTINGS_MAX} listings are kept at most")
    listing = AbnormalListing(listed_on=listed_on, reason=reason, source=source)
    return _revise(before, standing, abnormal_listings=(*listings, listing))


def remove_from_abnormal(
    before: Registration, *, removed_on: date, source: StandingSource, today: date
) -> Revision:
    """Raises NotListedError, DayOrderError, FutureDateError."""
    standing = _standing_of(before)
    *earlier, last = standing.abnormal_listings or (None,)
    if last is None or last.removed_on is not None:
        raise NotListedError("it is not on the list of abnormal activities")
    _check_past(removed_on, today=today, pointer="/removed_on")
    _check_past(source.issued_on, today=today, pointer="/source/issued_on")
    if removed_on < last.listed_on:
        raise DayOrderError(
            f"it was put on the list on {last.listed_on} only", pointer="/removed_on"
        )
    ended = last.model_copy(update={"removed_on": removed_on, "removal_source": source})
    return _revise(before, standing, abnormal_listings=(*earlier, ended))


def record_charity_status(
    before: Registration,
    *,
    status: CharityStatus,
    since_on: date,
    source: StandingSource,
    today: date,
) -> Revision:
    """The same finding again is no change. Raises FutureDateError."""
    standing = _standing_of(before)
    _check_past(since_on, today=today, pointer="/since_on")
    _check_past(source.issued_on, today=today, pointer="/source/issued_on")
    known = standing.charity
    if known is not None and (known.status, known.since_on) == (status, since_on):
        return before, None
    charity = Charity(status=status, since_on=since_on, source=source)
    return _revise(before, standing, charity=charity)


def grant_tax_qualification(
    before: Registration,
    *,
    kind: TaxQualificationKind,
    years: Collection[int],
    source: StandingSource,
    today: date,
) -> Revision:
    """A year that is qualified already stays as it was recorded. Raises FutureDateError."""
    _check_past(source.issued_on, today=today, pointer="/source/issued_on")
    standing = _standing_of(before)
    new = [
        TaxQualification(kind=kind, year=year, source=source)
        for year in set(years)
        if not standing.is_qualified(kind, year=year)
    ]
    if not new:
        return before, None
    together = sorted((*standing.tax_qualifications, *new), key=lambda q: (q.kind, q.year))
    return _revise(before, standing, tax_qualifications=tuple(together))


def withdraw_tax_qualification(
    before: Registration,
    *,
    kind: TaxQualificationKind,
    years: Collection[int],
    source: StandingSource,
    today: date,
) -> Revision:
    """The years that stand no more; the history keeps the source. Raises FutureDateError."""
    _check_past(source.issued_on, today=today, pointer="/source/issued_on")
    standing = _standing_of(before)
    left = tuple(q for q in standing.tax_qualifications if not (q.kind is kind and q.year in years))
    if left == standing.tax_qualifications:
        return before, None
    return _revise(before, standing, tax_qualifications=left)


def _standing_of(registration: Registration) -> Standing:
    return registration.organisation.standing or Standing()


def _revise(before: Registration, standing: Standing, **changes: object) -> Revision:
    wanted = standing.model_copy(update=changes)
    return revise(before, before.organisation.model_copy(update={"standing": wanted}))


def _check_past(day: date, *, today: date, pointer: str) -> None:
    if day > today:
        raise FutureDateError(f"{day} is not yet", pointer=pointer)
