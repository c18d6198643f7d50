"""Holds of many lots at once, for what undoes several receipts: all of them or none."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from fundmix_events.roles import Role
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.policy import Access

from ledger_svc.domain.availability import reserve_lots
from ledger_svc.domain.errors import ForeignHoldError, HoldConflictError, HoldNotFoundError
from ledger_svc.domain.funds import Draw
from ledger_svc.storage import holds
from ledger_svc.storage.holds import HoldPurpose, HoldState, HoldTerms

LotHold = tuple[HoldTerms, UUID]
"""What is to be set aside, and of which lot."""


async def hold_lots(
    connection: Connection, origin: Origin, wanted: Sequence[LotHold], *, clock: Clock
) -> int:
    """Set them aside, once: what is held already by the same id and terms stays so.

    What was given back since is set aside again.

    The answer is how many are new. Raises HoldConflictError, InsufficientFundsError.
    """

    def fund_of(hold: LotHold) -> tuple[str, str]:
        return hold[0].agency, hold[0].fund_code

    wanted = sorted(wanted, key=lambda hold: (*fund_of(hold), hold[0].hold_id))
    # In the order of the key, as by everyone who locks several.
    for agency, fund_code in sorted({fund_of(hold) for hold in wanted}):
        await holds.lock_fund(connection, agency=agency, fund_code=fund_code)
    known = await holds.find_terms(connection, [terms.hold_id for terms, _ in wanted])
    lots = await holds.lots_held(connection, list(known))
    for terms, lot_id in wanted:
        before, state = known.get(terms.hold_id, (terms, HoldState.HELD))
        is_same = before == terms and lots.get(terms.hold_id, lot_id) == lot_id
        if not is_same or state is HoldState.USED:
            raise HoldConflictError(f"hold {terms.hold_id} is of other terms, or used")
    new = [
        hold for hold in wanted if known.get(hold[0].hold_id, (None, None))[1] is not HoldState.HELD
    ]
    await holds.check_posted(connection, [lot_id for _, lot_id in new])
    held: list[tuple[HoldTerms, Draw]] = []
    for (agency, fund_code), group in groupby(new, key=fund_of):
        of_fund = list(group)
        position = await holds.read_position(
            connection,
            agency=agency,
            fund_code=fund_code,
            on=min(terms.effective_on for terms, _ in of_fund),
            currency=of_fund[0][0].currency,
            lot_ids=[lot_id for _, lot_id in of_fund],
        )
        draws = reserve_lots(
            position,
            [(lot_id, terms.effective_on, terms.amount_minor) for terms, lot_id in of_fund],
        )
        held += [(terms, draw) for (terms, _), draw in zip(of_fund, draws, strict=True)]
    fresh = [one for one in held if one[0].hold_id not in known]
    again = [one for one in held if one[0].hold_id in known]
    if fresh:
        await holds.add_of_lots(connection, fresh, by=origin.actor.subject, at=clock.now())
    if again:
        await holds.hold_again(connection, again)
    return len(held)


async def release_all(connection: Connection, hold_ids: Sequence[UUID], *, access: Access) -> int:
    """Give all of them back, or none. The answer is how many.

    Raises HoldNotFoundError, ForeignRowError, HoldConflictError.
    """
    known = await holds.find_terms(connection, hold_ids)
    for hold_id in hold_ids:
        if hold_id not in known:
            raise HoldNotFoundError(f"there is no hold {hold_id}")
        terms, state = known[hold_id]
        access.require_own(terms.agency)
        check_purpose(access, terms.purpose)
        if state is HoldState.USED:
            raise HoldConflictError(f"hold {hold_id} is used: what it was for is in the journal")
    for hold_id in sorted(known):
        await holds.release(connection, hold_id)
    return len(known)


def check_purpose(access: Access, purpose: HoldPurpose) -> None:
    """An officer undoes imports, and nothing else. Raises ForeignHoldError."""
    is_agency = access.principal.role == Role.AGENCY
    if not is_agency and purpose is not HoldPurpose.BATCH_REVERSAL:
        raise ForeignHoldError(f"only its agency sets money aside for a {purpose}")
