import json
import logging
import sys

from ivr_label.logs import JsonFormatter


def formatted(**fields) -> dict:
    record = logging.makeLogRecord(
        {"msg": "%s done", "args": ("round",), "levelname": "INFO", **fields}
    )
    return json.loads(JsonFormatter().format(record))


def test_a_line_has_the_event_and_the_fields_given_as_extra():
    line = formatted(round=7, name="training")

    assert line["event"] == "round done"
    assert line["level"] == "INFO"
    assert line["round"] == 7
    assert line["time"].endswith("+00:00")


def test_a_traceback_stays_inside_its_line():
    try:
        raise ValueError("broken")
    except ValueError:
        line = formatted(exc_info=sys.exc_info())

    assert "ValueError: broken" in line["exception"]
