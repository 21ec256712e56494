"""Near-duplicates on one page: the blind check, the confirmation, the way back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import OUT_OF_SCOPE
from annotations.services import clusters
from annotations.services.cluster_offer import MOST
from annotations.views import label_forms as forms


def page(request: HttpRequest, item_id: int) -> HttpResponse:
    """The check of those like this item, which are leased to whoever asks."""
    opened = clusters.open_(item_id=item_id, by=request.user)
    return _page(
        request,
        item_id,
        step="check" if opened.check else "nothing",
        opened=opened,
        held=opened.item_ids,
        uuid=forms.new_uuid(),
    )


def check(request: HttpRequest, item_id: int) -> HttpResponse:
    checked = clusters.check(
        by=request.user,
        token=request.POST.get("token", ""),
        uuid=forms.uuid_of(request.POST),
        intent=request.POST.get("intent", ""),
        shown_ms=forms.milliseconds(request.POST.get("shown_ms", "")),
    )
    return _page(
        request,
        checked.seed_id,
        step="confirm" if checked.agreed else "refused",
        checked=checked,
        next_id=checked.seed_id if checked.submission else checked.check.pk,
        members=[(member, forms.new_uuid()) for member in checked.members],
        held=[member.item.pk for member in checked.members],
    )


def confirm(request: HttpRequest, item_id: int) -> HttpResponse:
    sent = request.POST
    done = clusters.confirm(
        by=request.user,
        token=sent.get("token", ""),
        uuids={
            pk: forms.uuid_of({"uuid": sent.get(f"uuid-{pk}", "")})
            for pk in forms.items_of(sent)
        },
        shown_ms=forms.milliseconds(sent.get("shown_ms", "")),
    )
    answers = [(one.annotation.pk, forms.new_uuid()) for one in done.submissions]
    return _page(
        request, done.seed_id, step="done", done=done, n=len(answers), answers=answers
    )


def undo(request: HttpRequest) -> HttpResponse:
    """The answers just given are taken back; one of their items is on the desk."""
    keys, given = request.POST.getlist("uuid"), request.POST.getlist("answer")
    if len(keys) != len(given) or not 0 < len(given) <= MOST:
        raise InvalidError(_("Nothing to take back was sent."))
    pairs = [
        (forms.uuid_of({"uuid": key}), forms.uuid_of({"uuid": answer}))
        for key, answer in zip(keys, given, strict=True)
    ]
    undone = clusters.take_back(by=request.user, answers=pairs)
    item = next((one.item for one in undone if one.item), None)
    url = reverse("label")
    return redirect(f"{url}?item={item.pk}" if item else url)


def _page(
    request: HttpRequest, seed_id: int, *, held: Any = (), **context: Any
) -> HttpResponse:
    context |= {
        "seed_id": str(seed_id),
        "held": " ".join(map(str, held)),
        "self": reverse("label_cluster", args=[seed_id]),
        "out_of_scope": OUT_OF_SCOPE,
    }
    return render(request, "annotations/clusters/cluster.html", context)
