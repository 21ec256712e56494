"""Both recipes on a thin BERT: the code of a real training, in seconds."""

from dataclasses import replace

import numpy as np
import pytest

from training.ml.data import Dataset, Example, Span, Turn
from training.ml.errors import TooFewLabelsError, TrainingCancelledError
from training.ml.hooks import Hooks, Progress
from training.serving.predictor import Predictor

pytestmark = pytest.mark.models

SAYINGS = {
    "bill": "why is my bill for {} so high",
    "outage": "the {} is down in my street",
    "cancel": "please cancel the {} i ordered",
}
THINGS = ("internet", "phone line", "tv box", "mobile plan", "modem", "landline")


def dataset(n: int = 48, with_oos: bool = False) -> Dataset:
    examples = []
    for number in range(n):
        intent = list(SAYINGS)[number % 3]
        thing = THINGS[(number // 3) % len(THINGS)]
        text = SAYINGS[intent].format(thing) + " now" * (number % 4)
        start = text.index(thing)
        span = Span(start, start + len(thing), "service", thing)
        examples.append(Example(text, intent, (span,), (Turn("bot", "hello"),)))
    if with_oos:
        examples += [Example(f"tell me a joke about {t}", "oos") for t in THINGS]
    return Dataset(tuple(examples))


def config(recipe: str = "finetune", **fields):
    from training.ml.finetune import FinetuneConfig
    from training.ml.recipes import TrainConfig

    finetuning = FinetuneConfig(**{"epochs": 3, "batch_size": 8, **fields})
    return TrainConfig(recipe=recipe, device="cpu", finetuning=finetuning)


def train(base, work, recipe="finetune", data=None, valid=None, hooks=None, **fields):
    from training.ml import recipes

    work.mkdir(exist_ok=True)
    return recipes.train(
        data or dataset(),
        valid,
        config(recipe, **fields),
        base=base,
        work=work,
        hooks=hooks,
    )


def predictor(trained, folder):
    from training.ml import bundle, checkpoint

    files = bundle.to_files(trained.bundle, trained.encoder, trained.tokenizer)
    checkpoint.write(folder, files, {}, key=b"k")
    return Predictor(folder, key=b"k")


def arrays(trained) -> dict[str, np.ndarray]:
    found = dict(trained.bundle.intent_model.to_arrays())
    scorer = trained.bundle.tag_scorer
    return found | {"tag": scorer.outer.weight, "tag.inner": scorer.inner.weight}


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_what_was_trained_answers_from_its_checkpoint(base, tmp_path, recipe):
    trained = train(base, tmp_path / "work", recipe, data=dataset(96), epochs=12)

    made = predictor(trained, tmp_path / "one")
    proba, answers = made.predict_many(list(dataset()))

    assert proba.shape == (48, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-5)
    named = [made.intents[i] for i in proba.argmax(axis=1)]
    right = np.mean([a == b for a, b in zip(named, dataset().labels, strict=True)])
    assert right == 1.0
    wanted = [example.spans for example in dataset()]
    found = [answer.spans for answer in answers]
    assert np.mean([a == b for a, b in zip(wanted, found, strict=True)]) > 0.9


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_acts_are_learned_served_and_measured(base, tmp_path, recipe):
    from training.ml import experiment

    does = {"bill": "new", "outage": "new", "cancel": "closes"}
    acts = Dataset(tuple(replace(e, act=does[e.intent]) for e in dataset(96)))

    trained = train(base, tmp_path / "work", recipe, data=acts)
    made = predictor(trained, tmp_path / "one")
    measured = experiment.measure(made, acts)
    said = made.predict(acts.examples[2])

    assert trained.bundle.act_head is not None
    assert measured.report.acts is not None
    assert (measured.report.acts.accuracy, measured.report.acts.n) == (1.0, 96)
    assert said.as_json()["act"] == {
        "name": "closes",
        "confidence": round(said.act_confidence, 4),
    }
    assert 0.5 < said.act_confidence <= 1.0


def test_a_model_that_learned_no_acts_says_none(base, tmp_path):
    made = predictor(train(base, tmp_path / "work", "head"), tmp_path / "one")

    assert made.predict(dataset().examples[0]).as_json()["act"] is None


def test_one_turn_is_answered_as_many_are(base, tmp_path):
    made = predictor(train(base, tmp_path / "work", "head"), tmp_path / "one")
    examples = list(dataset())[:5]

    alone = [made.predict(example) for example in examples]
    _, many = made.predict_many(examples)
    _, together = made.predict_many(examples, together=True)

    for one, *others in zip(alone, many, together, strict=True):
        assert one.seconds > 0
        for other in others:
            assert other.intent == one.intent
            assert other.spans == one.spans
            assert other.intents[0][1] == pytest.approx(one.intents[0][1], abs=1e-4)


def test_batches_encoded_side_by_side_say_the_same(base, tmp_path):
    made = predictor(train(base, tmp_path / "work", "head"), tmp_path / "one")
    beside = Predictor(tmp_path / "one", key=b"k", beside=2)
    examples = list(dataset(96))

    proba, answers = made.predict_many(examples, together=True)
    again, the_same = beside.predict_many(examples, together=True)

    assert proba.tobytes() == again.tobytes()
    assert answers == the_same


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_the_same_seed_trains_the_same_model(base, tmp_path, recipe):
    one = arrays(train(base, tmp_path / "one", recipe))
    two = arrays(train(base, tmp_path / "two", recipe))

    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_a_round_that_remembers_the_last_one_learns_the_same(base, tmp_path, recipe):
    train(base, tmp_path / "rounds", "head", data=dataset(24))
    again = train(base, tmp_path / "rounds", recipe, data=dataset(48))
    alone = train(base, tmp_path / "alone", recipe, data=dataset(48))

    for name, array in arrays(alone).items():
        np.testing.assert_array_equal(arrays(again)[name], array)


def test_fine_tuning_begins_from_what_the_heads_round_encoded(base, tmp_path):
    train(base, tmp_path, "head", data=dataset(48))
    stages: list[str] = []
    hooks = Hooks(on_progress=lambda p: stages.append(p.stage), every_steps=1)

    train(base, tmp_path, "finetune", data=dataset(48), hooks=hooks)

    assert "fine-tuning" in stages
    assert "embedding" not in stages


def test_another_seed_trains_another_model(base, tmp_path):
    one = arrays(train(base, tmp_path / "one"))
    two = arrays(train(base, tmp_path / "two", seed=1))

    assert not np.array_equal(one["tag.inner"], two["tag.inner"])


def test_a_run_killed_after_an_epoch_ends_where_it_would_have(base, tmp_path):
    whole = arrays(train(base, tmp_path / "whole"))
    steps_an_epoch = 6

    def stop_in_the_second_epoch(progress: Progress) -> None:
        if progress.stage == "fine-tuning" and progress.step > steps_an_epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            base,
            tmp_path / "cut",
            hooks=Hooks(on_progress=stop_in_the_second_epoch, every_steps=1),
        )
    told: list[int] = []
    hooks = Hooks(
        on_progress=lambda p: told.append(p.step) if p.loss is not None else None,
        every_steps=1,
    )
    resumed = arrays(train(base, tmp_path / "cut", hooks=hooks))

    assert told[0] == steps_an_epoch + 1
    for name in whole:
        np.testing.assert_array_equal(whole[name], resumed[name], err_msg=name)


def test_a_state_of_other_data_is_not_gone_on_from(base, tmp_path):
    train(base, tmp_path / "work")
    told: list[int] = []
    hooks = Hooks(
        on_progress=lambda p: told.append(p.step) if p.loss is not None else None,
        every_steps=1,
    )

    train(base, tmp_path / "work", data=dataset(54), hooks=hooks)

    assert told[0] == 1


def test_the_loss_falls_and_time_left_shrinks_to_nothing(base, tmp_path):
    told: list[Progress] = []
    clock = iter(range(10_000))
    hooks = Hooks(on_progress=told.append, clock=lambda: float(next(clock)))

    trained = train(base, tmp_path / "work", hooks=hooks)

    steps = [p for p in told if p.stage == "fine-tuning"]
    assert trained.losses[-1] < trained.losses[0]
    assert steps[-1].step == steps[-1].steps
    assert steps[-1].seconds_left == 0
    assert [p.step for p in steps] == sorted(p.step for p in steps)


def test_every_epoch_is_told_and_which_one_is_kept(base, tmp_path):
    told: list[str] = []

    trained = train(base, tmp_path / "work", hooks=Hooks(on_message=told.append))

    epochs = [line for line in told if line.startswith("Epoch")]
    assert epochs[0].startswith(f"Epoch 1 of 3: mean loss {trained.losses[0]:.4f}")
    assert len(epochs) == 3
    assert any(line.startswith("Fine-tuned for 3 epochs") for line in told)


def test_stopping_early_is_told(base, tmp_path, monkeypatch):
    from training.ml import finetune

    told: list[str] = []
    scores = iter([0.9, *[0.1] * 20])
    monkeypatch.setattr(finetune, "quality", lambda *asked: next(scores))

    hooks = Hooks(on_message=told.append)
    train(base, tmp_path / "work", epochs=9, patience=2, hooks=hooks)

    assert "Fine-tuned for 3 epochs, stopped early of 9; epoch 1 is kept." in told


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_nothing_that_was_said_is_told(base, tmp_path, recipe):
    told: list[str] = []

    train(base, tmp_path / "work", recipe, hooks=Hooks(on_message=told.append))

    assert told
    for example in dataset():
        assert not any(example.text in line for line in told)


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_a_training_stops_when_asked(base, tmp_path, recipe):
    with pytest.raises(TrainingCancelledError):
        train(base, tmp_path / "work", recipe, hooks=Hooks(should_stop=lambda: True))


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_out_of_scope_is_no_intent_of_the_model(base, tmp_path, recipe):
    trained = train(base, tmp_path / "work", recipe, data=dataset(with_oos=True))

    assert trained.bundle.intent_model.classes == ("bill", "cancel", "outage")


@pytest.mark.parametrize("recipe", ["head", "finetune"])
def test_an_intent_with_one_example_is_kept(base, tmp_path, recipe):
    rare = Dataset((*dataset(), Example("hello there", "greeting")))

    trained = train(base, tmp_path / "work", recipe, data=rare)

    assert "greeting" in trained.bundle.intent_model.classes


def test_an_intent_only_held_out_is_no_fault(base, tmp_path):
    valid = Dataset((*list(dataset())[:6], Example("hello there", "greeting")))

    trained = train(base, tmp_path / "work", "finetune", valid=valid)

    assert "greeting" not in trained.bundle.intent_model.classes


def test_context_changes_what_a_finetuned_model_sees(base, tmp_path):
    trained = train(base, tmp_path / "work", context_turns=1)
    made = predictor(trained, tmp_path / "one")
    text = "yes please"

    with_bill = made.predict(Example(text, context=(Turn("bot", "your bill?"),)))
    with_plan = made.predict(Example(text, context=(Turn("bot", "cancel it?"),)))

    assert with_bill.intents != with_plan.intents


def test_one_intent_is_too_few(base, tmp_path):
    one = dataset().where(lambda example: example.intent == "bill")

    with pytest.raises(TooFewLabelsError):
        train(base, tmp_path / "work", data=one)


def test_an_unknown_recipe_is_named(base, tmp_path):
    with pytest.raises(ValueError, match="'soup'"):
        train(base, tmp_path / "work", "soup")


def test_the_exported_encoder_agrees_with_the_one_that_trained(base, tmp_path):
    import onnxruntime
    import torch

    from training.ml import joint, onnx_export
    from training.ml.tokens import TextEncoder

    encoder = joint.load_encoder(base)
    onnx_export.export_encoder(encoder, tmp_path / "e.onnx", layer=-1)
    batch = TextEncoder(base / "tokenizer.json").batch(
        dataset().texts[:7], [e.context for e in list(dataset())[:7]]
    )

    session = onnxruntime.InferenceSession(
        str(tmp_path / "e.onnx"), providers=["CPUExecutionProvider"]
    )
    embedding, states = session.run(None, batch.feed())
    feed = {name: torch.from_numpy(array) for name, array in batch.feed().items()}
    with torch.inference_mode():
        wanted, wanted_states = joint.EmbeddingModel(encoder).eval()(**feed)

    np.testing.assert_allclose(embedding, wanted.numpy(), atol=1e-4)
    real = batch.attention_mask.astype(bool)
    np.testing.assert_allclose(states[real], wanted_states.numpy()[real], atol=1e-3)


def test_words_are_the_same_in_torch_and_in_numpy():
    import torch

    from training.ml import joint
    from training.ml.bio import Word
    from training.ml.tokens import Batch

    rng = np.random.default_rng(0)
    states = rng.normal(size=(1, 6, 4)).astype(np.float32)
    word_of = np.array([[-1, 0, 0, 1, 2, -1]])

    words = (tuple(Word(place, place + 1) for place in range(3)),)
    batch = Batch(word_of, word_of, word_of, word_of, word_of, words)
    [ours] = batch.word_means(states)
    theirs = joint.word_means(torch.tensor(states), torch.tensor(word_of), 3)

    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-6)


def test_tags_are_the_same_in_torch_and_in_numpy():
    import torch

    from training.ml import joint, tagger

    head = joint.TagHead(4, 5).eval()
    states = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)

    ours = tagger.fold(head)(states)
    theirs = head(torch.tensor(states)[None])[0].detach().numpy()

    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_small_sets_get_more_epochs():
    from training.ml.finetune import FinetuneConfig, epochs_for

    wanted = [epochs_for(n, FinetuneConfig()) for n in (1, 200, 4015, 9000)]

    assert wanted == [20, 20, 12, 6]
    assert epochs_for(9000, FinetuneConfig(epochs=7)) == 7
