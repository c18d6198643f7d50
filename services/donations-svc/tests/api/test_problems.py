"""Every refusal of donations-svc has a status and a title, and is drawn in the tree."""

from donations_svc.api.problems import PROBLEMS, STATUS_BY_ERROR, TITLES
from donations_svc.domain import errors
from fundmix_kit.operations import STATUS_BY_QUARANTINE_ERROR
from fundmix_kit.table_file.reader import STATUS_BY_FILE_ERROR


def test_every_refusal_has_a_status_and_a_title() -> None:
    assert PROBLEMS.missing(errors.DonationsError) == set()


def test_no_title_is_left_over() -> None:
    assert TITLES.keys() == {getattr(error, "code", None) for error in STATUS_BY_ERROR}


def test_the_drawn_tree_has_every_refusal() -> None:
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.endswith("Error")}

    ours = STATUS_BY_ERROR.keys() - STATUS_BY_QUARANTINE_ERROR.keys() - STATUS_BY_FILE_ERROR.keys()
    assert drawn == {error.__name__ for error in (errors.DonationsError, *ours)}
