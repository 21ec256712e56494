"""Phrase patterns: `(pay|settle) my {bill_month} bill` means many sentences.

`(a|b|)` is a choice, perhaps of nothing; `{name}` a slot for a parameter's value.
"""

import re
from dataclasses import dataclass

from annotations.demo.dice import Dice

_TOKEN = re.compile(r"[()|]|\{\w+\}|[^(){}|]+")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Pattern:
    """A parsed pattern: a row of texts and choices between rows."""

    source: str
    parts: tuple["str | tuple[Pattern, ...]", ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(_SLOT.findall(self.source))

    def expand(self, dice: Dice) -> str:
        """One sentence of the pattern; slots stay as `{name}`."""
        return " ".join(self._expand(dice).split())

    def _expand(self, dice: Dice) -> str:
        return "".join(
            part if isinstance(part, str) else dice.pick(part)._expand(dice)
            for part in self.parts
        )


def parse(source: str) -> Pattern:
    """Raises ValueError where brackets do not match."""
    tokens = _TOKEN.findall(source)
    if "".join(tokens) != source:
        raise ValueError(f"stray brace in pattern {source!r}")
    rows, rest = _rows(tokens, 0, source)
    if rest != len(tokens) or len(rows) != 1:
        raise ValueError(f"unbalanced or bare choice in pattern {source!r}")
    return rows[0]


def _rows(tokens: list[str], at: int, source: str) -> tuple[list[Pattern], int]:
    rows: list[Pattern] = []
    parts: list[str | tuple[Pattern, ...]] = []
    text = ""
    while at < len(tokens) and tokens[at] != ")":
        token = tokens[at]
        if token == "(":
            choices, at = _rows(tokens, at + 1, source)
            if at == len(tokens):
                raise ValueError(f"a bracket stays open in pattern {source!r}")
            parts.append(tuple(choices))
            text += "(" + "|".join(choice.source for choice in choices) + ")"
        elif token == "|":
            rows.append(Pattern(text, tuple(parts)))
            parts, text = [], ""
        else:
            parts.append(token)
            text += token
        at += 1
    rows.append(Pattern(text, tuple(parts)))
    return rows, at
