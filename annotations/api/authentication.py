"""How the API learns who asks: the middleware has found out already."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from annotations.models import ApiToken, User


class RequestAuthentication(SessionAuthentication):
    """The request's user; a session has to show its CSRF token, an API token not."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        plain = request._request
        token = getattr(plain, "api_token", None)
        if token is not None:
            return token.user, token
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AccessWasChecked(BasePermission):
    """Lets nothing through that did not pass the access table before."""

    def has_permission(self, request: Request, view: object) -> bool:
        return getattr(request._request, "access_checked", False)
