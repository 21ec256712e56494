"""What happens in the demo once calls are in: rounds, a roll back, an alarm.

Every step goes through the service that people and workers use, and looks in the
database whether it is done, so that a run that was cut off goes on there.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from annotations.errors import DomainError
from annotations.models import AuditEvent, Role, User
from annotations.services import audit, demo_labels, queue, sign_in
from annotations.services.demo import Cast
from training.models import Checkpoint, DriftCheck, LiveTurn, Policy, Promotion, Round
from training.services import (
    checkpoints,
    drift,
    live_pool,
    promotion,
    rounds,
    shadow,
    shadow_compare,
)

Say = Callable[[str], None]
# Shares of the demo's labels that a round has; those said before the storm come first.
FIRST_SHARE, SECOND_SHARE = 0.45, 0.458
TURNS_A_CALL = 150  # one caller on the line for so many utterances taken in
SECOND_CAUSE = "Asked whether a handful of labels more makes a difference"
THIRD_CAUSE = "The labels of the last month are in"
DRIFT_CAUSE = "A look after the storm"
FAMILY = rounds.FAMILY
WAIT_SECONDS = 1.0
STEP_IN_AFTER = timedelta(seconds=60)  # no worker took the round
STUCK_AFTER = timedelta(minutes=20)


class StoryStuckError(DomainError):
    code = "demo_story_stuck"


@dataclass(frozen=True)
class Story:
    """What a telling needs. made: the generator's records; today: their last day."""

    name: str
    seed: int
    today: date
    n_labels: int
    made: Sequence[Mapping[str, Any]]
    cast: Cast
    engineer: User
    choose: demo_labels.Choose
    say: Say
    step_in_after: timedelta = STEP_IN_AFTER


def is_told(name: str) -> bool:
    return AuditEvent.objects.filter(action="demo.told", object=name).exists()


def engineer() -> User:
    """Who decides on rounds in the demo; nobody signs in as this person."""
    known = User.objects.filter(username="demo-nadia").first()
    return known or sign_in.create_person(
        username="demo-nadia",
        name="Nadia Brandt (demo)",
        roles=[Role.ML_ENGINEER],
        by=None,
    )


def tell(story: Story, *, first: Round | None) -> None:
    """The story is complete afterwards; rounds start by themselves from then on."""
    if is_told(story.name):
        return
    try:
        if first is not None:
            _tell_round(story, first, 1)
            _live_turns(story)
            _second_round(story)
            _third_round(story)
            _roll_back(story)
    finally:
        # Whatever happened, who labels must see rounds start.
        release_rounds()
    audit.record(by=story.engineer, action="demo.told", obj=story.name)
    story.say("the story is told: everything else is up to you")


@transaction.atomic
def release_rounds() -> None:
    """Policies that nobody has touched are active."""
    held = Policy.objects.select_for_update().filter(
        is_active=False, changed_by__isnull=True
    )
    for policy in held.exclude(gates={}):
        policy.is_active = True
        policy.save(update_fields=["is_active"])
        record_policy(policy)


def record_policy(policy: Policy) -> None:
    """The trail says that the demo, not a person, set the policy."""
    audit.record(
        by=None,
        action="policy.changed",
        obj=f"policy:{policy.pk}",
        min_new_gold=policy.min_new_gold,
        promotion=policy.promotion,
    )


