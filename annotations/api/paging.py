"""Lists in pages for programs: each says where the next page is, if there is one."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from annotations.views.sent import whole

SIZE = 50
# Beyond it the database would count rows for minutes.
FURTHEST = 100_000
PAGE = OpenApiParameter("page", int, description="from 1; see `next`")


def page_of(name: str, item: type[serializers.BaseSerializer]) -> Any:
    """The description of a page of such items."""
    link = {"allow_null": True, "help_text": "null: there is no other page"}
    return inline_serializer(
        f"{name}Page",
        {
            "next": serializers.URLField(**link),
            "previous": serializers.URLField(**link),
            "results": item(many=True),
        },
    )


def numbered(
    rows: QuerySet[Any], request: Request, item: type[serializers.BaseSerializer]
) -> Response:
    """The page that `?page=` names; what is no page is the first."""
    number = whole(request.query_params.get("page", ""), most=FURTHEST) or 1
    start = (number - 1) * SIZE
    found = list(rows[start : start + SIZE + 1])
    address = request.build_absolute_uri()

    def link(page: int) -> str:
        return str(replace_query_param(address, "page", page))

    return Response(
        {
            "next": link(number + 1) if len(found) > SIZE else None,
            "previous": link(number - 1) if number > 1 else None,
            "results": item(found[:SIZE], many=True).data,
        }
    )
