import pytest

from annotations.models import Annotation, GoldLabel, Utterance
from tests.factories import cast
from tests.fakes import FakeEncoder
from training.services import ranking

WORDS = {
    "pay_bill": "i want to pay my bill number {n} with a card",
    "report_outage": "the internet is down in my street since hour {n}",
    "book_technician": "please send a technician to my house on day {n}",
}


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def encoder(monkeypatch):
    fake = FakeEncoder()
    monkeypatch.setattr(ranking, "_encoder", fake)
    return fake


@pytest.fixture
def intents(db):
    return {name: cast.intent(name) for name in WORDS}


@pytest.fixture
def pool(db):
    """60 unlabeled utterances of three kinds, a fifth of them of the exam."""
    return [
        cast.utterance(
            WORDS[kind].format(n=n),
            split=Utterance.Split.EXAM if n % 5 == 0 else Utterance.Split.TRAIN,
            is_fallback=n % 4 == 0,
            count=1 + n % 3,
        )
        for kind in WORDS
        for n in range(20)
    ]


@pytest.fixture
def label(db, intents):
    """Make an utterance gold, as the labels service leaves it."""
    ana = cast.ana()

    def make_gold(utterance, intent_name, reason="", by=None):
        intent = intents[intent_name]
        annotation = Annotation.objects.create(
            id=cast.new_id(),
            kind=Annotation.Kind.LABEL,
            utterance=utterance,
            annotator=by or ana,
            intent=intent,
            reason=reason,
            body_hash="0" * 64,
        )
        Utterance.objects.filter(pk=utterance.pk).update(status="labeled")
        GoldLabel.objects.create(
            utterance=utterance,
            annotation=annotation,
            intent=intent,
            rule=GoldLabel.Rule.SINGLE,
        )
        return annotation

    return make_gold


@pytest.fixture
def labeled(pool, label):
    """Four train utterances of each kind, labeled rightly."""
    train = [u for u in pool if u.split == "train"]
    chosen = []
    for kind, words in WORDS.items():
        same = [u for u in train if u.text.startswith(words[:12])]
        for utterance in same[:4]:
            label(utterance, kind)
            chosen.append(utterance)
    return chosen
