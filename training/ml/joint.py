"""One encoder, two heads: the intent of an utterance and the tags of its words.

The intent head reads the normalized mean of the tokens; the tag head reads each word
and its two neighbours, a word being the mean state of its tokens. Both are small
enough for a served model to keep as arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from training.ml.tokens import Batch

IGNORED = -100
TAG_HIDDEN = 256
TAG_DROPOUT = 0.3

Floats = NDArray[np.floating[Any]]


class TagHead(nn.Module):
    """Tag logits of every word from the states of it and of its two neighbours."""

    def __init__(self, hidden: int, n_tags: int) -> None:
        super().__init__()
        self.inner = nn.Linear(3 * hidden, TAG_HIDDEN)
        self.outer = nn.Linear(TAG_HIDDEN, n_tags)
        self.dropout = nn.Dropout(TAG_DROPOUT)

    def forward(self, states: Tensor) -> Tensor:
        """states: (n, n_words, hidden) -> (n, n_words, n_tags)."""
        edges = functional.pad(states, (0, 0, 1, 1))
        window = torch.cat([edges[:, :-2], states, edges[:, 2:]], dim=-1)
        logits: Tensor = self.score(window)
        return logits

    def score(self, window: Tensor) -> Tensor:
        """window: (..., 3 * hidden) -> (..., n_tags)."""
        inner = functional.relu(self.inner(window))
        logits: Tensor = self.outer(self.dropout(inner))
        return logits


class JointModel(nn.Module):
    """Encoder with an intent head and, where there are parameters, a tag head."""

    def __init__(self, encoder: nn.Module, n_intents: int, n_tags: int) -> None:
        super().__init__()
        hidden = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.encoder = encoder
        self.intent_head = nn.Linear(hidden, n_intents)
        self.tag_head = TagHead(hidden, n_tags) if n_tags else None

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        pool: Tensor,
        word_of: Tensor,
        n_words: int,
    ) -> tuple[Tensor, Tensor | None]:
        """Intent logits (n, n_intents) and tag logits (n, n_words, n_tags)."""
        states = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
        ).last_hidden_state  # (n, n_tokens, hidden)
        intents = self.intent_head(pooled(states.float(), pool))
        if self.tag_head is None:
            return intents, None
        means = word_means(states.float(), word_of, n_words)
        return intents, self.tag_head(means)

    def begin_with(self, weight: Floats, bias: Floats) -> None:
        """Start the intent head where a linear model on frozen embeddings ended."""
        with torch.no_grad():
            self.intent_head.weight.copy_(torch.as_tensor(weight))
            self.intent_head.bias.copy_(torch.as_tensor(bias))


class EmbeddingModel(nn.Module):
    """What is exported: normalized mean of the tokens, and the states of each.

    `layer` is which layer's states: -1 the last, as the joint model trains on; a
    frozen encoder tells words apart better two layers earlier.
    """

    def __init__(self, encoder: nn.Module, layer: int = -1) -> None:
        super().__init__()
        self.encoder = encoder
        self.layer = layer

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        pool: Tensor,
    ) -> tuple[Tensor, Tensor]:
        found = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            output_hidden_states=True,
        )
        embedding = pooled(found.last_hidden_state, pool)
        return embedding, found.hidden_states[self.layer]


def load_encoder(folder: Path) -> nn.Module:
    """The encoder in a folder, with eager attention and frozen word embeddings.

    Eager attention is faster than SDPA in the backward pass under bf16 autocast on
    a CPU, as fast in float32, and its dropout can be given a seed (dropout.py);
    freezing the embeddings spares the optimiser two thirds of the weights.
    """
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    encoder: nn.Module = AutoModel.from_pretrained(
        folder, attn_implementation="eager", add_pooling_layer=False
    )
    for parameter in encoder.embeddings.parameters():  # type: ignore[union-attr]
        parameter.requires_grad = False
    return encoder


def fresh_model(folder: Path, n_intents: int, n_tags: int, *, seed: int) -> JointModel:
    """The encoder in a folder with new heads, the same ones for the same seed."""
    encoder = load_encoder(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return JointModel(encoder, n_intents, n_tags)


def pooled(states: Tensor, pool: Tensor) -> Tensor:
    """The normalized mean of the pooled tokens: (n, hidden)."""
    weight = pool.unsqueeze(-1).to(states.dtype)  # (n, n_tokens, 1)
    mean = (states * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1.0)
    return functional.normalize(mean, dim=-1)


def word_means(states: Tensor, word_of: Tensor, n_words: int) -> Tensor:
    """The mean state of each word's tokens: (n, n_words, hidden)."""
    places = torch.arange(n_words, device=word_of.device)
    belongs = (word_of.unsqueeze(1) == places.view(1, -1, 1)).to(states.dtype)
    counts = belongs.sum(dim=-1, keepdim=True).clamp(min=1.0)
    return torch.bmm(belongs / counts, states)


def tag_loss(tags: Tensor | None, tag_of: Tensor) -> Tensor:
    """Cross-entropy of the tags of words; zero where there is none to learn."""
    if tags is None or bool((tag_of == IGNORED).all()):
        return torch.zeros((), device=tag_of.device)
    return functional.cross_entropy(
        tags.float().flatten(0, 1), tag_of.flatten(), ignore_index=IGNORED
    )


def tensors(batch: Batch, device: torch.device) -> dict[str, Any]:
    """A batch as the arguments of JointModel.forward."""
    arrays = {**batch.feed(), "word_of": batch.word_of}
    moved: dict[str, Any] = {
        name: torch.from_numpy(array).to(device) for name, array in arrays.items()
    }
    moved["n_words"] = max((len(words) for words in batch.words), default=0) or 1
    return moved
