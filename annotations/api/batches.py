"""Utterances from programs: a file or JSON in, a batch out; a worker does the work."""

import io
import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from annotations.api.serializers import ProblemSerializer
from annotations.doorbell import ring
from annotations.errors import InvalidError, NotFoundError, TooLargeError
from annotations.intake.bronze import Stored
from annotations.models import IntakeBatch, Role, User
from annotations.services import bronze_files, intake, uploads
from annotations.tasks_intake import process_batch
from annotations.views.sent import whole
from annotations.views.sources import rejects_csv

SOURCE = "api"
MOST_UTTERANCES = 10_000


class BatchSerializer(serializers.ModelSerializer[IntakeBatch]):
    """received = accepted + duplicate + rejected, at every moment."""

    url = serializers.SerializerMethodField()
    rejects_url = serializers.SerializerMethodField()

    class Meta:
        model = IntakeBatch
        fields = (
            "id",
            "url",
            "status",
            "source",
            "reader",
            "file_name",
            "received",
            "accepted",
            "duplicate",
            "rejected",
            "error",
            "rejects_url",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_url(self, batch: IntakeBatch) -> str:
        return reverse("api_batch", args=[batch.pk])

    def get_rejects_url(self, batch: IntakeBatch) -> str:
        return reverse("api_batch_rejects", args=[batch.pk])


class LinesParser(BaseParser):
    """JSON lines or CSV as the body itself: sealed while it is read."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> Stored:
        return bronze_files.seal(stream, source=SOURCE)


class JsonLinesParser(LinesParser):
    media_type = "application/jsonl"


class CsvParser(LinesParser):
    media_type = "text/csv"


_QUERY = [
    OpenApiParameter("source", str, description="Where the data comes from."),
    OpenApiParameter("reader", str, description="jsonl or csv."),
    OpenApiParameter("map", str, description="CSV: text=COLUMN,intent=COLUMN"),
    OpenApiParameter("delimiter", str, description="CSV: one character."),
    OpenApiParameter("labels", str, enum=intake.LABELS),
    OpenApiParameter("unmarked", str, enum=intake.UNMARKED),
]
_BODY = inline_serializer(
    "UtteranceBatchBody",
    {
        "source": serializers.CharField(required=False),
        "utterances": serializers.ListField(child=serializers.DictField()),
    },
)


class Batches(APIView):
    parser_classes = [
        MultiPartParser,
        LinesParser,
        JsonLinesParser,
        CsvParser,
        *api_settings.DEFAULT_PARSER_CLASSES,
    ]

    def initialize_request(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Request:
        # Before anything reads the body, the check of the session's token included.
        uploads.encrypt_files_of(request)
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="batch_create",
        parameters=_QUERY,
        request={
            "application/json": _BODY,
            "application/x-ndjson": OpenApiTypes.BINARY,
            "text/csv": OpenApiTypes.BINARY,
            "multipart/form-data": inline_serializer(
                "UtteranceBatchForm",
                {
                    "file": serializers.FileField(),
                    "source": serializers.CharField(required=False),
                    "reader": serializers.CharField(required=False),
                    "map": serializers.CharField(required=False),
                },
            ),
        },
        responses={
            202: BatchSerializer,
            413: ProblemSerializer,
            422: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Take utterances in. The same file again is the same batch."""
        batch = _receive(request)
        if batch.status in IntakeBatch.OPEN:
            ring(process_batch, batch.pk)
        data = BatchSerializer(batch).data
        return Response(data, status=202, headers={"Location": data["url"]})


class Batch(APIView):
    @extend_schema(
        operation_id="batch",
        responses={200: BatchSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, batch_id: UUID) -> Response:
        """How far the batch is."""
        return Response(BatchSerializer(_visible(batch_id, request.user)).data)


class BatchRejects(APIView):
    @extend_schema(
        operation_id="batch_rejects",
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY),
            404: ProblemSerializer,
        },
    )
    def get(self, request: Request, batch_id: UUID) -> StreamingHttpResponse:
        """The rejected rows as CSV: line, code, reason; never the text."""
        return rejects_csv(_visible(batch_id, request.user))


def _visible(batch_id: UUID, by: User) -> IntakeBatch:
    """The batch; a program sees only what it sent itself."""
    found = intake.get(batch_id)
    sees_all = by.has_role(Role.ADMIN, Role.ML_ENGINEER)
    if not sees_all and found.created_by_id != by.pk:
        raise NotFoundError(_("There is no such batch."))
    return found


def _receive(request: Request) -> IntakeBatch:
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json":
        _check_length(request)
    data = request.data
    asked: Any = request.query_params
    if isinstance(data, Stored):
        stored, name = data, "body.csv" if kind == "text/csv" else "body.jsonl"
    elif kind == "multipart/form-data":
        file = uploads.only_file(request._request)
        stored, name = file.stored, file.name or ""
        asked = {**request.query_params.dict(), **data.dict()}
    else:
        stored, name = _seal_json(data), "body.jsonl"
        if isinstance(data, dict) and isinstance(data.get("source"), str):
            asked = {**request.query_params.dict(), "source": data["source"]}
    return intake.register(
        stored,
        source=str(asked.get("source") or SOURCE),
        file_name=name,
        by=request.user,
        reader=str(asked.get("reader") or ""),
        options={name: str(asked.get(name) or "") for name in intake.OPTIONS},
    )


def _check_length(request: Request) -> None:
    """JSON is read as a whole, so it has to be short; lines are not."""
    sent = whole(request.META.get("CONTENT_LENGTH") or "0")
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if sent is None or sent > limit:
        raise TooLargeError(
            _("JSON of more than %(limit)s MB: send JSON lines or a file instead.")
            % {"limit": limit >> 20}
        )


def _seal_json(data: Any) -> Stored:
    """A list of records, or {"utterances": […]}, as a bronze file of JSON lines."""
    rows = data.get("utterances") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not rows:
        raise InvalidError(
            _('Send a list of records, or {"source": …, "utterances": [records]}.')
        )
    if len(rows) > MOST_UTTERANCES:
        raise TooLargeError(
            _("More than %(most)s records: send JSON lines.")
            % {"most": MOST_UTTERANCES}
        )
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return bronze_files.seal(io.BytesIO(lines.encode()), source=SOURCE)
