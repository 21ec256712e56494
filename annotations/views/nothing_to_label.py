"""Why the desk is empty, truthfully: which of several reasons, with the counts."""

from dataclasses import dataclass

from django.utils import timezone

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
        return Empty("All done", ("Every utterance taken in has an answer.",), LATER)
    title = told[0][0]
    return Empty(title, tuple(line for _, line in told), SOON)


def _held(state: QueueState) -> tuple[str, str] | None:
    if state.ready:
        return "An item has just come free", "It is being fetched."
    if not state.held_by_others:
        return None
    n = state.held_by_others
    who = (
        "1 item is held by somebody else" if n == 1 else f"{n} items are held by others"
    )
    until = ""
    if state.next_free_at:
        local = timezone.localtime(state.next_free_at)
        until = f" The first comes free by {local:%H:%M} ({local:%Z})."
    return who, f"Others are answering right now.{until}"


def _mine(state: QueueState) -> tuple[str, str] | None:
    if not state.held_by_me:
        return None
    n = state.held_by_me
    items = "One item is" if n == 1 else f"{n} items are"
    return (
        "You hold the rest yourself",
        f"{items} open on another page of yours, or on one that was closed by force; "
        "what is not answered within ten minutes comes back.",
    )


def _waiting(state: QueueState) -> tuple[str, str] | None:
    unqueued = state.pool - state.held_by_me - state.held_by_others
    if unqueued <= 0:
        return None
    pool = "1 utterance has" if unqueued == 1 else f"{unqueued:,} utterances have"
    if state.worker_alive:
        return (
            "Waiting for the ranking",
            f"{pool} no answer yet. A worker is choosing the next; "
            "they appear here by themselves.",
        )
    return (
        "No worker is alive",
        f"{pool} no answer yet, but no worker is running to choose the "
        "next ones. Whoever runs this server can start one.",
    )


def _others(state: QueueState) -> tuple[str, str] | None:
    if not state.mine_answered:
        return None
    n = state.mine_answered
    items = "1 item waits" if n == 1 else f"{n} items wait"
    return (
        "You have answered all you may",
        f"{items} for a second opinion, which has to come from somebody else.",
    )
