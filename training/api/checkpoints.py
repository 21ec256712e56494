"""Checkpoints for programs: what there is and how it did. Never the files."""

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.views.paging import page_of
from training.api.serializers import CheckpointSerializer
from training.models import Checkpoint, Evaluation

PAGE_SIZE = 50


class Checkpoints(APIView):
    @extend_schema(
        operation_id="checkpoints_list",
        parameters=[OpenApiParameter("page", int)],
        responses={200: CheckpointSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Checkpoints, the newest first, each with its newest report."""
        newest = Evaluation.objects.filter(checkpoint=OuterRef("pk"))
        found = Checkpoint.objects.annotate(
            evaluation=Subquery(newest.order_by("-created_at").values("report")[:1])
        )
        page = page_of(found.order_by("-pk"), request, size=PAGE_SIZE)
        return Response(CheckpointSerializer(page.rows, many=True).data)
