"""A small healthy world with one of everything that invariants speak of."""

import hashlib
import uuid
from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from annotations.models import (
    Annotation,
    Conversation,
    ErrorCandidate,
    IntakeBatch,
    Reason,
    RejectedRow,
    Turn,
    WorkerHeartbeat,
)
from annotations.services import (
    audit,
    discussion,
    error_candidates,
    gold,
    guidelines,
    intent_moves,
    label_moves,
    labels,
    proposals,
    questions,
    queue,
    reports,
    review,
)
from tests.factories import cast
from training.models import (
    Checkpoint,
    DatasetSnapshot,
    DriftCheck,
    ForcedPromotion,
    LiveTurn,
    Policy,
    Promotion,
    Round,
    SnapshotMember,
    UtteranceEmbedding,
)


def build() -> SimpleNamespace:
    world = SimpleNamespace()
    _people_and_catalogue(world)
    _texts(world)
    _answers(world)
    _revision(world)
    _reviewers_desk(world)
    _intake(world)
    _machines(world)
    _guidelines(world)
    return world


def _people_and_catalogue(w: SimpleNamespace) -> None:
    w.ana, w.ben = cast.ana(), cast.ben()
    w.rita = cast.person("rita", "reviewer")
    w.bill = cast.intent("check_bill")
    w.hello = cast.intent("say_hello")
    w.schema = cast.live_schema(w.bill)
    audit.record(
        by=w.schema.approved_by,
        action="schema.approved",
        obj=f"schema:{w.schema.pk}",
        sha256=w.schema.content_hash,
    )


def _texts(w: SimpleNamespace) -> None:
    """Open items: one for the exam, one in the pool, one in somebody's hands."""
    w.exam = cast.utterance(split="exam")
    w.exam_item = cast.item(w.exam, reason=Reason.EXAM, rank=10_000)
    w.pool = cast.utterance(context=[{"role": "bot", "text": "hello"}])
    w.pool_item = cast.item(w.pool, rank=10_001)
    cast.suggestion(w.pool, "say_hello")
    vector = [1.0] + [0.0] * 383
    UtteranceEmbedding.objects.create(utterance=w.pool, encoder="e", vector=vector)
    w.light = cast.utterance(redaction="light")
    w.erased = cast.utterance(status="erased")
    type(w.erased).objects.filter(pk=w.erased.pk).update(text="", context=[])


def answer(by, utterance, intent, **fields) -> Annotation:
    """Lease the utterance's item and answer it through the service."""
    item = cast.item(utterance, rank=0, reason=fields.pop("reason", "uncertain"))
    assert queue.claim_next(by=by).pk == item.pk
    sent = labels.Answer(
        uuid=uuid.uuid4(), item_id=item.pk, intent=intent.name, **fields
    )
    return labels.submit(by=by, answer=sent).annotation


