"""Live turns through the API, with a tiny model that really answers."""

import json

import pytest
from django.test import Client

from annotations.models import Utterance
from tests.factories import cast
from tests.factories import rounds as factory
from training.ml.bundle import Bundle
from training.models import LiveTurn
from training.services import checkpoints, live, promotion
from training.serving import champion

pytestmark = pytest.mark.django_db
REASON = "it was checked by hand"


@pytest.fixture
def bot():
    client = Client()
    client.force_login(cast.person("bot", "api_client"))
    return client


@pytest.fixture
def serving(tmp_path):
    intents = {name: cast.intent(name) for name in factory.SAYINGS}
    cast.live_schema(intents["check_bill"])
    found = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    promotion.promote(checkpoint=found, reason=REASON, by=None, instead_of=None)
    return found


def turned() -> dict[str, str]:
    """What was said stays, what it means is exchanged."""
    return dict(zip(factory.SAYINGS, reversed(factory.SAYINGS.values()), strict=True))


def ask(client: Client, text: str, **more: object):
    body = json.dumps({"text": text, **more})
    return client.post("/api/v1/turns", body, content_type="application/json")


def test_without_a_model_the_answer_says_so(bot):
    answer = ask(bot, "why is my bill so high")

    assert answer.status_code == 409
    assert answer.json()["code"] == "no_model"


def test_a_turn_is_answered_with_intents_and_the_call_it_amounts_to(bot, serving):
    answer = ask(bot, "why is my bill so high")

    assert answer.status_code == 200
    said = answer.json()
    assert said["intents"][0]["name"] == "check_bill"
    assert 0 < said["intents"][0]["confidence"] <= 1
    assert said["act"] is None  # the tiny model has not learned any
    assert said["fallback"] is False
    assert said["outcome"] == "ask"
    assert "function_call" not in said
    assert said["missing"] == ["account_number"]
    assert said["state"]["function"] == "check_bill"
    assert said["model"] == "one"


def test_personal_data_is_gone_before_anything_is_stored(bot, serving):
    said = ask(bot, "my card is 4111 1111 1111 1111").json()

    assert "4111" not in said["text"]
    assert not Utterance.objects.filter(text__contains="4111").exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "   "},
        {"text": 7},
        {"text": "hi", "context": "no list"},
        {"text": "hi", "nonsense": 1},
        {"text": "hi", "turn": -1},
        {"text": "hi", "occurred_at": "yesterday"},
        {"text": "a" * 2001},
    ],
)
def test_a_turn_that_is_none_is_refused(bot, serving, body):
    answer = bot.post("/api/v1/turns", json.dumps(body), "application/json")

    assert answer.status_code in (400, 422)
    assert answer.json()["message"]


def test_a_new_champion_answers_without_a_restart(bot, serving, tmp_path, monkeypatch):
    monkeypatch.setattr(champion, "LOOK_SECONDS", 0.0)
    assert ask(bot, "why is my bill so high").json()["model"] == "one"
    two = factory.checkpoint("two", tmp_path / "two", turned())
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=serving)
    # The thread that loads it would not see this test's transaction.
    champion._replace(two)

    said = ask(bot, "why is my bill so high").json()

    assert said["model"] == "two"
    assert said["intents"][0]["name"] == "cancel_plan"


def test_a_roll_back_answers_at_once_with_the_model_that_is_still_warm(
    bot, serving, tmp_path, monkeypatch
):
    monkeypatch.setattr(champion, "LOOK_SECONDS", 0.0)
    assert ask(bot, "why is my bill so high").json()["model"] == "one"
    two = factory.checkpoint("two", tmp_path / "two", turned())
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=serving)
    champion._replace(two)
    assert ask(bot, "why is my bill so high").json()["model"] == "two"
    opened: list[str] = []
    monkeypatch.setattr(
        checkpoints, "open_predictor", lambda found: opened.append(found.name)
    )

    promotion.roll_back(reason=REASON, by=factory.engineer(), instead_of=two)

    assert ask(bot, "why is my bill so high").json()["model"] == "one"
    assert opened == []


def test_the_old_champion_answers_while_the_new_one_cannot_be_opened(
    bot, serving, tmp_path
):
    assert champion.predictor().name == "one"
    two = factory.checkpoint("two", tmp_path / "two", factory.SAYINGS)
    (checkpoints.root() / "two" / "manifest.json").unlink()

    champion._replace(two)

    assert champion.predictor().name == "one"
    assert ask(bot, "why is my bill so high").json()["model"] == "one"


def test_a_checkpoint_put_in_anothers_place_is_refused(serving, tmp_path):
    other = factory.checkpoint("two", tmp_path / "two", turned())
    root = checkpoints.root()
    (root / "one").rename(root / "aside")
    (root / "two").rename(root / "one")

    with pytest.raises(checkpoints.CheckpointUnusableError, match="another"):
        checkpoints.open_predictor(serving)
    with pytest.raises(checkpoints.CheckpointUnusableError):
        checkpoints.open_predictor(other)


