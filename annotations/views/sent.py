"""Values that forms and addresses send, read without trusting them."""

from django.db.models import BigIntegerField

MOST_ID = BigIntegerField.MAX_BIGINT


def whole(text: str, most: int = MOST_ID) -> int | None:
    """The whole number that was sent; None for what is none or larger than `most`."""
    # int() takes other digits than ours, and refuses very many of them.
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) <= most else None


def number(text: str) -> int:
    """The id that was sent; 0, which nothing has, for what is none."""
    return whole(text) or 0
