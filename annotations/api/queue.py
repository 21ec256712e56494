"""Taking items from the queue, keeping them, giving them back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.api.serializers import (
    LeaseSerializer,
    NextSerializer,
    ProblemSerializer,
    ReleasedSerializer,
)
from annotations.models import QueueItem, User
from annotations.services import desk, queue


class NextItem(APIView):
    """Lease the most informative item that the caller has not answered."""

    @extend_schema(
        operation_id="queue_next", request=None, responses={200: NextSerializer}
    )
    def post(self, request: Request) -> Response:
        """`item` is null where there is none; `queue` then says why."""
        item = queue.claim_next(by=request.user)
        queue.release_surplus(by=request.user)
        return Response(NextSerializer(next_of(item, request.user)).data)

    # For clients that can only fetch. A lease that nobody uses ends by itself.
    @extend_schema(operation_id="queue_next_get", responses={200: NextSerializer})
    def get(self, request: Request) -> Response:
        """The same as POST."""
        return self.post(request)


class Heartbeat(APIView):
    @extend_schema(
        operation_id="queue_heartbeat",
        request=None,
        responses={200: LeaseSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request, item_id: int) -> Response:
        """Extend the caller's lease of the item."""
        until = queue.renew(item_id=item_id, by=request.user)
        return Response(LeaseSerializer({"lease_expires_at": until}).data)


class Release(APIView):
    @extend_schema(
        operation_id="queue_release", request=None, responses={200: ReleasedSerializer}
    )
    def post(self, request: Request, item_id: int) -> Response:
        """Give the item back; `released` is false where the caller had it no more."""
        released = queue.release(item_id, by=request.user)
        return Response({"released": bool(released)})


def next_of(item: QueueItem | None, by: User) -> dict[str, Any]:
    """The item as shown at the desk, or why there is none."""
    if item is None:
        return {"item": None, "queue": queue.state(by=by)}
    return {"item": desk.present(item), "queue": None}
