"""The members of an export as canonical JSON lines."""

import json
from collections.abc import Iterator

from django.utils.translation import gettext as _

from annotations.errors import ConflictError
from annotations.models import BulkAction, BulkMember, User, Utterance
from annotations.services import audit
from annotations.services.export import record_of

CHUNK = 500


def lines(*, by: User, action: BulkAction) -> Iterator[str]:
    """One line each, of what may still be seen; the download is on the trail.

    Raises ConflictError for an action that exports nothing, or not any more.
    """
    ready = action.status in (BulkAction.Status.DONE, BulkAction.Status.CANCELLED)
    if action.kind != BulkAction.Kind.EXPORT or not ready:
        raise ConflictError(_("There is nothing to download here."))
    done = action.members.filter(state=BulkMember.State.DONE)
    audit.record(
        by=by, action="bulk.downloaded", obj=f"bulk:{action.pk}", n=done.count()
    )
    return _lines(list(done.order_by("id").values_list("utterance_id", flat=True)))


def _lines(ids: list[int]) -> Iterator[str]:
    for start in range(0, len(ids), CHUNK):
        found = (
            Utterance.objects.visible()
            .filter(pk__in=ids[start : start + CHUNK])
            .select_related(
                "conversation",
                "domain",
                "goldlabel__intent__domain",
                "goldlabel__annotation",
            )
            .prefetch_related("goldlabel__annotation__spans")
            .order_by("pk")
        )
        for utterance in found:
            yield json.dumps(record_of(utterance), ensure_ascii=False) + "\n"
