"""Rounds for programs: list, look, request, cancel."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api import paging
from annotations.api.serializers import ProblemSerializer
from annotations.errors import InvalidError
from training import backends
from training.api.serializers import RoundRequestSerializer, RoundSerializer
from training.models import Policy, Round
from training.services import rounds


class Rounds(APIView):
    @extend_schema(
        operation_id="rounds_list",
        parameters=[OpenApiParameter("status", str), paging.PAGE],
        responses={200: paging.page_of("Round", RoundSerializer)},
    )
    def get(self, request: Request) -> Response:
        """Rounds, the newest first, fifty a page."""
        found = Round.objects.select_related(
            "policy", "challenger", "champion", "snapshot"
        )
        wanted = request.query_params.get("status", "")
        if wanted:
            if wanted not in Round.Status.values:
                known = ", ".join(Round.Status.values)
                raise InvalidError(
                    _("There is no such status. There are: %(known)s.")
                    % {"known": known}
                )
            found = found.filter(status=wanted)
        return paging.numbered(found.order_by("-pk"), request, RoundSerializer)

    @extend_schema(
        operation_id="rounds_request",
        request=RoundRequestSerializer,
        responses={
            201: RoundSerializer,
            400: ProblemSerializer,
            409: ProblemSerializer,
            422: ProblemSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Request a round; 409 while one is at work."""
        sent = RoundRequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        backends.check(sent.validated_data["backend"])
        policy = Policy.objects.get(iteration=sent.validated_data["iteration"])
        found = rounds.request(
            policy=policy,
            cause=f"{request.user.name} asked for it",
            by=request.user,
            backend=sent.validated_data["backend"],
        )
        body = RoundSerializer(rounds.get(found.pk)).data
        return Response(body, status=status.HTTP_201_CREATED)


class RoundDetail(APIView):
    @extend_schema(
        operation_id="rounds_read",
        responses={200: RoundSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, round_id: int) -> Response:
        return Response(RoundSerializer(rounds.get(round_id)).data)


class RoundCancel(APIView):
    @extend_schema(
        operation_id="rounds_cancel",
        request=None,
        responses={
            200: RoundSerializer,
            404: ProblemSerializer,
            409: ProblemSerializer,
        },
    )
    def post(self, request: Request, round_id: int) -> Response:
        found = rounds.cancel(round_id=round_id, by=request.user)
        return Response(RoundSerializer(found).data)
