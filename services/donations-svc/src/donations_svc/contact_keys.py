"""The keys of donors' contacts at the edge: read once, tried at the start, exchanged on request."""

from pathlib import Path
from typing import Final

import structlog
from fundmix_kit.backoff import Backoff
from fundmix_kit.database import Database, DatabaseUnavailableError
from fundmix_kit.settings import StartRefusedError

from donations_svc.domain.contact_keys import KeyRingError, parse_key_ring
from donations_svc.settings import ContactSettings, Settings
from donations_svc.storage import contact_rotation
from donations_svc.storage.sealing import KeyRing

log = structlog.get_logger()

RING_VARIABLE: Final = "FUNDMIX_CONTACTS__KEY_RING"
FILE_VARIABLE: Final = "FUNDMIX_CONTACTS__KEY_RING_FILE"
IDLE_TIME_MS_MAX: Final = 60_000


class ContactKeysError(StartRefusedError):
    """Contacts could be neither sealed nor opened."""


def read_key_ring(settings: ContactSettings) -> KeyRing:
    """Raises ContactKeysError."""
    ring, file = settings.key_ring, settings.key_ring_file
    if (ring is None) == (file is None):
        given = "neither" if ring is None else "both"
        raise ContactKeysError(
            f"{given} of {RING_VARIABLE} and {FILE_VARIABLE} given: contacts of donors need one"
        )
    if ring is not None:
        variable, text = RING_VARIABLE, ring.get_secret_value()
    else:
        assert file is not None, "one of the two is given"
        variable, text = FILE_VARIABLE, _read(Path(file))
    try:
        return KeyRing(parse_key_ring(text))
    except KeyRingError as error:
        raise ContactKeysError(f"{variable}: {error}") from error


async def check_key_ring(database: Database, keys: KeyRing) -> None:
    """Before anything is sealed with a wrong key; a database that is away is waited for.

    Raises ContactKeysError.
    """
    backoff = Backoff()
    while True:
        try:
            async with database.dedicated(idle_time_ms_max=IDLE_TIME_MS_MAX) as connection:
                complaints = await contact_rotation.wrong_keys(connection, keys)
        except DatabaseUnavailableError as error:
            log.warning("database_awaited", detail=str(error))
            await backoff.wait()
            continue
        if complaints:
            raise ContactKeysError("; ".join(complaints))
        return


async def rotate_contact_keys(settings: Settings) -> None:
    """Seal every contact with the current key; afterwards the others may leave the ring.

    It may be stopped and run again at any time. Raises ContactKeysError.
    """
    keys = read_key_ring(settings.contacts)
    database = Database(settings.database, application="rotate-contact-keys")
    await check_key_ring(database, keys)
    await database.open()
    try:
        resealed = await _reseal(database, keys, rows_max=settings.contacts.rotation_batch_rows_max)
        async with database.reading() as connection:
            by_key = await contact_rotation.contacts_by_key(connection)
    finally:
        await database.close()
    log.info(
        "contact_keys_rotated", current=keys.current_id, resealed=resealed, contacts_by_key=by_key
    )


async def _reseal(database: Database, keys: KeyRing, *, rows_max: int) -> int:
    resealed, after = 0, contact_rotation.FIRST_ID
    while True:
        async with database.transaction() as connection:
            done = await contact_rotation.reseal_batch(
                connection, keys, after=after, rows_max=rows_max
            )
        if not done:
            return resealed
        resealed, after = resealed + len(done), done[-1]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ContactKeysError(f"{FILE_VARIABLE}: {file} cannot be read: {reason}") from error
