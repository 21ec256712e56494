"""`/v1/chat/completions`: the address is kept; the dialogue is not built yet."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

MESSAGE = (
    "Chat completions are not part of this version. Send the caller's turn to "
    "POST /api/v1/turns instead."
)


class ChatCompletions(APIView):
    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """Refuse in the shape OpenAI's clients read."""
        error = {
            "message": MESSAGE,
            "type": "invalid_request_error",
            "param": None,
            "code": "not_implemented",
        }
        return Response({"error": error}, status=status.HTTP_501_NOT_IMPLEMENTED)
