"""What a file of organisations would do to the register, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fundmix_events.registry import Organisation

from registry_svc.domain.errors import FutureDateError
from registry_svc.domain.import_file import Row, RowError
from registry_svc.domain.registration import check_dates

# What a row may leave open: an empty cell contradicts nothing.
OPTIONAL: Final = ("level", "town", "registered_on")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """`new` has the first row of each code that the register does not know."""

    new: Sequence[Row]
    unchanged: int
    errors: Sequence[RowError]


def plan_import(
    rows: Sequence[Row], known: Mapping[str, Organisation], *, today: date
) -> ImportPlan:
    """What is known as the row says is unchanged, so that a file may be sent again."""
    there = dict(known)
    new: list[Row] = []
    errors: list[RowError] = []
    unchanged = 0
    for row in rows:
        organisation = row.organisation
        before = there.get(organisation.code)
        if before is None:
            found = _not_registrable(row, today=today)
            if found is None:
                there[organisation.code] = organisation
                new.append(row)
        else:
            found = _conflict(row, before)
            unchanged += found is None
        if found is not None:
            errors.append(found)
    return ImportPlan(new=new, unchanged=unchanged, errors=errors)


def _not_registrable(row: Row, *, today: date) -> RowError | None:
    try:
        check_dates(row.organisation, today=today)
    except FutureDateError as error:
        return RowError(row=row.number, field="registered_on", code=error.code, detail=str(error))
    return None


def _conflict(row: Row, known: Organisation) -> RowError | None:
    """Nothing is overwritten by an import: what differs is changed in its own way."""
    for field, code in (("name", "name_conflict"), ("kind", "kind_conflict")):
        if getattr(row.organisation, field) != getattr(known, field):
            return _differs(row, known, field=field, code=code)
    for field in OPTIONAL:
        if getattr(row.organisation, field) not in (None, getattr(known, field)):
            return _differs(row, known, field=field, code="value_conflict")
    return None


def _differs(row: Row, known: Organisation, *, field: str, code: str) -> RowError:
    there = getattr(known, field)
    shown = "nothing" if there is None else str(there)
    detail = f"{known.code} is in the register with {field} {shown}"
    return RowError(row=row.number, field=field, code=code, detail=detail)