def test_chat_completions_refuse_in_the_shape_clients_read(bot):
    answer = bot.post("/v1/chat/completions", "{}", "application/json")

    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "not_implemented"


def test_predicting_stores_nothing(serving, tmp_path, capsys):
    from django.core.management import call_command

    lines = tmp_path / "turns.jsonl"
    lines.write_text('{"text": "it is in a b"}\nnot json\n{"text": "the internet"}\n')

    call_command("predict", file=lines)

    first, second, third = [
        json.loads(line) for line in capsys.readouterr().out.splitlines()
    ]
    assert first["intents"] and third["intents"]
    assert "error" in second
    assert Utterance.objects.count() == 0


def test_live_turns_are_redacted_as_files_are():
    prepared = live.redacted({"text": "my account number is 12345678"})

    assert "12345678" not in prepared.text
    assert "[ACCOUNT_NUMBER_1]" in prepared.text


def test_a_packed_file_is_answered_as_a_plain_one_is(serving, tmp_path, capsys):
    import gzip

    from django.core.management import call_command

    packed = tmp_path / "turns.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"text": "the internet is broken"}\n'))

    call_command("predict", file=packed, checkpoint="one")

    said = json.loads(capsys.readouterr().out)
    assert said["intents"][0]["name"] == "fix_internet"


def test_a_line_that_is_no_turn_says_why_and_stops_no_other(serving, tmp_path, capsys):
    from django.core.management import call_command

    fine = b'{"text": "the internet is broken"}'
    deep = b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    lines = tmp_path / "turns.jsonl"
    lines.write_bytes(
        b"\xef\xbb\xbf"
        + b"\r\n".join([fine, b'{"text": "\xff"}', b"[1]", b"{", deep, b" ", fine])
    )

    call_command("predict", file=lines)

    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[0] == said[-1] and said[0]["intents"]
    assert [one["error"] for one in said[1:-1]] == [
        "The line is not UTF-8.",
        "The line is not a JSON object.",
        "The line is not valid JSON.",
        "The JSON is nested over 20 deep.",
    ]


def test_many_lines_are_answered_in_their_order_and_equal_turns_asked_once(
    serving, tmp_path, capsys, monkeypatch
):
    from django.core.management import call_command

    from training.management.commands import predict
    from training.serving.predictor import Predictor

    asked: list[str] = []
    ask_many = Predictor.predict_many

    def noted(self, examples, **how):
        asked.extend(example.text for example in examples)
        return ask_many(self, examples, **how)

    monkeypatch.setattr(Predictor, "predict_many", noted)
    monkeypatch.setattr(predict, "BATCH", 3)
    # Two callers' numbers are one placeholder, and so one turn.
    said = ["the internet", "i am 12345678", "why is my bill so high", "i am 87654321"]
    lines = tmp_path / "turns.jsonl"
    lines.write_text("".join(json.dumps({"text": one}) + "\n" for one in said * 5))

    call_command("predict", file=lines)

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 20 and found[:4] * 5 == found
    assert found[0]["intents"][0]["name"] == "fix_internet"
    assert found[2]["intents"][0]["name"] == "check_bill"
    assert len(asked) == len(set(asked)) == 3


def test_no_more_answers_are_remembered_than_fit(
    serving, tmp_path, capsys, monkeypatch
):
    from django.core.management import call_command

    from training.management.commands import predict

    monkeypatch.setattr(predict, "BATCH", 2)
    monkeypatch.setattr(predict, "REMEMBERED", 1)
    lines = tmp_path / "turns.jsonl"
    said = ["the internet", "my bill", "my bill", "cancel", "the internet", "cancel"]
    lines.write_text("".join(json.dumps({"text": one}) + "\n" for one in said))

    call_command("predict", file=lines)

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found[1] == found[2] and found[0] == found[4] and found[3] == found[5]


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(serving, tmp_path):
    import gzip

    from django.core.management import CommandError, call_command

    short = tmp_path / "short.gz"
    short.write_bytes(gzip.compress(b'{"text": "hello"}\n' * 500)[:-12])

    with pytest.raises(CommandError, match="ends in the middle"):
        call_command("predict", file=short)
    with pytest.raises(CommandError, match=r"gone: No such file"):
        call_command("predict", file=tmp_path / "gone")


def test_what_a_turn_does_is_told_and_a_closing_one_leaves_nothing_open(
    bot, serving, monkeypatch
):
    opened = ask(bot, "why is my bill so high", conversation_id="c", turn=0).json()
    monkeypatch.setattr(Bundle, "acts", lambda self, x: [("closes", 0.9)] * len(x))

    closed = ask(bot, "please fix it", conversation_id="c", turn=2).json()

    assert opened["state"]["intent"] == "check_bill"
    assert closed["act"] == {"name": "closes", "confidence": 0.9}
    stored = LiveTurn.objects.get(conversation="c", number=2)
    assert stored.answer["act"] == closed["act"]
    assert stored.state["intent"] != "check_bill"
