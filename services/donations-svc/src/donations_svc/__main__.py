"""python -m donations_svc migrate | rotate-contact-keys | run PART..."""

from collections.abc import Collection, Coroutine

from fundmix_kit.command_line import Task, run_service

from donations_svc import MIGRATIONS, NAME, PARTS
from donations_svc.settings import Settings


def run(settings: Settings, parts: Collection[str]) -> Coroutine[None, None, None]:
    # Only when it is asked for: a migration needs nothing of what the composition brings in.
    from donations_svc import main  # noqa: PLC0415  # see above

    return main.run(settings, parts)


def rotate_contact_keys(settings: Settings) -> Coroutine[None, None, None]:
    from donations_svc import contact_keys  # noqa: PLC0415  # as above

    return contact_keys.rotate_contact_keys(settings)


run_service(
    Settings,
    name=NAME,
    parts=PARTS,
    migrations=MIGRATIONS,
    run=run,
    tasks={
        "rotate-contact-keys": Task(
            meaning="seal every contact of donors with the current key", run=rotate_contact_keys
        )
    },
)
