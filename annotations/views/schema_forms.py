"""What the registry's forms send, read with every fault in words."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.functions.schema import SchemaError, parse
from annotations.services.schema_content import told


@dataclass(frozen=True)
class ProposedVersion:
    body: dict[str, Any]
    summary: str
    renames: dict[str, str]
    examples: list[dict[str, Any]]


def proposed_version(sent: QueryDict) -> ProposedVersion:
    """Raises InvalidError for a source, renames or examples that cannot be read."""
    try:
        body = parse(sent.get("source", ""))
    except SchemaError as refused:
        raise InvalidError(" ".join(told(refused))) from None
    return ProposedVersion(
        body=body,
        summary=sent.get("summary", "").strip()[:2000],
        renames=_renames(sent.get("renames", "")),
        examples=_examples(sent.get("pass", ""), valid=True)
        + _examples(sent.get("fail", ""), valid=False),
    )


def _renames(text: str) -> dict[str, str]:
    """Lines such as `month > bill_month`."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        old, arrow, new = (part.strip() for part in line.partition(">"))
        if not (old and arrow and new):
            raise InvalidError(
                _("Write a rename as “old > new”, not “%(line)s”.")
                % {"line": line[:60]}
            )
        found[old] = new
    return found


def _examples(text: str, *, valid: bool) -> list[dict[str, Any]]:
    """One argument object a line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            arguments = json.loads(line)
        except (ValueError, RecursionError):
            fault = (
                _("Line %(number)s of the examples that must pass is not valid JSON.")
                if valid
                else _(
                    "Line %(number)s of the examples that must fail is not valid JSON."
                )
            )
            raise InvalidError(fault % {"number": number}) from None
        found.append({"arguments": arguments, "valid": valid})
    return found


def renames_text(renames: dict[str, str]) -> str:
    return "\n".join(f"{old} > {new}" for old, new in renames.items())


def examples_text(examples: list[dict[str, Any]], *, valid: bool) -> str:
    return "\n".join(
        json.dumps(example["arguments"], ensure_ascii=False)
        for example in examples
        if example["valid"] is valid
    )
