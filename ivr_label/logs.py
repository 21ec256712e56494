"""Log lines as JSON objects with the request's id.

Fields given as `extra=` appear beside the message. Callers' words are personal data
and are never logged: log identifiers.
"""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

from ivr_label.env import env_str

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
request_id: ContextVar[str] = ContextVar("request_id", default="")

STANDARD_FIELDS = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {
    "message",
    "asctime",
    "request",
    "server_time",
    "status_code",
}


def level() -> str:
    """From which level on events are written, by every process alike."""
    return env_str("LOG_LEVEL", "INFO", choices=LEVELS)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if current := request_id.get():
            record.request_id = current
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        event = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        extra = vars(record).items()
        event.update((k, v) for k, v in extra if k not in STANDARD_FIELDS)
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str)
