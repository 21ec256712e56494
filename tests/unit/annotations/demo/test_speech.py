from annotations.demo import catalogue, speech
from annotations.demo.calls import ENDS_AT
from annotations.demo.dice import Dice, Weighted
from annotations.demo.draft import Draft, Word
from annotations.demo.speech import MISHEARD, Quality
from annotations.demo.values import Person

PERFECT = Quality("good", filler=0, wrong=0, lost=0, restart=0)
AWFUL = Quality("poor", filler=0.2, wrong=1, lost=0.3, restart=1)
SAID = "i want to pay my bill for the router"
SENTENCE = [Word(text) for text in SAID.split()]


def texts(words):
    return [word.text for word in words]


def test_a_perfect_line_changes_nothing():
    assert speech.hear(SENTENCE, PERFECT, Dice(1)) == SENTENCE


def test_a_bad_line_changes_words():
    heard = [texts(speech.hear(SENTENCE, AWFUL, Dice(seed))) for seed in range(20)]

    assert all(words != texts(SENTENCE) for words in heard)


def test_a_values_words_survive_the_worst_line():
    words = [Word("it's"), *(Word(text, 0) for text in ["four", "one", "two"])]

    for seed in range(50):
        heard = speech.hear(words, AWFUL, Dice(seed))
        assert [w.text for w in heard if w.value == 0] == ["four", "one", "two"]


def test_something_is_heard_of_every_utterance():
    for seed in range(200):
        assert speech.hear([Word("to")], AWFUL, Dice(seed))


def test_misheard_words_differ_from_what_was_said():
    for said, heard in MISHEARD.items():
        assert any(word != said for word in heard)


def test_spans_read_their_value_after_noise_around_it():
    known = catalogue.load()
    for seed in range(100):
        dice = Dice("spans", seed)
        draft = Draft(known, Person.invent(dice), ENDS_AT.date(), dice)
        draft.say("pay {amount} on my {bill_month} bill")
        said = {
            name: [w.text for w in draft.words if w.value == index]
            for index, (name, _) in enumerate(draft.values)
        }
        draft.words = speech.hear(draft.words, AWFUL, dice)
        text, spans = draft.render({"amount", "bill_month"})
        assert {s.param for s in spans} == {"amount", "bill_month"}
        for span in spans:
            assert text[span.start : span.end].split() == said[span.param]


def test_weighted_draws_follow_the_weights():
    dice = Dice("weights")
    options = Weighted(("rare", "common"), (1, 9))

    drawn = [dice.weighted(options) for _ in range(2000)]

    assert 100 < drawn.count("rare") < 300
