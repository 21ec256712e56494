"""Whether callers still are who the champion learned from: asked monthly, or by hand.

The champion answers a sample of turns from before it was trained and one of the
latest window. A change raises an alarm only where it is too large for chance with all
tests counted, large enough to matter, and there in both halves of the window.
"""

import logging
import random
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, DomainError, InvalidError
from annotations.models import QueueItem, Reason, User, Utterance
from annotations.services import audit
from training.models import Checkpoint, DriftCheck, Policy, Promotion
from training.services import checkpoints, drift_sample, rounds

logger = logging.getLogger(__name__)

WINDOW = timedelta(days=30)
REFERENCE = timedelta(days=90)
EVERY = timedelta(days=30)
LEAST_TURNS = 200  # a side; below that only very large changes would be seen
EMBEDDED_SHARE = 0.98  # of the turns of a side, before a check starts by itself
SILENCE = timedelta(minutes=10)
MAX_ATTEMPTS = 3  # of workers that died at a check, before it is given up
PAUSE_AFTER_FAILURE = timedelta(days=1)
WORDS = {
    "embeddings": "what callers say",
    "intents": "the mix of intents",
    "stability": "the mix of intents",
    "confidence": "how sure the model is",
}
FRESH = 40  # exam items of the window that are put in front of people
MAX_ERROR = 1000


class DriftCheckRunningError(ConflictError):
    code = "drift_check_running"


class NothingToCompareError(InvalidError):
    code = "nothing_to_compare"


def request(*, by: User | None, cause: str) -> DriftCheck:
    """Store the wish for a check of the champion; a sweep runs it.

    Raises NothingToCompareError without a champion or enough turns, and
    DriftCheckRunningError while one is open.
    """
    champion = checkpoints.champion()
    if champion is None:
        raise NothingToCompareError(
            _("No model serves yet, so nothing can have drifted.")
        )
    windows = windows_of(champion)
    _check_enough(windows)
    try:
        with transaction.atomic():
            check = DriftCheck.objects.create(
                checkpoint=champion, cause=cause[:120], requested_by=by, **windows
            )
            audit.record(
                by=by,
                action="drift.requested",
                obj=f"drift:{check.pk}",
                checkpoint=champion.pk,
            )
    except IntegrityError as error:
        if "one_open_drift_check" not in str(error):
            raise
        raise DriftCheckRunningError(_("A check is already running.")) from None
    return check


def windows_of(champion: Checkpoint) -> dict[str, datetime]:
    """The latest month of turns, and the time before it that the champion knew.

    The window ends with the day of the last turn there is: figures of a quiet week are
    not those of nobody calling, and two checks of one day look at the same turns.
    """
    now = timezone.now()
    last = drift_sample.last_turn(now - REFERENCE - 2 * WINDOW, now)
    day = (last or now).astimezone(UTC).date() + timedelta(days=1)
    end = datetime.combine(day, time.min, tzinfo=UTC)
    begin = end - WINDOW
    known = _trained_at(champion)
    until = min(begin, known) if known else begin
    return {
        "reference_from": until - REFERENCE,
        "reference_to": until,
        "window_from": begin,
        "window_to": end,
    }


def is_due() -> bool:
    """Whether the month is over since a champion was looked at, or none ever was.

    What failed would fail again a minute later: it is tried again the next day.
    """
    champion = checkpoints.champion()
    if champion is None:
        return False
    now = timezone.now()
    recent = Q(status=DriftCheck.Status.DONE, created_at__gt=now - EVERY) | Q(
        status=DriftCheck.Status.FAILED, created_at__gt=now - PAUSE_AFTER_FAILURE
    )
    if DriftCheck.objects.filter(recent).exists():
        return False
    try:
        windows = windows_of(champion)
        _check_enough(windows)
    except NothingToCompareError:
        return False
    return has_embeddings(windows)


def has_embeddings(
    windows: dict[str, datetime], *, share: float = EMBEDDED_SHARE
) -> bool:
    """Whether nearly all turns of both sides can be drawn.

    While many have no embedding yet, those that have one are no random share.
    """
    shares = (
        drift_sample.embedded_share(windows[f"{side}_from"], windows[f"{side}_to"])
        for side in ("reference", "window")
    )
    return min(shares) >= share


def sweep() -> None:
    """Start what is due, run what is asked for and what a dead worker left."""
    if is_due():
        try:
            request(by=None, cause="The monthly look")
        except DriftCheckRunningError:
            logger.info("drift check is open already")
    for check in DriftCheck.objects.filter(_is_free(), attempts__gte=MAX_ATTEMPTS):
        died = f"The worker died at it {MAX_ATTEMPTS} times."
        _finish(check, DriftCheck.Status.FAILED, error=died)
    for check_id in _open_ids():
        run(check_id)


