"""A language that nobody speaks: each translated string accented, longer, in brackets.

What a page shows outside the brackets is data, or was never handed to gettext.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations

from django.utils.translation import trans_real

CODE = "en-xa"
PLAIN, ACCENTED = "aceinouyACEINOUY", "áçéíñöúýÁÇÉÍÑÖÚÝ"
# A placeholder, an entity or a tag stays as it is.
KEPT = r"(%\(\w+\)[sd]|%[sd%]|\{\w*\}|&#?\w+;|<[^>]*>)"
LONGER = 0.4


def pseudo(text: str) -> str:
    """`Search` -> `⟦Séárçh··⟧`, two fifths longer."""
    parts = re.split(KEPT, text)
    parts[::2] = [part.translate(str.maketrans(PLAIN, ACCENTED)) for part in parts[::2]]
    return f"⟦{''.join(parts)}{'·' * round(len(text) * LONGER)}⟧"


class PseudoTranslations(NullTranslations):
    def language(self) -> str:
        return CODE

    def to_language(self) -> str:
        return CODE

    def gettext(self, message: str) -> str:
        return pseudo(message.rpartition(trans_real.CONTEXT_SEPARATOR)[2])

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)


@contextmanager
def pseudo_locale(settings) -> Iterator[None]:
    """Within, the pages of every thread are in the pseudo-locale."""
    before = settings.LANGUAGE_CODE
    trans_real._translations[CODE] = PseudoTranslations()
    settings.LANGUAGE_CODE = CODE
    trans_real._default = None
    try:
        yield
    finally:
        settings.LANGUAGE_CODE = before
        trans_real._default = None
        del trans_real._translations[CODE]


# What a browser gets in place of Django's catalogue for scripts.
CATALOGUE = f"""{{
  const plain = {json.dumps(PLAIN)}, accented = {json.dumps(ACCENTED)};
  const gettext = (text) => "⟦" + text.split(/{KEPT}/).map((part, at) => at % 2 ? part
    : [...part].map((c) => accented[plain.indexOf(c)] ?? c).join("")).join("")
    + "·".repeat(Math.round({LONGER} * text.length)) + "⟧";
  const ngettext = (one, many, n) => gettext(n === 1 ? one : many);
  window.django = {{ gettext, ngettext }};
}}"""


def left_in_english(shown: str) -> list[str]:
    """The pieces of a page's text outside the brackets, letters in them."""
    pieces, depth, start = [], 0, 0
    for at, letter in enumerate(shown):
        if letter == "⟦":
            pieces += [shown[start:at]] if depth == 0 else []
            depth += 1
        elif letter == "⟧":
            depth -= 1
            start = at + 1
    pieces.append(shown[start:])
    return [piece.strip() for piece in pieces if re.search(r"[A-Za-z]{2}", piece)]
