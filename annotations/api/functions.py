"""Functions with their live parameter schemas, and a check of a call's arguments."""

from dataclasses import replace
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.serializers import (
    ArgumentsSerializer,
    FunctionSerializer,
    ProblemSerializer,
    ValidationSerializer,
)
from annotations.errors import ConflictError, NotFoundError
from annotations.functions import arguments
from annotations.functions.schema import SchemaError, read
from annotations.language import translated
from annotations.models import Function, SchemaVersion

MOST_FAULTS = 20


class Functions(APIView):
    @extend_schema(
        operation_id="functions_list", responses={200: FunctionSerializer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """Every function; `parameters` is the JSON Schema of its live version."""
        found = [_with_live(function) for function in _functions()]
        return Response(FunctionSerializer(found, many=True).data)


class FunctionDetail(APIView):
    @extend_schema(
        operation_id="functions_read",
        responses={200: FunctionSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(FunctionSerializer(_named(name)).data)


class ValidateArguments(APIView):
    @extend_schema(
        operation_id="functions_validate",
        request=ArgumentsSerializer,
        responses={
            200: ValidationSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            409: ProblemSerializer,
        },
    )
    def post(self, request: Request, name: str) -> Response:
        """Compare arguments with the live schema; nothing is stored."""
        sent = ArgumentsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        function = _named(name)
        if function.live is None:
            raise ConflictError(_("This function has no live schema yet."))
        given = sent.validated_data["arguments"]
        return Response(ValidationSerializer(_findings(function.live, given)).data)


def _findings(version: SchemaVersion, given: dict[str, Any]) -> dict[str, Any]:
    """What is missing, by name, and what else is wrong, by path."""
    try:
        node = read(version.canonical)
    except SchemaError:
        raise ConflictError(
            _("The live schema cannot be read; propose another.")
        ) from None
    missing = sorted(node.required - given.keys())
    told = {f"/{name}" for name in missing}
    faults = [p for p in arguments.problems(node, given) if p.path not in told]
    return {
        "valid": not missing and not faults,
        "version": version.number,
        "missing": missing,
        "errors": [
            replace(fault, message=translated(fault.message))
            for fault in faults[:MOST_FAULTS]
        ],
    }


def _functions() -> QuerySet[Function]:
    live = SchemaVersion.objects.filter(status=SchemaVersion.Status.LIVE)
    return Function.objects.select_related("intent", "domain").prefetch_related(
        Prefetch("versions", queryset=live, to_attr="live_versions")
    )


def _named(name: str) -> Function:
    function = _functions().filter(name=name).first()
    if function is None:
        raise NotFoundError(_("There is no such function."))
    return _with_live(function)


def _with_live(function: Function) -> Function:
    function.live = next(iter(function.live_versions), None)
    return function
