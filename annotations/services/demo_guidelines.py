"""The demo's guidelines: contrast lines, examples, discussions and proposals.

Made through the services that people use; what is there already stays as it is.
"""

from itertools import islice

from django.db.models import Exists, OuterRef

from annotations.demo import catalogue as demo
from annotations.demo.dice import Dice
from annotations.models import (
    ContrastPair,
    GoldLabel,
    Intent,
    IntentExample,
    IntentProposal,
    IntentRemark,
    Role,
    User,
    Utterance,
)
from annotations.services import discussion, guidelines, proposals, sign_in
from annotations.services.demo import Cast

N_PAIRS = 24
N_WITH_EXAMPLES = 12
EXAMPLES_EACH = 3
REMARKS = (
    ("dispute_charge", "Does “take this off” without a reason belong here?", True),
    ("explain_charge", "Callers who ask and then refuse: which of the two?", False),
    ("check_bill_status", "I chose this for “is it out yet”, too.", False),
)
# Title, description, domain, and what a reviewer says: an intent, a reason or nothing.
PROPOSALS = (
    (
        "Freeze a line while away",
        "The caller wants a line to rest for some weeks and keep its number.",
        "mobile",
        "",
        "",
    ),
    (
        "Ask what a bill line means",
        "The caller reads a line of the bill aloud and does not know it.",
        "billing",
        "explain_charge",
        "",
    ),
    (
        "Small talk about the weather",
        "The caller chats before saying what is wanted.",
        "conversation",
        "",
        "Nothing would be done differently for it; the next turn says the wish.",
    ),
)


def ensure(cast: Cast, *, seed: int) -> None:
    """Each part exists; nothing is added where it does."""
    reviewer = sign_in.demo_person(Role.REVIEWER)
    known = {intent.name: intent for intent in Intent.objects.filter(is_active=True)}
    if not ContrastPair.objects.exists():
        _contrasts(known, reviewer, seed)
    if not IntentExample.objects.exists():
        _examples(known, reviewer)
    author = cast.annotators[0][0]
    if not IntentRemark.objects.exists():
        _remarks(known, author, reviewer)
    if not IntentProposal.objects.exists():
        _proposals(author, reviewer)


def _contrasts(known: dict[str, Intent], reviewer: User, seed: int) -> None:
    """Lines for look-alikes of one another, as many domains as there are."""
    pairs = sorted(
        {
            tuple(sorted((intent.name, other)))
            for intent in demo.load().intents
            for other in intent.confusable
            if intent.name in known and other in known
        }
    )
    dice = Dice("contrast", str(seed))
    chosen = sorted(pairs, key=lambda pair: dice.between(0, 2**30))[:N_PAIRS]
    for one, other in chosen:
        guidelines.save_contrast(
            intent=known[one],
            other=known[other],
            lines=[_gist(known[one]), _gist(known[other])],
            revision=0,
            by=reviewer,
        )


def _gist(intent: Intent) -> str:
    """The intent's own words as a line that follows “Choose it when”."""
    said = intent.description.removeprefix("Choose this when ").rstrip(".")
    return said[: guidelines.MOST_LETTERS_OF_A_LINE] or intent.title


def _examples(known: dict[str, Intent], reviewer: User) -> None:
    labeled = GoldLabel.objects.filter(intent=OuterRef("pk"))
    intents = Intent.objects.filter(Exists(labeled), name__in=known).order_by("name")
    for intent in intents[:N_WITH_EXAMPLES]:
        gold = GoldLabel.objects.filter(
            intent=intent, utterance__in=Utterance.objects.visible().for_training()
        ).order_by("-utterance__count", "utterance")
        for label in islice(gold, EXAMPLES_EACH):
            guidelines.add_example(
                intent=intent,
                utterance_id=label.utterance_id,
                kind=IntentExample.Kind.POSITIVE,
                by=reviewer,
            )


def _remarks(known: dict[str, Intent], author: User, reviewer: User) -> None:
    for name, text, is_settled in REMARKS:
        if name not in known:
            continue
        remark = discussion.comment(intent=known[name], text=text, by=author)
        if is_settled:
            discussion.resolve(intent=known[name], remark_id=remark.pk, by=reviewer)


def _proposals(author: User, reviewer: User) -> None:
    for title, description, domain, into, reason in PROPOSALS:
        made = proposals.propose(
            title=title, description=description, domain=domain, by=author
        )
        if into:
            proposals.merge(proposal_id=made.pk, into=into, by=reviewer)
        elif reason:
            proposals.decline(proposal_id=made.pk, reason=reason, by=reviewer)
