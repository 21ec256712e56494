"""The functions and versions that the registry's addresses name."""

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from annotations.models import Function, SchemaVersion


def function_named(name: str) -> Function:
    found = Function.objects.select_related("intent", "domain").filter(name=name)
    function = found.first()
    if function is None:
        raise NotFoundError(_("There is no function “%(name)s”.") % {"name": name})
    return function


def version_numbered(name: str, number: int) -> SchemaVersion:
    found = SchemaVersion.objects.select_related(
        "function__intent",
        "function__domain",
        "proposed_by",
        "approved_by",
        "second_approver",
        "followed_up_by",
    ).filter(function__name=name, number=number)
    version = found.first()
    if version is None:
        raise NotFoundError(
            _("There is no version %(number)s of “%(name)s”.")
            % {"number": number, "name": name}
        )
    return version


def pretty(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def to_version(version: SchemaVersion) -> HttpResponse:
    return redirect("schema_version", name=version.function.name, number=version.number)
