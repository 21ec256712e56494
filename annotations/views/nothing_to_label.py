"""Why the desk is empty, truthfully: which of several reasons, with the counts."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.services.queue import QueueState

SOON, LATER = 3, 15


@dataclass(frozen=True)
class Empty:
    title: str
    lines: tuple[str, ...]
    poll_seconds: int  # 0: nothing will come by itself


def describe(state: QueueState) -> Empty:
    """The first reason that holds gives the title; every one that holds is told."""
    reasons = (_held(state), _mine(state), _waiting(state), _others(state))
    told = [one for one in reasons if one]
    if not told:
        line = _("Every utterance taken in has an answer.")
        return Empty(_("All done"), (line,), LATER)
    title = told[0][0]
    return Empty(title, tuple(line for _title, line in told), SOON)


def _held(state: QueueState) -> tuple[str, str] | None:
    if state.ready:
        return _("An item has just come free"), _("It is being fetched.")
    if not state.held_by_others:
        return None
    n = state.held_by_others
    who = ngettext(
        "%(n)s item is held by somebody else", "%(n)s items are held by others", n
    ) % {"n": n}
    if not state.next_free_at:
        return who, _("Others are answering right now.")
    local = timezone.localtime(state.next_free_at)
    return who, _(
        "Others are answering right now. The first comes free by %(time)s (%(zone)s)."
    ) % {"time": f"{local:%H:%M}", "zone": f"{local:%Z}"}


def _mine(state: QueueState) -> tuple[str, str] | None:
    if not state.held_by_me:
        return None
    line = ngettext(
        "One item is open on another page of yours, or on one that was closed by "
        "force; what is not answered within ten minutes comes back.",
        "%(n)s items are open on another page of yours, or on one that was closed by "
        "force; what is not answered within ten minutes comes back.",
        state.held_by_me,
    )
    return _("You hold the rest yourself"), line % {"n": state.held_by_me}


def _waiting(state: QueueState) -> tuple[str, str] | None:
    unqueued = state.pool - state.held_by_me - state.held_by_others
    if unqueued <= 0:
        return None
    if state.worker_alive:
        title = _("Waiting for the ranking")
        line = ngettext(
            "%(n)s utterance has no answer yet. A worker is choosing the next; "
            "they appear here by themselves.",
            "%(n)s utterances have no answer yet. A worker is choosing the next; "
            "they appear here by themselves.",
            unqueued,
        )
    else:
        title = _("No worker is alive")
        line = ngettext(
            "%(n)s utterance has no answer yet, but no worker is running to choose the "
            "next ones. Whoever runs this server can start one.",
            "%(n)s utterances have no answer yet, but no worker is running to choose "
            "the next ones. Whoever runs this server can start one.",
            unqueued,
        )
    return title, line % {"n": f"{unqueued:,}"}


def _others(state: QueueState) -> tuple[str, str] | None:
    if not state.mine_answered:
        return None
    line = ngettext(
        "%(n)s item waits for a second opinion, which has to come from somebody else.",
        "%(n)s items wait for a second opinion, which has to come from somebody else.",
        state.mine_answered,
    )
    return _("You have answered all you may"), line % {"n": state.mine_answered}
