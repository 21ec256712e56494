"""Finding utterances: each filter, their sum, the pages, and what stays hidden."""

from datetime import UTC, date, datetime

import pytest

from annotations.errors import InvalidError
from annotations.models import Reason, Utterance
from annotations.services import labels, queue, search, search_counts, search_words
from annotations.services.labels import Answer
from annotations.services.search import Criteria
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db):
    return cast.ana()


@pytest.fixture
def boris(db):
    return cast.person("boris", "product_owner")


def texts(person, before=None, **criteria):
    found = search.find(Criteria(**criteria), by=person, before=before)
    return [utterance.text for utterance in search.rows(found.ids)]


def answered(person, text, intent, **fields):
    cast.item(cast.utterance(text, **fields), rank=0)
    item = queue.claim_next(by=person)
    labels.submit(by=person, answer=Answer(cast.new_id(), item.pk, intent))
    return item.utterance


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bill", {"why is my bill so high", "Bill: 100% of_it is wrong"}),
        ("BILL wrong", {"Bill: 100% of_it is wrong"}),
        ('"my bill"', {"why is my bill so high"}),
        ('"bill my"', set()),
        ('"why is my bill', {"why is my bill so high"}),
        ('"is so high"', set()),  # the pairs are there, in another place
        ("hi*", {"why is my bill so high"}),
        ("hi", set()),
        ("of_it", {"Bill: 100% of_it is wrong"}),
        ("0%", set()),
        ("naïve", {"是東京タワーです naïve"}),
        ("東京", {"是東京タワーです naïve"}),
        ('"京東"', set()),
        ("don't", set()),
    ],
)
def test_words_phrases_and_beginnings_are_found(ana, typed, found):
    cast.utterance("why is my bill so high")
    cast.utterance("Bill: 100% of_it is wrong")
    cast.utterance("is so and so high is my")
    cast.utterance("是東京タワーです naïve")

    shown = set(texts(ana, words=typed))

    assert shown - {"is so and so high is my"} == found


@pytest.mark.parametrize("typed", ["?", '""', "' ; --", "*", "\\"])
def test_what_holds_no_word_is_refused_with_a_sentence(ana, typed):
    with pytest.raises(InvalidError, match="letter or digit"):
        search.find(Criteria(words=typed), by=ana)


@pytest.mark.parametrize("typed", ["a'b", "a\\", "a & !b", "a:*", "(a", "a|b <-> c"])
def test_signs_of_the_query_language_are_no_language_here(ana, typed):
    cast.utterance("a b c")

    search.find(Criteria(words=typed), by=ana)


def test_a_very_long_word_is_stored_and_found(ana):
    long = "Ω" * 1500
    cast.utterance(f"{long} bill")

    assert texts(ana, words=long[:190]) == [f"{long} bill"]


def test_each_filter_narrows_and_all_hold_at_once(boris):
    ana = cast.ana()
    cast.intent("pay_bill")
    gold = answered(ana, "i pay", "pay_bill", source="chat", bot_confidence=0.35)
    outages = cast.intent("report_outage", domain="outages").domain
    cast.utterance("no light", domain=outages, bot_confidence=0.9)
    cast.utterance("exam one", split="exam")
    day = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    cast.utterance("in march", occurred_at=day, status="skipped")

    assert texts(boris, intent="pay_bill") == ["i pay"]
    assert texts(boris, annotator=ana.pk) == ["i pay"]
    assert texts(boris, source="chat") == ["i pay"]
    assert texts(boris, status="labeled") == ["i pay"]
    assert texts(boris, confidence=(30, 40)) == ["i pay"]
    assert texts(boris, confidence=(40, 100)) == ["no light"]
    assert texts(boris, domain="outages") == ["no light"]
    assert texts(boris, split="exam") == ["exam one"]
    only = date(2026, 3, 1)
    assert texts(boris, since=only, until=only) == ["in march"]
    assert texts(boris, until=date(2026, 2, 28)) == []
    assert texts(boris, intent="pay_bill", status="pool") == []
    assert texts(boris, words="pay", source="chat", annotator=ana.pk) == [gold.text]


def test_an_answer_taken_back_is_nobodys(boris):
    ana = cast.ana()
    cast.intent("pay_bill")
    answered(ana, "i pay", "pay_bill")
    labels.undo(by=ana, uuid=cast.new_id())

    assert texts(boris, annotator=ana.pk) == []


