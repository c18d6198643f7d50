"""Text of others at a terminal: what would steer it is shown by its number, and does nothing."""

import re
from typing import Any, Final, cast

# Control characters but tabs and line breaks, and what turns the direction of writing.
STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(text: str) -> str:
    return STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def harmless_parts(item: Any) -> Any:
    """All the text that is in JSON, keys included."""
    if isinstance(item, str):
        return harmless(item)
    if isinstance(item, dict):
        members = cast("dict[str, Any]", item)
        return {harmless(name): harmless_parts(part) for name, part in members.items()}
    if isinstance(item, list):
        return [harmless_parts(part) for part in cast("list[Any]", item)]
    return item
