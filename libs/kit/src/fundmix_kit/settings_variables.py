"""The environment variables of a settings class: to tell what there is, and to find a misspelt one.

A settings class itself does not notice a variable that no field has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """`default` as one would write it in the environment; None: it has to be given."""

    name: str
    default: str | None
    allowed: str
    meaning: str


def variables_of(settings_class: type[BaseSettings]) -> list[Variable]:
    """In the order of the fields; every field of the class is a group of settings."""
    prefix = settings_class.model_config.get("env_prefix", "")
    delimiter = settings_class.model_config.get("env_nested_delimiter", "")
    return [
        Variable(
            name=f"{prefix}{group}{delimiter}{field}".upper(),
            default=_default(settings_class, group, field),
            allowed=_allowed(schema),
            meaning=schema.get("description", ""),
        )
        for group in settings_class.model_fields
        for field, schema in _fields(_group_class(settings_class, group))
    ]


def _group_class(settings_class: type[BaseSettings], group: str) -> type[BaseModel]:
    annotation = settings_class.model_fields[group].annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel), f"{group} is no group of settings"
    return annotation


def _fields(group_class: type[BaseModel]) -> Iterable[tuple[str, dict[str, Any]]]:
    return group_class.model_json_schema()["properties"].items()


def _default(settings_class: type[BaseSettings], group: str, field: str) -> str | None:
    info = _group_class(settings_class, group).model_fields[field]
    # What the service presets for the whole group comes before what the group itself says.
    preset = settings_class.model_fields[group]
    if preset.is_required() and info.is_required():
        return None
    match info.default if preset.is_required() else getattr(preset.default, field):
        case None:
            return ""
        case bool() as value:
            return str(value).lower()
        case value:
            assert not isinstance(value, SecretStr), f"{field} has a secret that everybody knows"
            return str(value)


def _allowed(schema: dict[str, Any]) -> str:
    match schema:
        case {"anyOf": [one, {"type": "null"}]}:
            return _allowed(one)
        case {"enum": values}:
            return " or ".join(values)
        case {"type": "boolean"}:
            return "true or false"
        case {"minimum": smallest, "maximum": largest}:
            return f"{smallest} to {largest}"
        case {"format": "uri" | "multi-host-uri"}:
            return "URL"
        case {"type": "string"}:
            return "text"
        case _:
            raise AssertionError(f"no word for {schema}")