def test_pages_follow_one_another_without_gap_or_overlap(ana):
    for n in range(search.PAGE * 2 + 3):
        cast.utterance(f"same words {n:02}")

    first = search.find(Criteria(words="same"), by=ana)
    second = search.find(Criteria(words="same"), by=ana, before=first.older)
    third = search.find(Criteria(words="same"), by=ana, before=second.older)

    seen = first.ids + second.ids + third.ids
    assert list(seen) == sorted(set(seen), reverse=True)
    assert len(seen) == first.count == search.PAGE * 2 + 3
    assert third.older is None


def test_beyond_the_limit_the_count_is_not_guessed_and_pages_go_on(ana, monkeypatch):
    """Old matches only: the windows have to widen until they reach them."""
    monkeypatch.setattr(search, "MOST", 5)
    old = [cast.utterance(f"old words {n:02}").pk for n in range(40)]
    Utterance.objects.filter(pk=old[-1]).update(id=old[-1] + 500_000)

    first = search.find(Criteria(words="old"), by=ana)
    second = search.find(Criteria(words="old"), by=ana, before=first.older)

    assert first.count is None and second.count is None
    assert first.ids[0] == old[-1] + 500_000
    assert first.ids[1:] + second.ids == tuple(reversed(old[:-1]))
    assert second.older is None


def test_beyond_the_limit_what_came_in_late_still_comes_first(ana, monkeypatch):
    """Said early, taken in last: an id above all that were said since."""
    monkeypatch.setattr(search, "MOST", 5)
    monkeypatch.setattr(search, "IN_ORDER", 5)
    march, april = (datetime(2026, m, 1, tzinfo=UTC) for m in (3, 4))
    for n in range(30):
        cast.utterance(f"in march {n:02}", occurred_at=march)
    cast.utterance("in april", occurred_at=april)
    early = datetime(2026, 2, 1, tzinfo=UTC)
    cast.utterance("in february", occurred_at=early)

    found = texts(ana, until=date(2026, 3, 31))

    assert found == ["in february", *(f"in march {n:02}" for n in range(29, 5, -1))]


def test_counts_say_what_each_further_filter_would_leave(boris):
    cast.intent("pay_bill")
    ana = cast.ana()
    answered(ana, "i pay", "pay_bill", source="chat")
    cast.utterance("i pay later", source="calls")
    cast.utterance("i pay never", source="calls")

    found = search.find(Criteria(words="pay"), by=boris)
    counts = search_counts.of(found.every)

    assert counts["source"] == {"calls": 2, "chat": 1}
    assert counts["status"] == {"pool": 2, "labeled": 1}
    assert counts["intent"] == {"pay_bill": 1}
    for source, n in counts["source"].items():
        assert len(texts(boris, words="pay", source=source)) == n


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("bill", "my [Bill], the billing"),
        ("bill*", "my [Bill], the [billing]"),
        ('"my bill" the', "[my] [Bill], [the] billing"),
        ("il", "my Bill, the billing"),
    ],
)
def test_what_was_looked_for_is_marked_as_it_was_found(typed, marked):
    marks = search_words.marks(typed)

    assert marks.sub(r"[\g<0>]", "my Bill, the billing") == marked


def test_nothing_is_marked_where_nothing_was_typed():
    assert search_words.marks("") is search_words.marks("?!") is None


@pytest.mark.parametrize(
    "fields",
    [{"redaction": "light"}, {"redaction": "failed"}, {"status": "quarantined"}],
)
def test_what_nobody_may_see_is_not_found(ana, boris, fields):
    cast.utterance("secret words", **fields)

    assert texts(ana, words="secret") == texts(boris, words="secret") == []


def test_who_labels_finds_nothing_that_is_answered_blind(ana, boris):
    """An exam item and a control item are missing alike: neither gives itself away."""
    cast.utterance("asked of nobody yet", split="exam")
    cast.item(cast.utterance("asked in the exam", split="exam"), reason=Reason.EXAM)
    cast.item(cast.utterance("asked as control"), reason=Reason.RANDOM)
    cast.item(cast.utterance("asked again"), reason=Reason.SECOND_OPINION)
    cast.item(cast.utterance("asked openly"))

    assert texts(ana, words="asked") == ["asked openly"]
    assert len(texts(boris, words="asked")) == 5


def test_who_labels_and_owns_the_product_is_somebody_who_labels(db):
    both = cast.person("both", "product_owner", "annotator")
    cast.utterance("asked of nobody yet", split="exam")

    assert texts(both, words="asked") == []


def test_sources_are_listed_once_each(db):
    for source in ("chat", "calls", "chat"):
        cast.utterance(source=source)
    cast.utterance(source="unseen", redaction="light")

    assert search.sources() == ["calls", "chat"]
