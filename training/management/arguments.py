"""Numbers and folders as typed on a command line; what is none is a usage error."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

MOST = 2**31 - 1  # what a column of whole numbers holds


def whole_number(text: str) -> int:
    """A whole number from 0."""
    if not (text.isascii() and text.isdigit()) or int(text) > MOST:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 to {MOST}")
    return int(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return number


def add_unmarked(parser: ArgumentParser) -> None:
    """What rows of a labeled file without `spans` say, where others of the intent have
    marks."""
    parser.add_argument(
        "--unmarked",
        choices=("auto", "unknown", "none"),
        default="auto",
        help="rows without `spans` of an intent that has marks elsewhere: nobody "
        "looked (unknown), so they teach and measure no parameters; none was said "
        "(none); or as the file does it (auto): none where it has marks and never an "
        "empty list",
    )


def encoder_folder(text: str) -> Path:
    """The folder of an encoder with its tokenizer."""
    folder = Path(text)
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ArgumentTypeError(f"{folder} holds no {name}")
    return folder
