"""Lists of figures: a page says what is counted in them, and what is not."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from fundmix_kit.paging import Page
from pydantic import BaseModel

from ledger_svc.queries_reports import Stated

Item = TypeVar("Item", bound=BaseModel)


class FiguresPage(Page[Item], Generic[Item]):
    """`seq` is the last entry that is counted, `quarantined` how many events are not."""

    seq: int
    quarantined: int


def page_of(reading: Stated[Any]) -> Callable[..., FiguresPage[BaseModel]]:
    """The page that says it of these."""
    return partial(FiguresPage[BaseModel], seq=reading.seq, quarantined=reading.quarantined)
