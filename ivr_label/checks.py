"""System checks: combinations of settings that would fail later and elsewhere."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def services_are_real(**_: Any) -> list[CheckMessage]:
    """A deployment names its own database and broker."""
    if not settings.IS_EMBEDDED:
        return []
    return [
        Warning(
            "The embedded PostgreSQL and Valkey are for one machine only.",
            hint="Set DATABASE_URL and BROKER_URL.",
            id="ivr_label.W001",
        )
    ]


@register(Tags.security)
def keys_differ(**_: Any) -> list[CheckMessage]:
    """Changing the key of sessions must not change the key of data."""
    if settings.SECRET_KEY != settings.DATA_KEY:
        return []
    return [
        Error(
            "SECRET_KEY and DATA_KEY are the same.",
            hint="Make a second key, so that SECRET_KEY can be changed alone.",
            id="ivr_label.E001",
        )
    ]


@register(Tags.security, deploy=True)
def policy_allows_nothing_inline(**_: Any) -> list[CheckMessage]:
    if "unsafe-" not in settings.CONTENT_SECURITY_POLICY:
        return []
    return [
        Warning(
            "CONTENT_SECURITY_POLICY lets inline code run.",
            hint="Move it to a file under static/.",
            id="ivr_label.W002",
        )
    ]
