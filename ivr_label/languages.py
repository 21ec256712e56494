"""The languages that pages can be shown in: English, and what has a catalogue."""

from pathlib import Path

from .env import SettingError

ENGLISH = "en"


def translated_languages(locale: Path) -> tuple[str, ...]:
    """Codes such as `es` or `pt-br`, English first.

    Raises SettingError where a catalogue was not compiled: gettext would say nothing
    and show English.
    """
    codes = [ENGLISH]
    for source in sorted(locale.glob("*/LC_MESSAGES/django.po")):
        name = source.parent.parent.name
        if not source.with_suffix(".mo").exists():
            raise SettingError(
                f"locale/{name} is not compiled; run django-admin compilemessages."
            )
        language, _, region = name.partition("_")
        codes.append(f"{language}-{region.lower()}" if region else language)
    return tuple(codes)
