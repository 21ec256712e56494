#!/usr/bin/env python3
"""Django's command line; ivr_label/command_line.py says what starts by itself."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivr_label.settings")
    try:
        from ivr_label.command_line import run
        from ivr_label.env import SettingError
    except ModuleNotFoundError as error:
        sys.exit(f"{error}; run `make run` once, then use .venv/bin/python.")
    try:
        run(sys.argv)
    except SettingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