def run(check_id: int) -> DriftCheck | None:
    """Do the check, if nobody does; a failure is kept in its row."""
    from training.services import drift_compare

    if not _claim(check_id):
        return None
    check = DriftCheck.objects.select_related("checkpoint").get(pk=check_id)
    try:
        found = drift_compare.compare(check)
    except (DomainError, ValueError) as error:
        _finish(check, DriftCheck.Status.FAILED, error=str(error)[:MAX_ERROR])
        logger.warning("drift check failed", extra={"check": check.pk})
    except Exception as error:
        # Whatever it was, the row must not say "running"; the caller hears of it.
        said = f"{type(error).__name__}: {error}"[:MAX_ERROR]
        _finish(check, DriftCheck.Status.FAILED, error=said)
        raise
    else:
        _finish(check, DriftCheck.Status.DONE, **found)
    return check


@transaction.atomic
def label_fresh_sample(*, check: DriftCheck, by: User) -> int:
    """Exam items of the window are in the queue, blind; returns how many were added.

    They stay through re-rankings until they are answered.
    """
    ids = drift_sample.exam_ids(
        check.window_from, check.window_to, [Utterance.Status.POOL]
    )
    queued = QueueItem.objects.filter(
        utterance_id__in=ids, status__in=QueueItem.OPEN
    ).values_list("utterance_id", flat=True)
    free = sorted(set(ids) - set(queued))
    # Not the first ones: who came in first says what callers have always said.
    chosen = random.Random(check.pk).sample(free, min(FRESH, len(free)))
    QueueItem.objects.bulk_create(
        [
            QueueItem(
                utterance_id=utterance_id,
                reason=Reason.EXAM,
                why={"drift_check": check.pk},
                rank=0,
                draw_probability=len(chosen) / len(free),
            )
            for utterance_id in chosen
        ],
        ignore_conflicts=True,  # a ranking may have queued it meanwhile
    )
    audit.record(
        by=by, action="drift.sample_queued", obj=f"drift:{check.pk}", items=len(chosen)
    )
    return len(chosen)


def _act_on(check: DriftCheck) -> None:
    """The alarm is on the trail and opens a round where a policy says so."""
    changed = changes_of(check)
    audit.record(by=None, action="drift.alarm", obj=f"drift:{check.pk}", tests=changed)
    logger.warning("drift alarm", extra={"check": check.pk, "tests": changed})
    open_round(check)


def changes_of(check: DriftCheck) -> list[str]:
    """Names of the tests that raised the alarm."""
    return [test["name"] for test in check.tests if test["persists"]]


def in_words(check: DriftCheck) -> str:
    """What changed enough to raise the alarm."""
    return ", ".join(dict.fromkeys(WORDS[name] for name in changes_of(check)))


def open_round(check: DriftCheck) -> None:
    """The alarm's round is asked for, where a policy says so and none is at work."""
    policy = Policy.objects.filter(is_active=True, starts_on_drift=True).first()
    if policy is None:
        return
    cause = f"Drift check {check.pk} raised an alarm: {in_words(check)}"
    try:
        check.round = rounds.request(policy=policy, cause=cause, by=None)
        check.save(update_fields=["round"])
    except (rounds.RoundRunningError, rounds.NothingToTrainOnError) as error:
        logger.info("no round for the alarm", extra={"code": error.code})


def _check_enough(windows: dict[str, datetime]) -> None:
    for side in ("reference", "window"):
        begin, end = windows[f"{side}_from"], windows[f"{side}_to"]
        n = drift_sample.count(begin, end, most=LEAST_TURNS)
        if n < LEAST_TURNS:
            few = (
                _("The time before holds %(n)s turns; %(least)s are needed to compare.")
                if side == "reference"
                else _(
                    "The latest month holds %(n)s turns; %(least)s are needed to"
                    " compare."
                )
            )
            raise NothingToCompareError(few % {"n": n, "least": LEAST_TURNS})


def _trained_at(champion: Checkpoint) -> datetime | None:
    if champion.round and champion.round.snapshot:
        return champion.round.snapshot.created_at
    first = Promotion.objects.filter(checkpoint=champion).order_by("from_at").first()
    return first.from_at if first else None


def _open_ids() -> list[int]:
    found = DriftCheck.objects.filter(_is_free()).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _is_free() -> Q:
    return Q(status=DriftCheck.Status.REQUESTED) | Q(
        status=DriftCheck.Status.RUNNING, heartbeat_at__lt=Now() - SILENCE
    )


def _claim(check_id: int) -> bool:
    free = DriftCheck.objects.filter(_is_free(), pk=check_id, attempts__lt=MAX_ATTEMPTS)
    taken = free.update(
        status=DriftCheck.Status.RUNNING,
        heartbeat_at=Now(),
        attempts=F("attempts") + 1,
    )
    return taken == 1


@transaction.atomic
def _finish(check: DriftCheck, status: str, **fields: Any) -> None:
    """The check has ended, and what an alarm brings about has come with it.

    Nothing happens where another worker ended it already.
    """
    under_way = DriftCheck.objects.filter(pk=check.pk, status=DriftCheck.Status.RUNNING)
    ended = under_way.update(status=status, finished_at=Now(), **fields)
    check.refresh_from_db()
    if not ended:
        return
    audit.record(
        by=None,
        action="drift.checked",
        obj=f"drift:{check.pk}",
        status=status,
        alarm=check.is_alarm,
    )
    if check.is_alarm:
        _act_on(check)
