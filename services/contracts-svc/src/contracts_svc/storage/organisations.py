"""What contracts-svc knows of the register: a replica of its organisations."""

from collections.abc import Sequence
from typing import Final

from fundmix_events import topics
from fundmix_events.registry import Organisation
from fundmix_kit.database import Connection

from contracts_svc.domain.signing import FIRST_SCHEME_VERSION

# One statement: signing is done often, and asks for both.
READ_FOR_SIGNING: Final = """
    SELECT key, state, (SELECT max(version) FROM scheme) AS scheme_version
    FROM replica WHERE topic = $1 AND key = ANY($2::text[])
"""


async def read_for_signing(
    connection: Connection, codes: Sequence[str]
) -> tuple[dict[str, Organisation], int]:
    """Those of the organisations that are known, and the scheme of evaluation in force."""
    rows = await connection.fetch(READ_FOR_SIGNING, topics.REGISTRY, codes)
    parties = {row["key"]: Organisation.model_validate_json(row["state"]) for row in rows}
    return parties, rows[0]["scheme_version"] if rows else FIRST_SCHEME_VERSION
