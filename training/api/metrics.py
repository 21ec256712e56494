"""The figures of the model that serves, for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.models import QueueItem, Utterance
from training.api.serializers import MetricsSerializer
from training.models import Evaluation, Promotion
from training.services import datasets


class Metrics(APIView):
    @extend_schema(operation_id="metrics_read", responses={200: MetricsSerializer})
    def get(self, request: Request) -> Response:
        """Accuracy is measured on the exam only: items nobody selected."""
        serving = (
            Promotion.objects.filter(to_at__isnull=True)
            .select_related("checkpoint")
            .first()
        )
        exam = None
        if serving:
            exam = Evaluation.objects.filter(checkpoint=serving.checkpoint).first()
        gold = datasets.gold()
        body = {
            "champion": serving.checkpoint.name if serving else None,
            "since": serving.from_at if serving else None,
            "exam": exam.report if exam else None,
            "gold_labels": gold.count(),
            "exam_labels": gold.filter(utterance__split=Utterance.Split.EXAM).count(),
            "pool": Utterance.objects.in_pool().count(),
            "ready": QueueItem.objects.filter(status=QueueItem.Status.READY).count(),
        }
        return Response(MetricsSerializer(body).data)
