"""Write a version: the editor, and what it says while somebody types."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotations.errors import DomainError, InvalidError
from annotations.functions import diff, forms
from annotations.functions.forms import NamedSchema
from annotations.functions.schema import read
from annotations.models import Function, Intent, SchemaVersion
from annotations.services import schema_impact, schemas
from annotations.services.schema_content import failing_examples, read_body
from annotations.views import schema_forms
from annotations.views.schema_lookup import function_named, pretty, to_version

EMPTY = {
    "type": "object",
    "additionalProperties": False,
    "properties": {},
    "required": [],
}
Status = SchemaVersion.Status


def new(request: HttpRequest) -> HttpResponse:
    """A function that does not exist yet: its name, its intent, its first draft."""
    if request.method != "POST":
        return _editor(request, source=pretty(EMPTY), intents=_free_intents())
    try:
        sent = schema_forms.proposed_version(request.POST)
        version = schemas.draft(
            intent=_intent(request.POST.get("intent", "")),
            name=_name(request.POST.get("name", "")),
            body=sent.body,
            by=request.user,
            description=request.POST.get("description", "").strip(),
            summary=sent.summary,
            examples=sent.examples,
        )
    except DomainError as refused:
        return _editor(request, refused=refused, intents=_free_intents())
    return to_version(version)


def draft(request: HttpRequest, name: str) -> HttpResponse:
    """A new version of a function, or one's own open one, in the editor."""
    function = function_named(name)
    mine = (
        function.versions.filter(
            proposed_by=request.user, status__in=[Status.DRAFT, Status.IN_REVIEW]
        )
        .order_by("-number")
        .first()
    )
    if request.method != "POST":
        return _editor(
            request, function=function, version=mine, **_prefilled(function, mine)
        )
    try:
        sent = schema_forms.proposed_version(request.POST)
        fields = vars(sent)
        if mine:
            version = schemas.edit(version=mine, by=request.user, **fields)
        else:
            version = schemas.draft(
                intent=function.intent, name=function.name, by=request.user, **fields
            )
    except DomainError as refused:
        return _editor(request, function=function, version=mine, refused=refused)
    return to_version(version)


def check(request: HttpRequest) -> HttpResponse:
    """What the source in the editor amounts to, as a fragment; nothing is stored."""
    context: dict[str, Any] = {}
    try:
        sent = schema_forms.proposed_version(request.POST)
        node = read_body(schemas.canonical_text(sent.body))
    except DomainError as refused:
        faults = refused.details.get("faults") or [refused.message]
        context["faults"] = faults
    else:
        name = request.POST.get("name") or "function"
        function = Function.objects.filter(name=name).first()
        live = schemas.live_of(function) if function else None
        draft = SchemaVersion(
            canonical=schemas.canonical_text(sent.body), examples=sent.examples
        )
        context["signature"] = forms.python_signature(NamedSchema(name, "", node))
        context["failing"] = failing_examples(draft)
        if live:
            changes = schema_impact.changes(read(live.canonical), node)
            context |= {"live": live, "changes": changes, "bump": diff.bump(changes)}
    return render(request, "annotations/functions/_check.html", context)


def _editor(request: HttpRequest, **context: Any) -> HttpResponse:
    refused = context.get("refused")
    if refused is not None:
        sent = request.POST
        context |= {key: sent.get(key, "") for key in FIELDS}
        context["faults"] = refused.details.get("faults") or [refused.message]
    status = 422 if refused is not None else 200
    return render(request, "annotations/functions/editor.html", context, status=status)


FIELDS = (
    "name",
    "intent",
    "description",
    "source",
    "summary",
    "renames",
    "pass",
    "fail",
)


def _prefilled(function: Function, mine: SchemaVersion | None) -> dict[str, Any]:
    start = mine or schemas.live_of(function)
    if start is None:
        return {"source": pretty(EMPTY)}
    return {
        "source": pretty(start.body),
        "summary": mine.summary if mine else "",
        "renames": schema_forms.renames_text(mine.renames) if mine else "",
        "pass": schema_forms.examples_text(start.examples, valid=True),
        "fail": schema_forms.examples_text(start.examples, valid=False),
    }


def _free_intents() -> Any:
    return (
        Intent.objects.filter(function__isnull=True, is_active=True)
        .exclude(is_out_of_scope=True)
        .select_related("domain")
    )


def _intent(name: str) -> Intent:
    intent = Intent.objects.filter(name=name, is_active=True).first()
    if intent is None:
        raise InvalidError(_("Choose the intent for which the bot calls it."))
    return intent


def _name(text: str) -> str:
    name = text.strip()
    if not (name.isidentifier() and name.isascii() and len(name) <= 64):
        raise InvalidError(
            _("A function's name has letters, digits and underscores, 64 at most.")
        )
    if Function.objects.filter(name=name).exists():
        raise InvalidError(
            _("The function %(name)s exists; draft a new version of it.")
            % {"name": name}
        )
    return name
