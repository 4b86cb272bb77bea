"""Leaves out of a text what does not belong into a bug report."""

import getpass
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

HIDDEN = "<hidden>"
SECRET_VARIABLE = re.compile(r"TOKEN|SECRET|PASSW|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
SECRET_OVERRIDE = re.compile(r"environment|setup|token|secret|passw|key|credential|account", re.IGNORECASE)
MIN_SECRET = 6  # characters; shorter values would hide ordinary words
LOGIN_IN_ADDRESS = re.compile(r"://[^/@\s]+@")
OF_IMAGES = (
    "root",
    "carla",
)  # users in containers, also of CARLA's own image, whose name tells nothing and is a word of reports


def shareable(text: str, environment: Mapping[str, str] | None = None) -> str:
    """A text without the user's name, the path of the home folder, logins in addresses, and values of secret variables.

    Args:
        text: of any kind.
        environment: variables of the process, whose values may occur in it; by default those of this one.

    """
    variables = os.environ if environment is None else environment
    for name, value in variables.items():
        if SECRET_VARIABLE.search(name) and len(value) >= MIN_SECRET:
            text = text.replace(value, HIDDEN)
    text = LOGIN_IN_ADDRESS.sub(f"://{HIDDEN}@", text)
    for home in {variables.get("HOME", ""), _home()} - {"", "/"}:
        text = re.sub(rf"{re.escape(home.rstrip('/'))}(?![\w.-])", "~", text)
    for user in {variables.get("USER", ""), variables.get("LOGNAME", ""), _user()} - {"", *OF_IMAGES}:
        text = re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", "<user>", text)
    return text


def shareable_overrides(overrides: Sequence[str]) -> list[str]:
    """Overrides without the values of keys that may hold secrets, such as shell lines and variables of a simulator."""
    return [shareable(_without_secret(override)) for override in overrides]


def _without_secret(override: str) -> str:
    key, equals, value = override.partition("=")
    hidden = SECRET_OVERRIDE.search(key) or (value.startswith(("{", "[")) and SECRET_OVERRIDE.search(value))
    return f"{key}={HIDDEN}" if equals and hidden else override


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:  # an unknown user without HOME
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
