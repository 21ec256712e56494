"""A database URL as Django's dictionary."""

from urllib.parse import parse_qsl, unquote, urlsplit

from .env import SettingError

SCHEMES = ("postgres", "postgresql")


def from_url(url: str, *, pool_size: int) -> dict[str, object]:
    """Return Django's settings of `postgresql://user:password@host:port/name?option=…`.

    `?host=/folder` names a UNIX socket. A pool (0 is none) belongs to processes with
    many threads; without one each thread keeps its connection.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in SCHEMES or not name:
        raise SettingError(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name."
        )
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "") or parts.hostname or "")
    try:
        port = parts.port
    except ValueError:
        raise SettingError("The port in DATABASE_URL is not a number.") from None
    # Only for statements of the hot path, which ask for it; 0 prepares at once.
    options["prepare_threshold"] = 0
    if pool_size:
        # Too few connections for a burst: wait a moment, then fail, never hang.
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if pool_size else 600,
        "CONN_HEALTH_CHECKS": True,
    }


def socket_url(*, folder: object, user: str, name: str) -> str:
    return f"postgresql://{user}@/{name}?host={folder}"
