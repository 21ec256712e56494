"""The catalogue of intents, to read."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.serializers import IntentSerializer, ProblemSerializer
from annotations.errors import NotFoundError
from annotations.services import catalogue


class Intents(APIView):
    @extend_schema(
        operation_id="intents_list", responses={200: IntentSerializer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """Every active intent with the parameters of its live function schema."""
        cards = catalogue.current().intents
        return Response(IntentSerializer(cards, many=True).data)


class Intent(APIView):
    @extend_schema(
        operation_id="intents_read",
        responses={200: IntentSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, name: str) -> Response:
        card = catalogue.current().by_name.get(name)
        if card is None:
            raise NotFoundError(_("There is no such intent."))
        return Response(IntentSerializer(card).data)
