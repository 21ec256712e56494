"""What the frame of every page needs: navigation, theme, paging."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from annotations.models import Role
from annotations.services import desk_keys

register = template.Library()

EVERYONE = frozenset(Role.values) - {Role.API_CLIENT}
# Who has a reason to read what callers said.
READERS = EVERYONE - {Role.ADMIN, Role.AUDITOR}
LABELERS = frozenset({Role.ANNOTATOR, Role.REVIEWER})
PLANNERS = frozenset({Role.PRODUCT_OWNER, Role.ML_ENGINEER, Role.ADMIN})


@dataclass(frozen=True)
class Place:
    """A page of the main navigation; `route` is also its key."""

    route: str
    title: str
    roles: frozenset[str]
    about: str


# In the order of the loop: label, look up, define, take in, train, check.
PLACES = (
    Place("label", _("Label"), LABELERS, _("One item at a time, by keyboard.")),
    Place(
        "me", _("My work"), LABELERS, _("Your answers, and the way to take one back.")
    ),
    Place(
        "review",
        _("Review"),
        frozenset({Role.REVIEWER, Role.ML_ENGINEER}),
        _("What waits for a reviewer, how far people agree, what is answered twice."),
    ),
    Place(
        "progress",
        _("Progress"),
        frozenset({Role.REVIEWER, Role.PRODUCT_OWNER}),
        _("How the labeling goes: pace, queue, what is covered, how far it is."),
    ),
    Place(
        "intents", _("Intents"), EVERYONE, _("What callers can want, with examples.")
    ),
    Place(
        "functions",
        _("Functions"),
        EVERYONE,
        _("What the bot can call, with the parameters a label needs."),
    ),
    Place("search", _("Search"), READERS, _("Utterances by words, intent and state.")),
    Place(
        "sources",
        _("Sources"),
        frozenset({Role.ADMIN, Role.ML_ENGINEER}),
        _("Files taken in, what was rejected and why."),
    ),
    Place(
        "rounds",
        _("Rounds"),
        PLANNERS,
        _("Trainings: what started them, how they went, which model serves."),
    ),
    Place(
        "drift",
        _("Drift"),
        PLANNERS,
        _("Whether callers still are who the model learned from."),
    ),
    Place(
        "audit",
        _("Audit"),
        frozenset({Role.AUDITOR, Role.ADMIN}),
        _("Who did what, in chains that show any later edit."),
    ),
    Place(
        "people",
        _("People"),
        frozenset({Role.ADMIN, Role.AUDITOR}),
        _("Who may sign in, as what, and how to shut somebody out."),
    ),
)


@dataclass(frozen=True)
class Entry:
    place: Place
    url: str
    is_current: bool


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[Entry]:
    """The pages this person's roles open, the current one marked."""
    request: HttpRequest = context["request"]
    entries = []
    for place in PLACES:
        if request.user.has_role(*place.roles):
            url = reverse(place.route)
            is_current = request.path == url or request.path.startswith(f"{url}/")
            entries.append(Entry(place, url, is_current))
    return entries


@register.simple_tag(takes_context=True)
def theme_attribute(context: template.Context) -> SafeString:
    """The theme somebody chose, so that the first paint has it already."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme") if request else None
    if chosen not in ("light", "dark"):
        return mark_safe("")
    return mark_safe(f' data-theme="{chosen}"')


@register.simple_tag(takes_context=True)
def keys_attribute(context: template.Context) -> SafeString:
    """How somebody who labels wants the keys, for every page's table of them."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated or not user.has_role(*LABELERS):
        return mark_safe("")
    wishes = desk_keys.for_page(desk_keys.settings_of(user))
    return format_html(' data-keys="{}"', json.dumps(wishes))


@register.simple_tag(takes_context=True)
def idle_seconds(context: template.Context) -> int:
    """After so long without a key a page of callers' words is covered."""
    return desk_keys.settings_of(context["request"].user).idle_seconds


@register.simple_tag
def new_id() -> uuid.UUID:
    """An event's id in a form sent without the script: sent twice, it stores once."""
    return uuid.uuid4()


@register.simple_tag
def scripts(bundle: str) -> SafeString:
    """The scripts of one of STATIC_BUNDLES: joined where collected, else one by one."""
    is_joined = bundle in getattr(staticfiles_storage, "hashed_files", {})
    names = (bundle,) if is_joined else settings.STATIC_BUNDLES[bundle]
    return format_html_join(
        "\n", '<script defer src="{}"></script>', ((static(n),) for n in names)
    )


@register.filter
def role_titles(user: object) -> Iterable[str]:
    return [str(Role(role).label) for role in user.roles]


@register.filter
def exact(text: str) -> SafeString:
    """Escaped so that the page shows every character, carriage returns included.

    A parser of HTML turns CR into LF, which would shift no offset but change a word.
    """
    return mark_safe(escape(text).replace("\r", "&#13;"))


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: object) -> str:
    """The page's query string with some values changed."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def query_value(context: template.Context, name: str) -> str:
    """One value of the page's query string."""
    return str(context["request"].GET.get(name, ""))


SPEAKERS = {
    "bot": _("Bot"),
    "caller": _("Caller"),
    "user": _("Caller"),
    "agent": _("Agent"),
}


@register.filter
def speaker(role: str) -> str:
    known = SPEAKERS.get(role)
    return role.capitalize() if known is None else str(known)


@register.filter
def grouped(number: int) -> str:
    """1234567 -> 1,234,567"""
    return f"{number:,}"


@register.filter
def may_read(user: object) -> bool:
    return user.has_role(*READERS)


@register.filter
def gist(description: str) -> str:
    """A description without the opening that all of them share."""
    return description.removeprefix("Choose this ").rstrip(".")


@register.filter
def share(value: float | None) -> str:
    """0.9234 -> 92.3 %; nothing counted is a dash."""
    return "—" if value in (None, "") else f"{100 * float(value):.1f} %"


@register.filter
def points(difference: float) -> str:
    """0.123 -> +12.3, in percentage points."""
    return f"{100 * difference:+.1f}"
