"""Loads a city: reads and checks its files, then sends what is not there yet."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from fundmix_cli.calling.client import ServiceClient
from fundmix_cli.calling.errors import first_of_group
from fundmix_cli.city.catching_up import wait_for_ledger
from fundmix_cli.city.checks import City, checked_city
from fundmix_cli.city.existing import read_existing
from fundmix_cli.city.files import FileRows, RowT, read_rows
from fundmix_cli.city.outcome import Outcome
from fundmix_cli.city.rows import (
    ContractRow,
    DonationRow,
    EvaluationRow,
    ExpenditureRow,
    InstalmentRow,
    OrganisationRow,
)
from fundmix_cli.city.steps import Steps

ORGANISATIONS: Final = "organisations.csv"
CONTRACTS: Final = "contracts.csv"
INSTALMENTS: Final = "instalments.csv"
EVALUATIONS: Final = "evaluations.csv"
DONATIONS: Final = "donations.csv"
EXPENDITURES: Final = "expenditures.csv"

Item = TypeVar("Item")


def read_city(folder: Path) -> City:
    """Raises FileUnusableError."""
    return checked_city(
        organisations=read_rows(folder / ORGANISATIONS, OrganisationRow),
        contracts=read_rows(folder / CONTRACTS, ContractRow),
        instalments=read_rows(folder / INSTALMENTS, InstalmentRow),
        # Where nothing paid waits for one, there need not be any.
        evaluations=_read_if_there(folder / EVALUATIONS, EvaluationRow),
        donations=read_rows(folder / DONATIONS, DonationRow),
        expenditures=_read_if_there(folder / EXPENDITURES, ExpenditureRow),
    )


def _read_if_there(file: Path, row_type: type[RowT]) -> FileRows[RowT]:
    """Raises FileUnusableError."""
    return read_rows(file, row_type) if file.exists() else FileRows[RowT](name=file.name)


async def load_city(
    client: ServiceClient,
    city: City,
    outcome: Outcome,
    *,
    concurrency: int,
    ledger_time_s_max: float,
) -> None:
    """Raises CallError, but not for what is the fault of a row, and LedgerBehindError."""
    with first_of_group():
        steps = Steps(client, await read_existing(client, city), outcome)
        # Contracts and gifts name organisations; of one another they know nothing.
        async with asyncio.TaskGroup() as group:
            start_workers(group, city.organisations, steps.register, workers=concurrency)
        async with asyncio.TaskGroup() as group:
            # A contract takes some twenty requests, a gift two.
            few = max(1, concurrency // 4)
            many = max(1, concurrency - few)
            start_workers(group, city.contracts, steps.load_contract, workers=many)
            start_workers(group, city.donations, steps.load_donation, workers=few)
        if city.funds:
            # What is used has to be there first, and only the ledger knows whether it is.
            await wait_for_ledger(client, time_s_max=ledger_time_s_max)
            async with asyncio.TaskGroup() as group:
                start_workers(group, city.funds, steps.load_fund, workers=concurrency)


def start_workers(
    group: asyncio.TaskGroup,
    items: Iterable[Item],
    work: Callable[[Item], Awaitable[None]],
    *,
    workers: int,
) -> None:
    """All take from the same items, each when it has finished its last one."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await work(item)

    for _ in range(workers):
        group.create_task(worker())
