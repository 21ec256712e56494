"""The API's own description: OpenAPI, and a page of it that needs no script."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

METHODS = ("get", "post", "put", "patch", "delete")


class RequestAuthenticationScheme(OpenApiAuthenticationExtension):
    target_class = "annotations.api.authentication.RequestAuthentication"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "`manage.py api_token USERNAME --scope …` makes one.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": "ivr_session",
                "description": "A signed-in browser; writing needs `X-CSRFToken`.",
            },
        ]


class OpenApi(SpectacularAPIView):
    """The OpenAPI description (YAML, or JSON where asked for)."""


def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its fields, as plain HTML."""
    document = SchemaGenerator().get_schema(public=True)
    context = {
        "title": document["info"]["title"],
        "groups": operations(document),
    }
    return render(request, "annotations/api/docs.html", context)


def operations(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The document's operations by tag, in the order of their paths."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in sorted(document["paths"].items()):
        for method in METHODS:
            if method in methods:
                shown = _operation(path, method, methods[method], document)
                groups.setdefault(shown["tag"], []).append(shown)
    return list(groups.items())


def _operation(
    path: str, method: str, spec: dict[str, Any], document: dict[str, Any]
) -> dict[str, Any]:
    summary, _, more = spec.get("description", "").partition("\n")
    return {
        "id": spec["operationId"],
        "tag": _tag(path),
        "method": method.upper(),
        "path": path,
        "summary": summary,
        "description": more.strip(),
        "parameters": [
            {**p, "type": _type(p.get("schema", {}))}
            for p in spec.get("parameters", ())
        ],
        "body": _fields(_content(spec.get("requestBody", {})), document),
        "responses": [
            {
                "status": status,
                "description": response.get("description", ""),
                "fields": _fields(_content(response), document),
            }
            for status, response in sorted(spec.get("responses", {}).items())
        ],
    }


def _tag(path: str) -> str:
    """The noun after the version: /api/v1/queue/next is about the queue."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    named = [part for part in parts if part not in ("api", "v1")]
    return named[0] if named else "other"


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    content = holder.get("content", {})
    return next((c.get("schema", {}) for c in content.values()), {})


def _fields(schema: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The top-level fields of an object, or of a list's objects."""
    found = _resolve(schema, document)
    if found.get("type") == "array":
        found = _resolve(found.get("items", {}), document)
    required = set(found.get("required", ()))
    rules = found.get("properties", {})
    fields = [
        {
            "name": name,
            "type": _type(rule),
            "required": name in required,
            "description": rule.get("description", ""),
        }
        for name, rule in rules.items()
    ]
    # Of a page's rows the fields, too.
    of_rows = _fields(rules["results"], document) if "results" in rules else []
    return fields + [{**f, "name": f"results[].{f['name']}"} for f in of_rows]


def _resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        schema = document["components"]["schemas"][name]
    return schema


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    for combined in ("allOf", "oneOf", "anyOf"):
        if combined in schema:
            return " or ".join(_type(part) for part in schema[combined])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join(kinds)
