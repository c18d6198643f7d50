"""As whom this command looks and operates, where no rule asks for a certain person."""

from typing import Final

from fundmix_events.roles import Role

from fundmix_cli.claims import Claims

AUDITOR: Final = Claims(role=Role.AUDITOR, subject="cli-auditor")
ADMIN: Final = Claims(role=Role.ADMIN, subject="cli-admin")
