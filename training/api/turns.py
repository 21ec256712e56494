"""Live turns: what a caller just said, and what the bot should do about it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.serializers import ProblemSerializer
from training.api.serializers import TurnAnswerSerializer, TurnRequestSerializer
from training.services import live


class Turns(APIView):
    @extend_schema(
        operation_id="turns_predict",
        request=TurnRequestSerializer,
        responses={
            200: TurnAnswerSerializer,
            400: ProblemSerializer,
            409: ProblemSerializer,
            422: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Redact, predict, answer; a turn the model is unsure of joins the pool."""
        sent = TurnRequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(live.take(sent.validated_data))
