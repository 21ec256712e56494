"""Checkpoints for programs: what there is and how it did. Never the files."""

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api import paging
from training.api.serializers import CheckpointSerializer
from training.models import Checkpoint, Evaluation


class Checkpoints(APIView):
    @extend_schema(
        operation_id="checkpoints_list",
        parameters=[paging.PAGE],
        responses={200: paging.page_of("Checkpoint", CheckpointSerializer)},
    )
    def get(self, request: Request) -> Response:
        """Checkpoints, the newest first, fifty a page, each with its newest report."""
        newest = Evaluation.objects.filter(checkpoint=OuterRef("pk"))
        found = Checkpoint.objects.annotate(
            evaluation=Subquery(newest.order_by("-created_at").values("report")[:1])
        )
        return paging.numbered(found.order_by("-pk"), request, CheckpointSerializer)
