"""Answering items, and reading one's own answers."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api import paging
from annotations.api.queue import next_of
from annotations.api.serializers import (
    AnnotationSerializer,
    AnswerSerializer,
    ProblemSerializer,
    StoredSerializer,
)
from annotations.models import Annotation, User
from annotations.services import labels, queue

WITH_ALL = ("intent",)


class NewestFirst(CursorPagination):
    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class Annotations(APIView):
    @extend_schema(
        operation_id="annotations_list",
        responses={200: paging.page_of("Annotation", AnnotationSerializer)},
    )
    def get(self, request: Request) -> Response:
        """The caller's own answers, newest first, in pages."""
        mine = Annotation.objects.filter(annotator=request.user)
        pages = NewestFirst()
        shown = pages.paginate_queryset(
            mine.select_related(*WITH_ALL).prefetch_related("spans"), request, view=self
        )
        return pages.get_paginated_response(AnnotationSerializer(shown, many=True).data)

    @extend_schema(
        operation_id="annotations_create",
        request=AnswerSerializer,
        responses={
            200: StoredSerializer,
            201: StoredSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            409: ProblemSerializer,
            422: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Store an answer: 201 the first time, 200 when the same one comes again.

        The same `id` with another content is refused with 409.
        """
        sent = AnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        by = request.user
        # One commit for the answer and the lease on the next item.
        with transaction.atomic():
            stored, is_new = store(sent, by)
            item = queue.claim_next(by=by) if sent.validated_data["next"] else None
        body = AnnotationSerializer(_read(stored)).data
        if sent.validated_data["next"]:
            body["next"] = (
                StoredSerializer().fields["next"].to_representation(next_of(item, by))
            )
        return Response(body, status=201 if is_new else 200)


def store(sent: AnswerSerializer, by: User) -> tuple[Annotation, bool]:
    """The stored event, and whether this call stored it."""
    values = sent.validated_data
    kind, key, item_id = values["kind"], values["id"], values.get("item")
    if kind == Annotation.Kind.UNDO:
        known = Annotation.objects.filter(pk=key).exists()
        return labels.undo(by=by, uuid=key).annotation, not known
    if kind == Annotation.Kind.SKIP:
        done = labels.skip(by=by, uuid=key, item_id=item_id, reason=values["reason"])
    elif kind == Annotation.Kind.QUARANTINE:
        place = values.get("place")
        done = labels.quarantine(
            by=by, uuid=key, item_id=item_id, place=place and (place[0], place[1])
        )
    else:
        done = labels.submit(by=by, answer=sent.answer())
    return done.annotation, not done.replayed


def _read(stored: Annotation) -> Annotation:
    """As the database has it, so that a replay reads exactly like the first time."""
    return (
        Annotation.objects.select_related(*WITH_ALL)
        .prefetch_related("spans")
        .get(pk=stored.pk)
    )
