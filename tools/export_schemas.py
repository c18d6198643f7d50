"""Writes schemas/events anew from the event classes; a change that breaks readers is refused."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from fundmix_events.catalogue import EVENT_CLASSES
from fundmix_events.compatibility import breaking_changes
from fundmix_events.schemas import schema_name, schema_of

FOLDER: Final = Path(__file__).parents[1] / "schemas" / "events"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    schemas = {FOLDER / f"{schema_name(c)}.json": schema_of(c) for c in EVENT_CLASSES}
    refused = [
        f"{path.name}{change}"
        for path, schema in schemas.items()
        if path.exists()
        for change in breaking_changes(json.loads(path.read_text()), schema)
    ]
    if refused:
        lines = "\n".join(refused)
        sys.exit(f"{lines}\nThis breaks readers: make a new version beside the old one.")
    for path, schema in schemas.items():
        path.write_text(text_of(schema))


def text_of(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    main()
