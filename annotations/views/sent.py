"""Values that forms send, read without trusting them."""

MOST_ID = 2**63 - 1


def number(text: str) -> int:
    """The id that was sent; 0, which nothing has, for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= MOST_ID else 0