def _answers(w: SimpleNamespace) -> None:
    w.text = cast.utterance(
        "account 5 5 5 for may", context=[{"role": "caller", "text": "june no"}]
    )
    spans = (
        labels.SpanAnswer(8, 13, "account_number", "5 5 5"),
        labels.SpanAnswer(18, 21, "bill_month", "may"),
        labels.SpanAnswer(0, 4, "bill_month", "june", turn=0),
    )
    w.single = answer(w.ana, w.text, w.bill, spans=spans, act="corrects")
    w.agreed_text = cast.utterance()
    w.first = answer(w.ana, w.agreed_text, w.hello)
    w.agreed = answer(w.ben, w.agreed_text, w.hello, reason="second_opinion")
    w.exam_label = answer(w.ana, cast.utterance(split="exam"), w.hello, reason="exam")
    w.disputed = cast.utterance()
    one = answer(w.ana, w.disputed, w.hello)
    answer(w.ben, w.disputed, w.bill, not_spoken=("account_number",), reason="random")
    w.review = review.resolve(by=w.rita, uuid=uuid.uuid4(), answer_id=one.pk)
    w.open_dispute = cast.utterance()
    answer(w.ana, w.open_dispute, w.hello)
    answer(w.ben, w.open_dispute, w.bill, not_spoken=("account_number",))
    w.skipped = cast.utterance()
    item = cast.item(w.skipped, rank=0)
    queue.claim_next(by=w.ana)
    labels.skip(by=w.ana, uuid=uuid.uuid4(), item_id=item.pk, reason="unclear")
    w.reported = cast.utterance()
    item = cast.item(w.reported, rank=0)
    queue.claim_next(by=w.ana)
    w.report = labels.quarantine(
        by=w.ana, uuid=uuid.uuid4(), item_id=item.pk
    ).annotation
    w.released = cast.utterance("call me on 5 5 5")
    item = cast.item(w.released, rank=0)
    queue.claim_next(by=w.ana)
    labels.quarantine(by=w.ana, uuid=uuid.uuid4(), item_id=item.pk, place=(11, 16))
    reports.release(by=w.rita, uuid=uuid.uuid4(), utterance_id=w.released.pk)
    w.taken_back = answer(w.ana, cast.utterance(), w.hello)
    undone = labels.undo(by=w.ana, uuid=uuid.uuid4())
    w.undo, w.leased_item = undone.annotation, undone.item


def _revision(w: SimpleNamespace) -> None:
    """A label brought to a new schema by the system, and gold with it."""
    w.revised_text = cast.utterance()
    w.revised = answer(w.ana, w.revised_text, w.hello)
    w.revision = Annotation.objects.create(
        id=uuid.uuid4(),
        kind=Annotation.Kind.LABEL,
        utterance=w.revised_text,
        annotator=cast.person("system"),
        intent=w.hello,
        revises=w.revised,
        body_hash="0" * 64,
    )
    gold.settle(w.revised_text)


def _guidelines(w: SimpleNamespace) -> None:
    w.example = guidelines.add_example(
        intent=w.bill, utterance_id=w.text.pk, kind="positive", by=w.rita
    )
    w.pair = guidelines.save_contrast(
        intent=w.bill, other=w.hello, lines=("a bill", "a word"), revision=0, by=w.rita
    )
    w.proposal = proposals.propose(
        title="Freeze a line",
        description="Wants the line to rest.",
        domain="billing",
        by=w.ana,
    )
    w.declined = proposals.propose(
        title="Say nothing", description="Is silent.", domain="billing", by=w.ana
    )
    proposals.decline(
        proposal_id=w.declined.pk, by=w.rita, reason="Silence is no request."
    )
    w.greeting = cast.intent("greet")
    w.greeted = answer(w.ana, cast.utterance(), w.greeting)
    move = intent_moves.merge(
        intent=w.greeting, into=w.hello, reason="Both say hello.", by=w.rita
    )
    w.move = label_moves.run(move.pk)
    w.moved = w.move.labels.get()
    w.remark = discussion.comment(intent=w.bill, text="And credit notes?", by=w.ana)


def _reviewers_desk(w: SimpleNamespace) -> None:
    """Two suspicions, one dismissed, a question with its answer, a label reopened."""
    for label in (w.single, w.agreed):
        found = error_candidates.Found(annotation=label, kind="model", score=0.9)
        w.found = [*getattr(w, "found", []), found]
    error_candidates.store(w.found)
    w.suspicion = ErrorCandidate.objects.get(annotation=w.single)
    w.dismissed = ErrorCandidate.objects.get(annotation=w.agreed)
    review.dismiss(by=w.rita, candidate_id=w.dismissed.pk)
    item = cast.item(rank=0)
    queue.claim_next(by=w.ana)
    asked = questions.ask(by=w.ana, uuid=uuid.uuid4(), item_id=item.pk, text="Why?")
    w.question = asked.question
    questions.answer(
        by=w.rita, uuid=uuid.uuid4(), question_id=w.question.pk, text="Because."
    )
    w.reopened = review.reopen(
        by=w.rita,
        uuid=uuid.uuid4(),
        utterance_id=answer(w.ana, cast.utterance(), w.hello).utterance_id,
        reason="unclear",
    )


