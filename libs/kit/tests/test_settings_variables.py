"""What is told about a settings class: names, defaults, bounds, meaning."""

from typing import Literal

from fundmix_kit.settings import SettingsGroup
from fundmix_kit.settings_variables import Variable, variables_of
from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class GateSettings(SettingsGroup):
    height_mm: int = Field(default=900, ge=1, le=2_000)
    """How high it is."""
    colour: Literal["green", "red"] = "green"
    is_open: bool = False
    secret: SecretStr | None = None


class KeeperSettings(SettingsGroup):
    name: str
    home_url: HttpUrl | None = None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PARK_", env_nested_delimiter="__")

    gate: GateSettings = GateSettings(height_mm=1_200)
    keeper: KeeperSettings


VARIABLES = {variable.name: variable for variable in variables_of(Settings)}


def test_a_variable_tells_what_the_service_presets_what_is_allowed_and_what_it_means() -> None:
    assert VARIABLES["PARK_GATE__HEIGHT_MM"] == Variable(
        name="PARK_GATE__HEIGHT_MM", default="1200", allowed="1 to 2000", meaning="How high it is."
    )


def test_the_variables_come_in_the_order_of_the_fields() -> None:
    assert list(VARIABLES) == [
        "PARK_GATE__HEIGHT_MM",
        "PARK_GATE__COLOUR",
        "PARK_GATE__IS_OPEN",
        "PARK_GATE__SECRET",
        "PARK_KEEPER__NAME",
        "PARK_KEEPER__HOME_URL",
    ]


def test_only_what_has_no_default_is_required() -> None:
    defaults = {name: variable.default for name, variable in VARIABLES.items()}

    assert defaults["PARK_KEEPER__NAME"] is None
    assert defaults["PARK_KEEPER__HOME_URL"] == ""
    assert defaults["PARK_GATE__IS_OPEN"] == "false"


def test_what_is_allowed_is_told_for_every_kind_of_value() -> None:
    assert [variable.allowed for variable in VARIABLES.values()] == [
        "1 to 2000",
        "green or red",
        "true or false",
        "text",
        "text",
        "URL",
    ]
