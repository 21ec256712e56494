"""The demo as a whole: catalogue, calls, labels, policies, then a story of rounds."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.db import transaction

from annotations.models import AuditEvent, GoldLabel, Iteration, Utterance
from annotations.services import (
    audit,
    demo,
    demo_guidelines,
    demo_intake,
    demo_labels,
    demo_review,
)
from training.models import Policy, Round
from training.services import demo_draw, demo_story, rounds
from training.services.demo_story import Story

Say = Callable[[str], None]
LABELS_A_LINE = 100

# Small thresholds: who labels for a quarter of an hour sees a round start and end.
FIRST_CAUSE = "The first model, on the demo's labels"
# On an exam of about a hundred items the calibration error is mostly noise.
GATES = {"min_exam": 80, "max_ece": 0.2}
POLICIES = {
    Iteration.FREQUENT: {
        "min_new_gold": 12,
        "max_wait_minutes": 30,
        "promotion": Policy.Promotion.AUTOMATIC,
        "starts_on_drift": True,
        "gates": GATES,
    },
    Iteration.REPAIR: {
        "min_new_gold": 16,
        "max_wait_minutes": 60,
        "promotion": Policy.Promotion.AUTOMATIC,
        "gates": GATES,
    },
    Iteration.LONG_TAIL: {
        "min_new_gold": 20,
        "max_wait_minutes": 120,
        "promotion": Policy.Promotion.PERSON,
        "gates": GATES,
    },
}


@dataclass(frozen=True)
class Wanted:
    n_utterances: int = 20_000
    n_labels: int = 1_500
    seed: int = 7
    has_story: bool = False

    @property
    def name(self) -> str:
        return f"demo:{self.seed}-{self.n_utterances}-{self.n_labels}"


@dataclass
class Loaded:
    """What this run added; all zero where an earlier one had finished."""

    domains: int = 0
    intents: int = 0
    functions: int = 0
    utterances: int = 0
    labels: int = 0
    policies: int = 0
    round: int | None = None


def load(wanted: Wanted, *, say: Say = lambda text: None) -> Loaded:
    """Calls, labels and policies are in and a first round is asked for; what an
    earlier run left is completed.

    With a story, the labels are those of the first round and `tell` adds the others.
    """
    loaded = Loaded()
    if _is_loaded(wanted):
        return loaded
    hold_rounds()
    cast = demo.ensure_people()
    loaded.domains, loaded.intents = demo.ensure_intents(cast)
    loaded.functions = demo.ensure_functions(cast, Iteration.FREQUENT)
    before = Utterance.objects.count()
    made = demo_intake.records(wanted.n_utterances, wanted.seed)
    intake = demo_intake.Intake(made, seed=wanted.seed, by=cast.proposer, say=say)
    intake.take_in_first()
    # The rest of the catalogue can wait until somebody has something to label.
    loaded.functions += demo.ensure_functions(
        cast, Iteration.REPAIR, Iteration.LONG_TAIL
    )
    say(f"{loaded.intents} intents and {loaded.functions} functions added")
    intake.take_in_rest()
    loaded.utterances = Utterance.objects.count() - before
    say(f"{loaded.utterances} utterances added")
    loaded.labels = demo_labels.label(
        made,
        n_labels=wanted.n_labels,
        cast=cast,
        share=demo_story.FIRST_SHARE if wanted.has_story else 1.0,
        choose=demo_draw.chooser(seed=wanted.seed),
        on_progress=lambda done, total: _tell(say, done, total),
    )
    demo_review.fill(cast)
    demo_guidelines.ensure(cast, seed=wanted.seed)
    loaded.policies = ensure_policies(is_active=not wanted.has_story)
    first = ensure_first_round()
    loaded.round = first.pk if first else None
    audit.record(by=cast.proposer, action="demo.loaded", obj=wanted.name)
    return loaded


def tell(wanted: Wanted, *, say: Say = lambda text: None) -> None:
    """The story of a loaded demo is told to its end."""
    if demo_story.is_told(wanted.name):
        return
    story = Story(
        name=wanted.name,
        seed=wanted.seed,
        today=demo_intake.last_day(wanted.seed),
        n_labels=wanted.n_labels,
        made=demo_intake.records(wanted.n_utterances, wanted.seed),
        cast=demo.ensure_people(),
        engineer=demo_story.engineer(),
        choose=demo_draw.chooser(seed=wanted.seed),
        say=say,
    )
    demo_story.tell(story, first=Round.objects.filter(cause=FIRST_CAUSE).first())


@transaction.atomic
def hold_rounds() -> None:
    """Before the first round, none starts by itself until the labels are all there."""
    if not Round.objects.exists():
        Policy.objects.filter(is_active=True, gates={}).update(is_active=False)


@transaction.atomic
def ensure_policies(*, is_active: bool = True) -> int:
    """Each iteration's policy is the demo's, unless a person set it; returns how many
    changed.
    """
    untouched = Policy.objects.select_for_update().filter(gates={})
    changed = 0
    for policy in untouched.filter(iteration__in=POLICIES):
        for name, value in POLICIES[Iteration(policy.iteration)].items():
            setattr(policy, name, value)
        policy.is_active = is_active
        policy.save()
        demo_story.record_policy(policy)
        changed += 1
    return changed


def ensure_first_round() -> Round | None:
    """A round is requested where there never was one and labels allow it."""
    if Round.objects.exists() or not GoldLabel.objects.exists():
        return None
    policy = Policy.objects.get(iteration=Iteration.FREQUENT)
    try:
        return rounds.request(policy=policy, cause=FIRST_CAUSE, by=None)
    except (rounds.RoundRunningError, rounds.NothingToTrainOnError):
        return None


def as_json(loaded: Loaded) -> dict[str, int | None]:
    return asdict(loaded)


def _is_loaded(wanted: Wanted) -> bool:
    return AuditEvent.objects.filter(action="demo.loaded", object=wanted.name).exists()


def _tell(say: Say, done: int, total: int) -> None:
    if done % LABELS_A_LINE == 0 or done == total:
        say(f"{done} of {total} demo answers given")
