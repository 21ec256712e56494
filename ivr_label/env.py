"""The only reader of environment variables for the application.

Every function takes the variable's name first, as a literal: a test collects the
names and compares them with `.env.sample`.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


class SettingError(ImproperlyConfigured):
    """A variable is missing or unusable; the message says what to do."""


def env_str(name: str, default: str = "", *, choices: tuple[str, ...] = ()) -> str:
    """Return the variable, stripped; empty counts as not set."""
    value = os.environ.get(name, "").strip() or default
    if choices and value not in choices:
        raise SettingError(
            f"{name} is {value!r}; set it to one of: {', '.join(choices)}."
        )
    return value


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name).lower()
    if not value:
        return default
    if value in TRUE_WORDS:
        return True
    if value in FALSE_WORDS:
        return False
    raise SettingError(f"{name} is {value!r}; set it to 1 or 0.")


def env_int(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    value = env_str(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise SettingError(f"{name} is {value!r}; set it to a whole number.") from None
    if not least <= number <= most:
        raise SettingError(f"{name} is {number}; it must lie in {least} to {most}.")
    return number


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the comma-separated parts of the variable, blanks dropped."""
    parts = [part.strip() for part in env_str(name).split(",")]
    return [part for part in parts if part] or list(default)


def env_path(name: str, default: Path) -> Path:
    """Return an absolute path; a leading ~ is the home folder."""
    value = env_str(name)
    return Path(value).expanduser().absolute() if value else default


def env_secret(name: str) -> str:
    """Return the secret from `NAME`, or from the file that `NAME_FILE` names."""
    value, file_name = env_str(name), env_str(f"{name}_FILE")
    if value and file_name:
        raise SettingError(f"Both {name} and {name}_FILE are set; keep one of them.")
    if not file_name:
        return value
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(
            f"{name}_FILE names {file_name!r}, which cannot be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        raise SettingError(
            f"{name}_FILE names {file_name!r}, which is not UTF-8 text."
        ) from None