def _live_turns(story: Story) -> None:
    from training.services import demo_calls

    if checkpoints.champion(FAMILY) is None:
        return
    if LiveTurn.objects.filter(conversation__startswith="demo-live-").exists():
        story.say("callers were on the line already")
    n_calls = max(3, len(story.made) // TURNS_A_CALL)
    turns, complete = demo_calls.hold(n_calls, seed=story.seed, today=story.today)
    # Nobody repeats a turn here: what is looked at later holds all of them.
    live_pool.pool(settled=timedelta())
    story.say(
        f"{n_calls} callers were answered in {turns} turns;"
        f" {complete} ended in a function call"
    )


def _second_round(story: Story) -> None:
    """A round on hardly more labels: the gate finds that it is no better."""
    if not Round.objects.filter(cause=SECOND_CAUSE).exists():
        _label(story, SECOND_SHARE)
    policy = Policy.objects.get(iteration=1)
    found = _requested(story, policy, SECOND_CAUSE, story.engineer)
    _tell_round(story, found, 2)


def _third_round(story: Story) -> None:
    """The storm's calls are labeled, they raise an alarm, and a round learns them."""
    _label(story, 1.0)
    check = _checked(story)
    found = _opened(check) if check and check.is_alarm else None
    if found is None:  # no alarm, or a viewer's answers opened one
        second = Round.objects.filter(cause=SECOND_CAUSE).values("pk")
        found = Round.objects.filter(pk__gt=second[:1]).order_by("pk").first()
    if found is None:
        policy = Policy.objects.get(iteration=1)
        found = _requested(story, policy, THIRD_CAUSE, story.engineer)
    _tell_round(story, found, 3)


@transaction.atomic
def _opened(check: DriftCheck) -> Round | None:
    """The round of the alarm; rounds were held until the labels were there.

    At once with the policies' release: the labels alone would open one as well.
    """
    if check.round is None:
        release_rounds()
        drift.open_round(check)
    return check.round


def _checked(story: Story) -> DriftCheck | None:
    """A check of our own, on the labels there are now; None where it cannot be."""
    check = DriftCheck.objects.filter(cause=DRIFT_CAUSE).first()
    while check is None:
        _wait_for_embeddings(story)
        for other in DriftCheck.objects.filter(status__in=DriftCheck.OPEN):
            _wait(partial(_is_check_over, other), "a drift check")
        try:
            check = drift.request(by=story.engineer, cause=DRIFT_CAUSE)
        except drift.DriftCheckRunningError:
            continue
        except drift.NothingToCompareError as error:
            story.say(f"no drift check: {error.message}")
            return None
    drift.run(check.pk)
    _wait(partial(_is_check_over, check), "the drift check")
    check = DriftCheck.objects.select_related("round").get(pk=check.pk)
    if check.status == DriftCheck.Status.FAILED:
        story.say(f"the drift check failed: {check.error}")
        return None
    told = f"an alarm: {drift.in_words(check)}" if check.is_alarm else "no alarm"
    story.say(f"the drift check compared {check.n_window} turns; {told}")
    return check


def _is_check_over(check: DriftCheck) -> bool:
    still = DriftCheck.objects.filter(pk=check.pk, status__in=DriftCheck.OPEN)
    return not still.exists()


def _wait_for_embeddings(story: Story) -> None:
    """The turns to be compared have theirs; we rank where no worker does."""
    champion = checkpoints.champion(FAMILY)
    if champion is None:
        return
    windows = drift.windows_of(champion)
    steps_in_at = time.monotonic() + story.step_in_after.total_seconds()

    def is_over() -> bool:
        # Every single one: which were missing would depend on the worker's pace.
        if drift.has_embeddings(windows, share=1.0):
            return True
        if time.monotonic() >= steps_in_at:
            from training.services import ranking

            ranking.rank(reason="the demo waits for embeddings", embed_seconds=None)
        return drift.has_embeddings(windows, share=1.0)

    _wait(is_over, "the embeddings")


def _roll_back(story: Story) -> None:
    """The model before serves for a while, then the better one again."""
    changes = list(Promotion.objects.filter(family=FAMILY).order_by("from_at"))
    backs = [change for change in changes if change.decided_by_id == story.engineer.pk]
    done = sum(change.reason.startswith(("Back to", "On all")) for change in backs)
    last = _last_promoted()
    if last is None or promotion.previous(FAMILY) is None or last.champion is None:
        return
    if done == 0:
        _back(story, _why_back(last))
        story.say(f"{last.challenger.name} was rolled back")
    if done < 2:
        _back(story, _why_forth(last))
        story.say(f"{last.challenger.name} serves again")


def _back(story: Story, reason: str) -> None:
    serving = checkpoints.champion(FAMILY)
    promotion.roll_back(by=story.engineer, reason=reason, instead_of=serving)


def _last_promoted() -> Round | None:
    promoted = Round.objects.filter(family=FAMILY, status=Round.Status.PROMOTED)
    return (
        promoted.select_related("challenger", "champion")
        .order_by("-finished_at")
        .first()
    )


def _why_back(found: Round) -> str:
    """Names the intent that lost most on the exam, as the comparison has it."""
    changes = found.verdict["comparison"]["intents"]
    lost = [change for change in changes if change["losses"] > change["wins"]]
    if not lost:
        return "Back to the model before, while its first answers are looked through."
    worst = max(lost, key=lambda change: change["losses"] - change["wins"])
    return (
        f"Back to the model before: of {worst['n']} exam items of {worst['name']} the "
        f"new one lost {worst['losses']} and won {worst['wins']}. I look at them first."
    )


def _why_forth(found: Round) -> str:
    compared = found.verdict["comparison"]
    return (
        f"On all {compared['n']} exam items it won {compared['only_challenger']} and "
        f"lost {compared['only_champion']}. I looked at those lost; it serves again."
    )


def _requested(story: Story, policy: Policy, cause: str, by: User) -> Round:
    """The round of this cause, once no other is at work."""
    while (found := Round.objects.filter(cause=cause).first()) is None:
        working = Round.objects.filter(status__in=Round.WORKING).first()
        if working is not None:
            _finish(story, working)
            continue
        try:
            found = rounds.request(policy=policy, cause=cause, by=by)
        except rounds.RoundRunningError:
            continue
        break
    return found


def _tell_round(story: Story, found: Round, number: int) -> None:
    found.refresh_from_db()
    if found.status not in Round.ENDED:
        story.say(f"round {number} of 3 is at work: {found.cause}")
    _finish(story, found)
    found = rounds.get(found.pk)
    if found.status == Round.Status.AWAITING:
        _decide(story, found)
        found = rounds.get(found.pk)
    told = found.error or " ".join(found.verdict.get("reasons", [])[:1])
    story.say(f"round {number} of 3 was {found.get_status_display().lower()}. {told}")


def _finish(story: Story, found: Round) -> None:
    """No worker has anything to do for the round any more."""
    began = time.monotonic()

    def is_over() -> bool:
        found.refresh_from_db()
        waited = time.monotonic() - began
        if (
            found.started_at is None
            and found.is_working
            and waited >= story.step_in_after.total_seconds()
            # Another number of threads would round otherwise.
            and not queue.worker_alive("gpu")
        ):
            from training.services import execution

            execution.run(found.pk, worker="demo")
            found.refresh_from_db()
        return not found.is_working

    _wait(is_over, f"round {found.pk}")


def _decide(story: Story, found: Round) -> None:
    """In shadow first; then the engineer says what the gate and the shadow say."""
    assert found.challenger is not None
    live_pool.pool()
    shadow.answer(found.challenger)
    reason = f"{found.verdict['reasons'][0]}{_in_shadow(found.challenger)}"
    is_good = found.verdict["passed"]
    decide = promotion.approve if is_good else promotion.reject
    decide(round_id=found.pk, by=story.engineer, reason=reason)


def _in_shadow(challenger: Checkpoint) -> str:
    compared = shadow_compare.compare(challenger)
    if compared is None:
        return ""
    return (
        f" In shadow on {compared.turns} live turns it agreed on "
        f"{100 * compared.agreement:.0f} %."
    )


def _label(story: Story, share: float) -> None:
    new = demo_labels.label(
        story.made,
        n_labels=story.n_labels,
        cast=story.cast,
        share=share,
        choose=story.choose,
    )
    if new:
        story.say(f"{new} demo answers more given")


def _wait(is_over: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not is_over():
        if time.monotonic() - began > STUCK_AFTER.total_seconds():
            raise StoryStuckError(f"The demo waits for {what}, which does not end.")
        time.sleep(WAIT_SECONDS)
