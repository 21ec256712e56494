"""How a search shows what it found."""

import re
from itertools import pairwise

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def marked(text: str, words: re.Pattern[str] | None) -> SafeString | str:
    """The text with what was looked for marked in it."""
    if words is None:
        return text
    ends = [0]
    for match in words.finditer(text):
        ends += match.span()
    ends.append(len(text))
    pieces = [text[start:end] for start, end in pairwise(ends)]
    # Every other piece is a match.
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", piece) if place % 2 else piece,)
            for place, piece in enumerate(pieces)
        ),
    )


@register.simple_tag(takes_context=True)
def narrowed(context: template.Context, name: str, value: str) -> str:
    """The first page of the same search with one filter set."""
    query = context["request"].GET.copy()
    query.pop("before", None)
    query[name] = value
    return "?" + query.urlencode()
