"""A model small enough to train in a second: words to random vectors, no torch.

The encoder is a real ONNX graph (look up, mean, normalize), so that checkpoints made
of it are checkpoints like any other.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from training.ml import bio, bundle, intent_model
from training.ml.bundle import Bundle
from training.ml.data import Dataset
from training.ml.hooks import Hooks, Progress
from training.ml.tag_scorer import Linear, TagScorer
from training.ml.tokens import TextEncoder, pad

HIDDEN = 16
BUCKETS = 500


def tokenizer(path: Path) -> Path:
    """A tokenizer of whole words: each of a few hundred known ones, else [UNK]."""
    said = (
        "why is my bill so high pay the router broken internet help a b want to "
        "cancel plan outage in area i it please fix"
    )
    words = sorted(set(said.split()))
    known = {
        name: index for index, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    }
    known |= {word: len(known) + index for index, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", known["[CLS]"]), ("[SEP]", known["[SEP]"])],
    )
    made.save(str(path))
    return path


def encoder(path: Path) -> Path:
    """embedding = normalized mean of pooled word vectors; states = the vectors."""
    table = np.random.default_rng(7).normal(size=(BUCKETS, HIDDEN)).astype(np.float32)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"])
        for name in ("input_ids", "attention_mask", "token_type_ids", "pool")
    ]
    outputs = [
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", HIDDEN]),
        helper.make_tensor_value_info("states", TensorProto.FLOAT, ["n", "t", HIDDEN]),
    ]
    last = numpy_helper.from_array(np.array([2], dtype=np.int64), "last")
    middle = numpy_helper.from_array(np.array([1], dtype=np.int64), "middle")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["states"]),
        helper.make_node("Cast", ["pool"], ["weight"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weight", "last"], ["column"]),
        helper.make_node("Mul", ["states", "column"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "middle"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        outputs,
        [numpy_helper.from_array(table, "table"), last, middle],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(path))
    return path


class TinyBackend:
    """Trains the light head on the tiny encoder; tags nothing."""

    def conditions(self, threads: int | None = None) -> dict[str, object]:
        return {"threads": threads or 1}

    def train(
        self,
        train: Dataset,
        valid: Dataset | None,
        *,
        recipe: str,
        seed: int,
        work: Path,
        shared: Path,
        hooks: Hooks,
    ) -> dict[str, bytes | Path]:
        work.mkdir(parents=True, exist_ok=True)
        (work / "begun").write_text("an attempt was here", encoding="utf-8")
        for step in range(1, 5):
            hooks.on_progress(Progress("fitting", step, 4, 1.0 / step, 4.0 - step))
            if hooks.should_stop():
                from training.ml.errors import TrainingCancelledError

                raise TrainingCancelledError("stopped")
        return files(train, work, seed=seed)


def files(
    dataset: Dataset, folder: Path, *, seed: int = 0, params: tuple[str, ...] = ()
) -> dict[str, bytes | Path]:
    """The files of a checkpoint trained on `dataset`."""
    text_encoder = TextEncoder(tokenizer(folder / "tokenizer.json"))
    graph = encoder(folder / "encoder.onnx")
    head = intent_model.fit(embed(graph, text_encoder, dataset), dataset.labels)
    scorer = outside_scorer(params) if params else None
    made = Bundle("head", head, params, scorer, max_tokens=64)
    return bundle.to_files(made, graph, folder / "tokenizer.json")


def embed(graph: Path, text_encoder: TextEncoder, dataset: Dataset) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(graph), providers=["CPUExecutionProvider"]
    )
    batch = pad([text_encoder.encode(text) for text in dataset.texts])
    return np.asarray(session.run(["embedding"], batch.feed())[0])


def outside_scorer(params: tuple[str, ...]) -> TagScorer:
    """Tags every word as outside."""
    n_tags = bio.TagSet(params).size
    bias = np.zeros(n_tags, dtype=np.float32)
    bias[bio.OUTSIDE] = 1.0
    return TagScorer(
        Linear(np.zeros((2, 3 * HIDDEN), np.float32), np.zeros(2, np.float32)),
        Linear(np.zeros((n_tags, 2), np.float32), bias),
    )
