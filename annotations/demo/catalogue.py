"""The invented telecom's domains, intents and functions, read from the files beside."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from annotations.demo import grammar

FOLDER = Path(__file__).with_name("catalogue")

# Order of the plan's iterations; within one, domains take turns being popular.
DOMAINS = (
    "billing",
    "payments",
    "outages",
    "router",
    "diagnostics",
    "technician",
    "mobile",
    "plans",
    "account",
    "orders",
    "tv",
    "conversation",
)
OUT_OF_SCOPE = "oos"


@dataclass(frozen=True)
class DemoParameter:
    name: str
    rule: dict[str, Any]  # JSON Schema of one property
    prompt: str  # what the bot asks to get it

    @property
    def placeholder(self) -> str:
        """Type of the redacted text that may stand for a value, "" where none may."""
        return str(self.rule.get("x-placeholder", ""))


@dataclass(frozen=True)
class DemoIntent:
    name: str
    title: str
    description: str
    domain: str
    iteration: int
    is_out_of_scope: bool
    usual_act: str  # what such a turn nearly always does, "" where that depends
    confusable: tuple[str, ...]
    # Parameter name -> required; None where the intent has no function.
    parameters: dict[str, bool] | None
    requests: tuple[grammar.Pattern, ...]  # "pay my bill", after "i want to"
    statements: tuple[grammar.Pattern, ...]  # whole sentences
    topics: tuple[grammar.Pattern, ...]  # "my bill", after "i'm calling about"

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name, must in (self.parameters or {}).items() if must)


@dataclass(frozen=True)
class DemoDomain:
    name: str
    title: str
    intents: tuple[DemoIntent, ...]


@dataclass(frozen=True)
class DemoCatalogue:
    domains: tuple[DemoDomain, ...]
    parameters: dict[str, DemoParameter]

    @cached_property
    def intents(self) -> tuple[DemoIntent, ...]:
        return tuple(intent for domain in self.domains for intent in domain.intents)

    @cached_property
    def by_name(self) -> dict[str, DemoIntent]:
        return {intent.name: intent for intent in self.intents}

    @cached_property
    def requests_by_popularity(self) -> tuple[DemoIntent, ...]:
        """What callers open a call with, most frequent first."""
        return tuple(
            intent
            for iteration in (1, 2, 3)
            for intent in self._in_turns(iteration)
            if intent.requests and not intent.is_out_of_scope
        )

    def _in_turns(self, iteration: int) -> Iterator[DemoIntent]:
        columns = [
            [intent for intent in domain.intents if intent.iteration == iteration]
            for domain in self.domains
        ]
        for row in zip_longest(*columns):
            yield from (intent for intent in row if intent is not None)


@lru_cache(maxsize=1)
def load() -> DemoCatalogue:
    """The whole catalogue. Reads 13 small files once."""
    parameters = {
        name: _parameter(name, entry) for name, entry in _read("parameters").items()
    }
    return DemoCatalogue(
        domains=tuple(_domain(_read(name)) for name in DOMAINS),
        parameters=parameters,
    )


def function_schema(catalogue: DemoCatalogue, intent: DemoIntent) -> dict[str, Any]:
    """JSON Schema (closed object) of the parameters of the intent's function.

    Raises ValueError where the intent has no function.
    """
    if intent.parameters is None:
        raise ValueError(f"{intent.name} has no function")
    return {
        "type": "object",
        "title": intent.title,
        "properties": {
            name: dict(catalogue.parameters[name].rule) for name in intent.parameters
        },
        "required": list(intent.required),
        "additionalProperties": False,
    }


def _read(name: str) -> dict[str, Any]:
    # BaseLoader leaves every scalar text: "yes" and "no" are things callers say.
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.BaseLoader)  # builds text and lists only


def _parameter(name: str, entry: dict[str, Any]) -> DemoParameter:
    keys = ("type", "description", "enum", "pattern", "format")
    rule = {key: entry[key] for key in keys if key in entry}
    if "placeholder" in entry:
        rule["x-placeholder"] = entry["placeholder"]
    rule["x-prompt"] = entry["prompt"]
    return DemoParameter(name=name, rule=rule, prompt=entry["prompt"])


def _domain(entry: dict[str, Any]) -> DemoDomain:
    return DemoDomain(
        name=entry["name"],
        title=entry["title"],
        intents=tuple(_intent(intent, entry) for intent in entry["intents"]),
    )


def _intent(entry: dict[str, Any], domain: dict[str, Any]) -> DemoIntent:
    function = entry.get("function")
    return DemoIntent(
        name=entry["name"],
        title=entry["title"],
        description=f"Choose this when {entry['choose']}.",
        domain=domain["name"],
        iteration=int(domain["iteration"]),
        is_out_of_scope="out_of_scope" in entry,
        usual_act=entry.get("act", ""),
        confusable=tuple(entry.get("confusable", ())),
        parameters=function
        and {name: word == "required" for name, word in function.items()},
        requests=_patterns(entry, "do"),
        statements=_patterns(entry, "say"),
        topics=_patterns(entry, "about"),
    )


def _patterns(entry: dict[str, Any], key: str) -> tuple[grammar.Pattern, ...]:
    return tuple(grammar.parse(line) for line in entry.get(key, ()))
