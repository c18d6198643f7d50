"""Every refusal of the ledger has a status and a title, and is drawn in the tree."""

from ledger_svc.api.problems import PROBLEMS, STATUS_BY_ERROR, TITLES
from ledger_svc.domain import errors


def test_every_refusal_has_a_status_and_a_title() -> None:
    assert PROBLEMS.missing(errors.LedgerError) == set()


def test_no_title_is_left_over() -> None:
    assert TITLES.keys() == {getattr(error, "code", None) for error in STATUS_BY_ERROR}


def test_the_drawn_tree_has_every_refusal() -> None:
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.endswith("Error")}

    refusals = {error for error in STATUS_BY_ERROR if issubclass(error, errors.LedgerError)}
    assert drawn == {error.__name__ for error in (errors.LedgerError, *refusals)}
