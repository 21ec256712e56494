"""What words amount to: asked when a parameter is marked or its value typed."""

from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from annotations.functions.readings import Reading
from annotations.services import answers, desk, review_queues
from annotations.views import label_forms as forms

MOST_LETTERS = 2000


def value(request: HttpRequest) -> JsonResponse:
    """The value that the server will store, and in words what is wrong with it.

    Words come in the body: addresses are logged. Nothing is stored.
    """
    item_id = forms.item_of(request.POST)
    return _told(
        desk.read_value(by=request.user, item_id=item_id, **_asked(request.POST))
    )


def value_in_review(request: HttpRequest, utterance_id: int) -> JsonResponse:
    """The same of an utterance that a reviewer labels afresh."""
    case = review_queues.case(utterance_id)
    if case is None:
        raise NotFoundError(_("This utterance is not there any more."))
    return _told(answers.read_value(case.utterance, **_asked(request.POST)))


def _asked(sent: QueryDict) -> dict[str, str]:
    return {
        "intent": sent.get("intent", ""),
        "param": sent.get("param", ""),
        "said": sent.get("said", "")[:MOST_LETTERS],
    }


def _told(found: Reading) -> JsonResponse:
    return JsonResponse({"value": found.value, "problem": found.problem})
