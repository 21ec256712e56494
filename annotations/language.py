"""What the rooms without Django say, in the language of the page."""

from django.utils.translation import gettext

from annotations.functions.sentences import Sentence


def translated(said: str) -> str:
    """A sentence in the page's language; text that is no sentence stays as it is."""
    if not isinstance(said, Sentence):
        return said
    values = {
        name: translated(value) if isinstance(value, str) else value
        for name, value in said.values.items()
    }
    return gettext(said.message) % values
