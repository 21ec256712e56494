"""Every route of the resolver, with an address that leads to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, reverse

EXAMPLES = {
    "IntConverter": 1,
    "StringConverter": "something",
    "SlugConverter": "something",
    "UUIDConverter": "00000000-0000-4000-8000-000000000001",
    "PathConverter": "some/thing",
}


@dataclass(frozen=True)
class Route:
    name: str
    path: str


def patterns(
    resolver: URLResolver | None = None, namespace: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name or ''}", entry


def routes() -> list[Route]:
    return [
        Route(name, reverse(name, kwargs=_arguments(pattern)))
        for name, pattern in patterns()
    ]


def _arguments(pattern: URLPattern) -> dict[str, object]:
    return {
        name: EXAMPLES[type(converter).__name__]
        for name, converter in pattern.pattern.converters.items()
    }
