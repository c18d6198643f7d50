"""Every refusal of contracts-svc has a status and a title, and is drawn in the tree."""

from contracts_svc.api.problems import PROBLEMS, STATUS_BY_ERROR, TITLES
from contracts_svc.domain import errors
from fundmix_kit.operations import QuarantineError


def test_every_refusal_has_a_status_and_a_title() -> None:
    assert PROBLEMS.missing(errors.ContractsError) == set()
    assert PROBLEMS.missing(QuarantineError) == set()


def test_no_title_is_left_over() -> None:
    assert TITLES.keys() == {getattr(error, "code", None) for error in STATUS_BY_ERROR}


def test_the_drawn_tree_has_every_refusal() -> None:
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.endswith("Error")}
    refusals = errors.ContractsError.__subclasses__()

    assert drawn == {error.__name__ for error in (errors.ContractsError, *refusals)}
