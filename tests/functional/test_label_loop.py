"""The loop as a person sees it: label by keyboard, and the machine learns meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotations.models import (
    Annotation,
    GoldLabel,
    QueueItem,
    Utterance,
    WorkerHeartbeat,
)
from annotations.services import sign_in
from tests.factories import cast
from tests.factories import rounds as factory
from tests.fakes import FakeEncoder
from tests.functional.desk_world import settle
from training.models import Ranking, Round
from training.services import execution, ranking, rounds
from training.serving import champion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

N_LABELS = 60
PLACES = ("house", "office", "shop", "garage", "barn", "attic", "cellar", "yard")
STREETS = ("oak", "elm", "main", "park", "lake")


@pytest.fixture(autouse=True)
def machines(monkeypatch, settings, tmp_path):
    """A stand-in encoder, models that train in a second, bells that nobody hears."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(ranking, "_encoder", FakeEncoder())
    monkeypatch.setattr("annotations.doorbell._send", lambda *a, **k: None)
    champion.forget()
    with factory.tiny_backend():
        yield
    champion.forget()


def call_center() -> dict[str, str]:
    """A pool of utterances of three intents, an exam, and a policy; text -> intent."""
    answers = {}
    for name, saying in factory.SAYINGS.items():
        intent = cast.intent(name, iteration=1)
        for n in range(4):
            factory.gold(f"{saying} please {n}", intent, split=Utterance.Split.EXAM)
        for place in PLACES:
            for street in STREETS:
                said = f"{saying} at the {place} in {street} street"
                cast.utterance(said)
                answers[said] = name
    factory.policy(min_new_gold=40)
    return answers


class Worker(threading.Thread):
    """Does what the sweeps of the two real workers do, in this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            while not self.ended.wait(0.2):
                self._sweep()
        except Exception as error:  # told by the test that joins us
            self.fault = error
        finally:
            connection.close()

    def _sweep(self) -> None:
        WorkerHeartbeat.objects.update_or_create(
            name="test",
            defaults={
                "queues": "default,gpu",
                "pid": 1,
                "started_at": timezone.now(),
                "last_seen_at": timezone.now(),
            },
        )
        if reason := ranking.due():
            ranking.rank(reason=reason)
        rounds.start_due()
        for found in Round.objects.filter(status__in=Round.WORKING):
            execution.run(found.pk, worker="test")


@contextmanager
def working() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    try:
        yield worker
    finally:
        worker.ended.set()
        worker.join(60)
        assert worker.fault is None, worker.fault


def answer(page: Page, intent: str) -> int:
    """Answer the item on the desk by keys alone; returns how many it took."""
    title = intent.replace("_", " ").capitalize()
    chosen = page.locator("input[name=intent]:checked")
    shown = page.locator("input[data-confidence]")
    names = shown.evaluate_all("inputs => inputs.map(input => input.value)")
    if chosen.count() and chosen.get_attribute("value") == intent:
        keys = []
    elif intent in names:
        keys = [str(names.index(intent) + 1)]
    else:
        keys = [*intent.split("_")[0][:3], "Enter"]
    for key in keys[:-1]:
        page.keyboard.press(key)
    if keys[-1:] == ["Enter"]:
        expect(page.locator("#hits [aria-selected=true]")).to_contain_text(title)
    if keys:
        page.keyboard.press(keys[-1])
    page.keyboard.press("Enter")
    return len(keys) + 1


def label(page: Page, answers: dict[str, str], n: int) -> list[tuple[bool, int]]:
    """Label n items; for each whether the model had a suggestion, and the keys."""
    done = []
    for _ in range(n):
        expect(page.locator("#utterance")).to_be_visible(timeout=30000)
        settle(page)
        form = page.locator("#item")
        item = form.get_attribute("data-item")
        text = page.locator("#utterance").inner_text()
        had_suggestion = page.locator("input[data-confidence]").count() > 0
        keys = answer(page, answers[text])
        done.append((had_suggestion, keys))
        after = page.locator(f"#empty, #item:not([data-item='{item}'])")
        expect(after).to_be_visible(timeout=30000)
    return done


def test_sixty_labels_by_keyboard_rank_the_queue_and_run_a_round(
    page, browser, live_server, console
):
    answers = call_center()
    ana = cast.person("ana", "annotator")
    mia = cast.person("eng", "ml_engineer")

    with working():
        page.goto(sign_in.issue_link(user=ana, base_url=live_server.url))
        if page.locator("button.go").count():
            page.locator("button.go").click()
        expect(page.locator("h1")).to_contain_text("Ana")
        page.locator("#nav-label").press("Enter")
        done = label(page, answers, N_LABELS)
        expect(page.locator("#saved")).to_have_text("✓ All saved")

        # What a person did is stored as it was meant, each once.
        given = Annotation.objects.filter(annotator=ana)
        assert given.count() == N_LABELS
        for gold in GoldLabel.objects.filter(annotation__annotator=ana):
            assert gold.intent.name == answers[gold.utterance.text]

        # The queue was ranked again while the person worked, and it shows: at first
        # the model had nothing to say, later it suggests.
        assert Ranking.objects.filter(status=Ranking.Status.DONE).count() >= 3
        assert not any(had_suggestion for had_suggestion, _ in done[:10])
        assert any(had_suggestion for had_suggestion, _ in done[-20:])
        first = Ranking.objects.order_by("pk").first()
        open_items = QueueItem.objects.filter(status=QueueItem.Status.READY)
        assert not open_items.filter(ranking_id=first.pk).exists()

        # A round came due, ran and ended, and says so to the engineer.
        context = browser.new_context()
        desk = context.new_page()
        desk.goto(sign_in.issue_link(user=mia, base_url=live_server.url))
        if desk.locator("button.go").count():
            desk.locator("button.go").click()
        desk.locator("#nav-rounds").press("Enter")
        row = desk.locator("table tbody tr").first
        expect(row).to_contain_text("Promoted", timeout=60000)
        context.close()

    found = Round.objects.get()
    assert found.status == Round.Status.PROMOTED
    assert found.finished_at is not None
    assert console == []
