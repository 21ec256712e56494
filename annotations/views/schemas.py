"""The registry's pages about what exists: a version, its receipt, imports, examples."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from annotations.errors import DomainError, NotFoundError
from annotations.functions import forms
from annotations.functions.forms import NamedSchema
from annotations.functions.schema import read
from annotations.models import AuditEvent, SchemaVersion
from annotations.services import few_shot, schema_impact, schema_import
from annotations.services.schema_content import failing_examples
from annotations.views import schema_steps
from annotations.views.schema_lookup import (
    function_named,
    pretty,
    version_numbered,
)
from annotations.views.sent import number

LARGEST_UPLOAD = 12 * 1024 * 1024
Status = SchemaVersion.Status


def version(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One version: what changes, what it breaks, what was said, what may be done."""
    shown = version_numbered(name, number)
    node = read(shown.canonical)
    function = NamedSchema(name, shown.function.description, node)
    remarks = shown.remarks.select_related("by")
    context = {
        "version": shown,
        "function": shown.function,
        "impact": schema_impact.of(shown) if _is_open(shown) else None,
        "source": pretty(shown.body),
        "signature": forms.python_signature(function),
        "openai": pretty(forms.openai_tool(function)),
        "strict": pretty(forms.openai_tool(function, strict=True)),
        "kore": pretty(forms.kore_tool(function)),
        "failing": failing_examples(shown),
        "remarks": remarks,
        "migration": getattr(shown, "migration", None),
        "actions": schema_steps.offered(shown, request.user),
        "approvers": schema_steps.possible_seconds(shown, request.user),
    }
    return render(request, "annotations/functions/version.html", context)


def receipt(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """The approval as a sheet to print: who, when, why, which text, which events."""
    shown = version_numbered(name, number)
    if not shown.approved_at:
        raise NotFoundError(_("This version is not approved."))
    context = {
        "version": shown,
        "function": shown.function,
        "events": AuditEvent.objects.filter(object=f"schema:{shown.pk}").order_by("at"),
        "source": pretty(shown.body),
    }
    return render(request, "annotations/functions/receipt.html", context)


def import_functions(request: HttpRequest) -> HttpResponse:
    """Files in, drafts out, with a report for each function."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if not files:
            context["refused"] = _("Choose at least one file.")
        elif sum(file.size or 0 for file in files) > LARGEST_UPLOAD:
            context["refused"] = _("These files are larger than 12 MB together.")
        else:
            context["report"] = [
                result
                for file in files
                for result in schema_import.import_document(
                    file.name or "file", file.read(), by=request.user
                )
            ]
    return render(request, "annotations/functions/import.html", context)


def examples(request: HttpRequest, name: str) -> HttpResponse:
    """Refresh the few-shot bank, or take one example out of it."""
    function = function_named(name)
    try:
        gone = number(request.POST.get("remove", ""))
        if gone:
            few_shot.remove(function=function, example_id=gone, by=request.user)
            messages.success(request, _("The example was removed from the bank."))
        else:
            kept = few_shot.refresh(function=function, by=request.user)
            messages.success(
                request,
                _("The bank holds %(kept)s examples now.") % {"kept": len(kept)},
            )
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("function", name=name)


def _is_open(version: SchemaVersion) -> bool:
    return version.status in (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)