def _intake(w: SimpleNamespace) -> None:
    w.batch = IntakeBatch.objects.create(
        source="calls",
        reader="jsonl",
        sha256="0" * 64,
        status=IntakeBatch.Status.CLOSED,
        received=3,
        accepted=1,
        duplicate=1,
        rejected=1,
        finished_at=timezone.now(),
    )
    RejectedRow.objects.create(batch=w.batch, line=2, code="empty", reason="No text.")
    w.conversation = Conversation.objects.create(source="calls", external_id="c1")
    Turn.objects.create(conversation=w.conversation, number=1, utterance=w.pool)


def _machines(w: SimpleNamespace) -> None:
    began = timezone.now() - timedelta(hours=1)
    for name in ("default", "gpu"):
        WorkerHeartbeat.objects.create(
            name=name, queues=name, pid=1, started_at=began, last_seen_at=timezone.now()
        )
    w.policy = Policy.objects.get_or_create(
        iteration=1,
        defaults={"min_new_gold": 1, "max_wait_minutes": 1, "recipe": "head"},
    )[0]
    w.snapshot = DatasetSnapshot.objects.create(digest="d" * 64, n=2)
    for label, split in ((w.single, "train"), (w.exam_label, "exam")):
        SnapshotMember.objects.create(
            snapshot=w.snapshot,
            utterance=label.utterance,
            annotation=label,
            split=split,
        )
    w.round = Round.objects.create(
        policy=w.policy, recipe="head", status="promoted", finished_at=timezone.now()
    )
    w.working = Round.objects.create(
        policy=w.policy, recipe="head", status="training", heartbeat_at=timezone.now()
    )
    w.old = _checkpoint("old", "retired")
    w.champion = _checkpoint("new", "champion", round=w.round)
    Round.objects.filter(pk=w.round.pk).update(challenger=w.champion)
    w.past = _promotion(w.old, began, timezone.now())
    w.present = _promotion(w.champion, w.past.to_at, None)
    w.forced = ForcedPromotion.objects.create(
        round=w.round,
        checkpoint=w.old,
        reason="It could not wait.",
        requested_by=w.ana,
        status="confirmed",
        decided_by=w.ben,
        decided_at=timezone.now(),
    )
    for by, action in ((w.ana, "force.requested"), (w.ben, "force.confirmed")):
        audit.record(by=by, action=action, obj="checkpoint:1", force=w.forced.pk)
    w.check = DriftCheck.objects.create(
        checkpoint=w.champion,
        cause="The monthly look",
        status="done",
        reference_from=began - timedelta(days=60),
        reference_to=began - timedelta(days=30),
        window_from=began - timedelta(days=30),
        window_to=began,
        is_alarm=True,
    )
    audit.record(by=None, action="drift.alarm", obj=f"drift:{w.check.pk}")
    w.turn = LiveTurn.objects.create(
        text="my bill",
        dedupe_key=b"k" * 32,
        answer={"intents": [], "parameters": []},
        checkpoint=w.champion,
        intent="hello",
        confidence=0.9,
        scope_score=1.0,
        outcome="intent",
        is_unsure=False,
        milliseconds=5.0,
    )


def _checkpoint(name: str, state: str, **fields: object) -> Checkpoint:
    return Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256=hashlib.sha256(name.encode()).hexdigest(),
        state=state,
        gate_passed=True,
        **fields,
    )


def _promotion(checkpoint: Checkpoint, from_at, to_at) -> Promotion:
    promotion = Promotion.objects.create(
        checkpoint=checkpoint, from_at=from_at, to_at=to_at, reason="better"
    )
    audit.record(
        by=None,
        action="checkpoint.promoted",
        obj=f"checkpoint:{checkpoint.pk}",
        promotion=promotion.pk,
    )
    return promotion
