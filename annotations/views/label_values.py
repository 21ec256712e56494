"""What words amount to: asked when a parameter is marked or its value typed."""

from django.http import HttpRequest, JsonResponse

from annotations.services import desk
from annotations.views import label_forms as forms

MOST_LETTERS = 2000


def value(request: HttpRequest) -> JsonResponse:
    """The value that the server will store, and in words what is wrong with it.

    Words come in the body: addresses are logged. Nothing is stored.
    """
    sent = request.POST
    found = desk.read_value(
        by=request.user,
        item_id=forms.item_of(sent),
        intent=sent.get("intent", ""),
        param=sent.get("param", ""),
        said=sent.get("said", "")[:MOST_LETTERS],
    )
    return JsonResponse({"value": found.value, "problem": found.problem})
