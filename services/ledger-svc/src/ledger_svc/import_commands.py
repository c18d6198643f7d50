"""An accounting journal comes in as one batch: all of it, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin

from ledger_svc.commands import Commands
from ledger_svc.domain.errors import ImportNotReadyError, TermsError
from ledger_svc.domain.journal_file import (
    AccountMapping,
    JournalLine,
    JournalPlan,
    check_target,
    plan,
)
from ledger_svc.storage import import_mappings


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    plan: JournalPlan
    batch_id: UUID | None


class ImportCommands:
    def __init__(self, commands: Commands, *, clock: Clock) -> None:
        self._commands = commands
        self._clock = clock

    async def import_journal(
        self,
        connection: Connection,
        origin: Origin,
        lines: Sequence[JournalLine],
        *,
        agency: str,
        is_dry_run: bool,
    ) -> Imported:
        """Prepare an expenditure for each line, for another person to approve as one batch.

        Raises ImportNotReadyError, and what preparing raises.
        """
        found = plan(
            lines,
            await import_mappings.read(connection, agency),
            await import_mappings.read_known(
                connection, agency=agency, references=[line.reference for line in lines]
            ),
            agency=agency,
            today=self._clock.today(),
        )
        if is_dry_run:
            return Imported(plan=found, batch_id=None)
        if not found.is_ready:
            raise ImportNotReadyError(_reason(found))
        batch_id = uuid7() if found.new else None
        for _, terms in found.new:
            await self._commands.prepare(connection, origin, terms, batch_id=batch_id)
        return Imported(plan=found, batch_id=batch_id)

    async def save_mapping(
        self,
        connection: Connection,
        *,
        agency: str,
        accounts: Mapping[str, str | None],
        projects: Mapping[str, str | None],
    ) -> AccountMapping:
        """None forgets. Raises TermsError."""
        targets = {("account", text): target for text, target in accounts.items()}
        targets |= {("project", text): target for text, target in projects.items()}
        for (kind, text), target in targets.items():
            if target is not None and (reason := check_target(kind, target)):
                raise TermsError(reason, pointer=f"/{kind}s/{text}")
        await import_mappings.save(connection, agency, targets)
        return await import_mappings.read(connection, agency)


def _reason(plan: JournalPlan) -> str:
    """The first of each kind; a dry run tells all."""
    parts = [f"row {e.row}, {e.field}: {e.detail}" for e in plan.errors[:3]]
    parts += [f"account {u.text!r} is not mapped" for u in plan.unmapped_accounts[:3]]
    parts += [f"project {u.text!r} is not mapped" for u in plan.unmapped_projects[:3]]
    return f"{'; '.join(parts)}. Nothing was prepared; a dry run tells all"
