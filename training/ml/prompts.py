"""How many tokens a bot's prompt needs for a turn: every function, or the likely ones.

A bot that calls functions through a language model sends their definitions with each
turn. Both prompts here hold the same turn and functions as minified chat-completion
tools; one holds all of them, the other those of the k likeliest intents. Counted with
the encoder's own word pieces: JSON's punctuation costs more pieces there than in a
large model's vocabulary, in both prompts alike, so trust the ratio before the number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

CANDIDATES = 3
SEPARATOR, EMPTY_LIST = ",", "[]"

Floats = NDArray[np.floating[Any]]
Count = Callable[[str], int]


@dataclass(frozen=True)
class ToolCosts:
    """What each intent's function costs in a prompt. counter: how it was counted."""

    counter: str
    by_intent: Mapping[str, int]
    separator: int
    brackets: int
    count: Count

    def listed(self, n_tools: int, tokens: float) -> float:
        """The tokens of a list of so many tools with so many tokens between them."""
        return self.brackets + tokens + self.separator * max(0, n_tools - 1)


@dataclass(frozen=True)
class PromptTokens:
    """Per turn: float (n,) each; `offered` says whether the right function was among
    the likely ones, NaN where the true intent has none."""

    full: Floats
    top_k: Floats
    offered: Floats
    k: int


def word_pieces(tokenizer: Path) -> Count:
    """Counts the pieces of a text, without the marks around it."""
    pieces = Tokenizer.from_file(str(tokenizer))
    pieces.no_truncation()
    pieces.no_padding()
    return lambda text: len(pieces.encode(text, add_special_tokens=False).ids)


def minified(tool: Mapping[str, Any]) -> str:
    return json.dumps(tool, separators=(",", ":"), ensure_ascii=False)


def costs(tools: Mapping[str, Mapping[str, Any]], count: Count, name: str) -> ToolCosts:
    """Count every intent's tool once."""
    return ToolCosts(
        counter=name,
        by_intent={intent: count(minified(tool)) for intent, tool in tools.items()},
        separator=count(SEPARATOR),
        brackets=count(EMPTY_LIST),
        count=count,
    )


def tokens_of_turns(
    texts: Sequence[str],
    truth: Sequence[str],
    likeliest: Sequence[Sequence[str]],
    tools: ToolCosts,
    k: int = CANDIDATES,
) -> PromptTokens:
    """The tokens of both prompts for every turn.

    likeliest: the intents a model finds likeliest, best first, of each turn.
    """
    turns = np.array([tools.count(text) for text in texts], dtype=float)
    everything = tools.listed(len(tools.by_intent), sum(tools.by_intent.values()))
    likely = np.zeros(len(texts))
    offered = np.full(len(texts), np.nan)
    for row, (true, found) in enumerate(zip(truth, likeliest, strict=True)):
        chosen = [name for name in found[:k] if name in tools.by_intent]
        listed = sum(tools.by_intent[name] for name in chosen)
        likely[row] = tools.listed(len(chosen), listed)
        if true in tools.by_intent:
            offered[row] = float(true in chosen)
    return PromptTokens(turns + everything, turns + likely, offered, k)
