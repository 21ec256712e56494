"""The int8 graph is taken where it answers as the exact one, and only there."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.factories import tiny_model
from training.ml import bundle as bundles
from training.ml import checkpoint, compression
from training.ml.compression import _Answers, _compare
from training.ml.data import Dataset, Example
from training.serving.predictor import Predictor

SAYINGS = {
    "check_bill": "why is my bill so high",
    "fix_internet": "the internet is broken please fix it",
    "cancel_plan": "i want to cancel my plan",
}
ROWS = Dataset(tuple(Example(text, name) for name, text in SAYINGS.items()) * 40)


@pytest.fixture
def model(tmp_path):
    files = tiny_model.files(ROWS, tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(_bytes(files[bundles.TOKENIZER]))
    graph = tmp_path / "graph.onnx"
    graph.write_bytes(_bytes(files[bundles.ENCODER]))
    made = bundles.from_files({name: _bytes(f) for name, f in files.items()})
    return made, graph, tmp_path / "tokenizer.json"


def _bytes(content) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def with_a_product(graph, path):
    """The same graph with every state multiplied by a matrix that int8 can hold."""
    loaded = onnx.load(str(graph))
    hidden = tiny_model.HIDDEN
    matrix = numpy_helper.from_array(2 * np.eye(hidden, dtype=np.float32), "matrix")
    loaded.graph.initializer.append(matrix)
    for node in loaded.graph.node:
        node.input[:] = ["product" if name == "sum" else name for name in node.input]
    product = helper.make_node("MatMul", ["sum", "matrix"], ["product"])
    last = len(loaded.graph.node) - 1
    loaded.graph.node.insert(last, product)
    loaded.graph.value_info.append(
        helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["n", hidden])
    )
    onnx.save(loaded, str(path))
    return path


def test_a_graph_whose_answers_stay_is_taken_small(model, tmp_path):
    made, graph, tokenizer = model
    graph = with_a_product(graph, tmp_path / "product.onnx")

    chosen, found = compression.smaller(made, graph, tokenizer, ROWS)

    assert found.precision == "int8"
    assert found.intents == 1.0
    assert found.accuracy_int8 == found.accuracy_exact == 1.0
    names = {node.op_type for node in onnx.load(str(chosen)).graph.node}
    assert "MatMulInteger" in names or "DynamicQuantizeLinear" in names


def test_an_encoder_that_many_models_share_is_made_small_once(
    model, tmp_path, monkeypatch
):
    made, graph, tokenizer = model
    graph = with_a_product(graph, tmp_path / "product.onnx")
    first, _ = compression.smaller(made, graph, tokenizer, ROWS)
    before = first.read_bytes()
    monkeypatch.setattr(compression, "quantize", lambda *paths: pytest.fail("again"))

    again, _ = compression.smaller(made, graph, tokenizer, ROWS)

    assert again == first
    assert again.read_bytes() == before


def test_another_encoder_under_the_same_name_is_made_small_anew(model, tmp_path):
    made, graph, tokenizer = model
    path = with_a_product(graph, tmp_path / "product.onnx")
    first, _ = compression.smaller(made, path, tokenizer, ROWS)
    loaded = onnx.load(str(path))
    loaded.doc_string = "another"
    onnx.save(loaded, str(path))

    second, _ = compression.smaller(made, path, tokenizer, ROWS)

    assert second != first


def test_an_int8_answer_is_that_of_the_turn_alone_whatever_is_asked_beside_it(
    model, tmp_path
):
    made, graph, tokenizer = model
    path = with_a_product(graph, tmp_path / "product.onnx")
    small, _ = compression.smaller(made, path, tokenizer, ROWS)
    files = bundles.to_files(made, small, tokenizer)
    checkpoint.write(tmp_path / "served", files, {}, key=b"k")
    served = Predictor(tmp_path / "served", key=b"k")
    turns = list(ROWS.examples[:3])

    encoded = served._encoder.encode_many([t.text for t in turns], [()] * len(turns))
    alone = np.concatenate([served._embed([one], together=False)[0] for one in encoded])
    many, _ = served._embed(encoded, together=False)
    together, _ = served._embed(encoded, together=True)

    np.testing.assert_array_equal(many, alone)
    assert np.abs(together - alone).max() > 1e-4  # the graph tells what stands beside


def test_too_few_rows_say_too_little(model, tmp_path):
    made, graph, tokenizer = model
    few = Dataset(ROWS.examples[:49])

    chosen, found = compression.smaller(made, graph, tokenizer, few)

    assert chosen == graph
    assert (found.precision, found.rows) == ("fp32", 49)


def answers(**changes) -> _Answers:
    fields = {
        "intents": ("a",) * 200,
        "fallbacks": (False,) * 200,
        "tags": (0,) * 400,
        **changes,
    }
    return _Answers(**fields)


LABELED = Dataset(tuple(Example("hi", "a") for _ in range(200)))
UNLABELED = Dataset(tuple(Example("hi") for _ in range(200)))


@pytest.mark.parametrize(
    "changes",
    [
        {"intents": ("b",) * 3 + ("a",) * 197},
        {"fallbacks": (True,) * 3 + (False,) * 197},
        {"tags": (1,) * 5 + (0,) * 395},
    ],
)
def test_an_answer_in_a_hundred_that_moves_keeps_the_exact_graph(changes):
    assert _compare(answers(), answers(**changes), UNLABELED).precision == "fp32"


def test_one_right_answer_lost_of_two_hundred_keeps_the_exact_graph():
    small = answers(intents=("b", *("a",) * 199))

    assert _compare(answers(), small, UNLABELED).precision == "int8"
    assert _compare(answers(), small, LABELED).precision == "fp32"


def test_what_was_found_is_told_in_the_checkpoint():
    told = json.loads(_compare(answers(), answers(), LABELED).as_json())

    assert told["precision"] == "int8"
    assert told["rows"] == 200
    assert told["accuracy_exact"] == 1.0
