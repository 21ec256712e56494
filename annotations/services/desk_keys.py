"""Which key does what at the desk: the presets, and what a person changed of them.

What is stored are pairs of an action and a key, each out of a closed list here. The
page's own table (static/js) has the same actions and default keys; a test compares.
"""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotations.errors import InvalidError
from annotations.models import (
    IDLE_MINUTES,
    DeskSettings,
    KeyPreset,
    SingleKeys,
    User,
)
from annotations.services import audit

Keys = tuple[str, ...]
TO = "\N{EN DASH}"  # of a range of digits, as the key sheet draws it


class KeysConflictError(InvalidError):
    code = "keys_conflict"


@dataclass(frozen=True)
class Action:
    """One command. `mode` says when its keys work; "page" means always."""

    name: str
    mode: str
    keys: Keys
    letters: Keys | None = None
    left_hand: Keys | None = None
    # Keys that stand for a range or a direction stay together.
    is_fixed: bool = False

    def in_preset(self, preset: str) -> Keys:
        chosen = {
            KeyPreset.LETTERS: self.letters,
            KeyPreset.LEFT_HAND: self.left_hand,
        }.get(KeyPreset(preset))
        return self.keys if chosen is None else chosen


def _fixed(name: str, mode: str, *keys: str, left_hand: Keys | None = None) -> Action:
    return Action(name, mode, keys, left_hand=left_hand, is_fixed=True)


ACTIONS: dict[str, Action] = {
    "submit": Action(_("Accept what is shown and go on"), "desk", ("Enter",),
                     ("Enter", "e"), ("Enter", "f")),
    "choose": _fixed(_("Choose a suggestion"), "desk", f"1{TO}5"),
    "none": Action(_("None of these: out of scope"), "desk", ("0",), ("0", "o"),
                   ("0", "t")),
    "find": Action(_("Search all intents (bil: keeps to a domain)"), "desk",
                   ("Letter",), ("/",), ("r",)),
    "again": Action(_("The same answer as before"), "desk", ("=",), ("=", "a"),
                    ("=", "a")),
    "mark": Action(_("Mark a parameter"), "desk", ("Space",), ("Space", "m"),
                   ("Space",)),
    "not-spoken": Action(_("The needed parameter was not spoken"), "desk", ("-",),
                         ("-", "n"), ("-", "d")),
    "value": Action(_("Change the value of what is marked"), "desk", (".",), (".", "v"),
                    (".", "v")),
    "act": Action(_("What this turn does: the next of the six"), "desk", (",",)),
    "act-back": Action(_("What this turn does: the one before"), "desk", ("<",)),
    "misheard": Action(_("A word was misheard, or was not"), "desk", ("*",)),
    "ask": Action(_("Ask a reviewer about this one"), "desk", ('"',)),
    "skip": Action(_("Skip, with a reason (1–6)"),  # noqa: RUF001 (an en dash)
                   "desk", (";",), (";", "s"), (";", "s")),
    "personal": Action(_("Personal data: take it out of sight"), "desk", ("!",), None,
                       ("!", "x")),
    "back": Action(_("Look back at your answers"), "desk", ("[",), ("[", "k"),
                   ("[", "q")),
    "history-back": Action(_("The answer before"), "history", ("[",), ("[", "k"),
                           ("[", "q")),
    "history-forward": Action(_("The answer after"), "history", ("]",), ("]", "j"),
                              ("]", "w")),
    "history-correct": Action(_("Correct this one"), "history", ("Enter",),
                              ("Enter", "e"), ("Enter", "f")),
    "history-leave": Action(_("Back to the item"), "history", ("Escape",)),
    "nudge-away": Action(_("Put the reminder of a break away"), "desk", ("Escape",)),
    "cluster": Action(_("Confirm together with those like it"), "desk", ("%",)),
    "undo": Action(_("Take back the last answer"), "page", ("Mod+z",)),
    "propose": Action(_("Propose a new intent"), "page", ("Mod+i",)),
    "palette": Action(_("Find a command or a page"), "page", ("Mod+k",)),
    "keys": Action(_("Show this sheet"), "page", ("?",)),
    "span-move": _fixed(_("Another word"), "span", "ArrowLeft", "ArrowRight",
                        left_hand=("a", "d")),
    "span-extend": _fixed(_("More or fewer words"), "span", "Shift+ArrowLeft",
                          "Shift+ArrowRight", left_hand=("q", "e")),
    "span-turn": _fixed(_("The turn before or after"), "span", "ArrowUp", "ArrowDown"),
    "span-fine": _fixed(_("One character less or more"), "span", "Alt+ArrowLeft",
                        "Alt+ArrowRight", left_hand=("w", "r")),
    "span-param": _fixed(_("It is this parameter"), "span", f"1{TO}9"),
    "span-remove": _fixed(_("Remove the mark here"), "span", "Backspace",
                          left_hand=("x",)),
    "span-narrow": _fixed(_("Of many parameters, those that begin so"), "span",
                          "Letter", left_hand=()),
    "span-silent": Action(_("The needed parameter was not spoken"), "span", ("-",),
                          None, ("-", "c")),
    "span-personal": Action(_("Personal data: what is selected, out of sight"), "span",
                            ("!",)),
    "span-leave": _fixed(_("Done marking"), "span", "Escape", "Space"),
    "span-submit": Action(_("Accept what is shown and go on"), "span", ("Enter",), None,
                          ("Enter", "f")),
}  # fmt: skip
MODES = ("desk", "span", "history")
# Everything that a person may put on an action. Digits belong to the suggestions.
KEYS: Keys = (
    "Enter", "Space", "Escape", "Backspace", "0",
    *"%<=-;!\"[]'/\\,.`#*+", *string.ascii_lowercase,
    *(f"Mod+{letter}" for letter in "izkyumb"),
    *(f"F{number}" for number in (2, 4, 6, 7, 8, 9, 10)),
)  # fmt: skip


@dataclass(frozen=True)
class Wishes:
    """A person's settings as they came from the form."""

    preset: str
    single_keys: str
    keys: Mapping[str, str] = field(default_factory=dict)  # action -> key
    digit_submits: bool = False
    coach: bool = False
    idle_minutes: int = 5
    nudges_breaks: bool = False


def settings_of(user: User) -> DeskSettings:
    """What the person stored, else the defaults."""
    try:
        return user.desksettings  # asked for once a request
    except DeskSettings.DoesNotExist:
        return DeskSettings(user=user)


def keymap(preset: str, own: Mapping[str, str]) -> dict[str, Keys]:
    """Action -> the keys that do it."""
    return {
        name: (own[name],) if name in own else action.in_preset(preset)
        for name, action in ACTIONS.items()
    }


def conflicts(keys: Mapping[str, Keys]) -> list[str]:
    """A sentence for each key that would do two things at once; empty where none."""
    told = []
    for mode in MODES:
        taken: dict[str, str] = {}
        for name, action in ACTIONS.items():
            if action.mode not in (mode, "page"):
                continue
            for key in _expanded(keys[name]):
                other = taken.setdefault(key, name)
                if other != name:
                    told.append(
                        gettext("“%(key)s” would do both “%(one)s” and “%(other)s”.")
                        % {"key": key, "one": ACTIONS[other].name, "other": action.name}
                    )
    return list(dict.fromkeys(told))


def _expanded(keys: Keys) -> Iterator[str]:
    for key in keys:
        if key == "Letter":
            yield from string.ascii_lowercase
        elif TO in key:
            first, last = key.split(TO)
            yield from map(str, range(int(first), int(last) + 1))
        else:
            yield key


@transaction.atomic
def save(*, by: User, wishes: Wishes) -> DeskSettings:
    """The person's desk works this way from the next page on.

    Raises InvalidError for what is not in a list here, KeysConflictError where one key
    would do two things.
    """
    own = _checked(wishes)
    stored, _ = DeskSettings.objects.update_or_create(
        user=by,
        defaults={
            "preset": wishes.preset,
            "single_keys": wishes.single_keys,
            "keys": own,
            "digit_submits": wishes.digit_submits,
            "coach": wishes.coach,
            "idle_minutes": wishes.idle_minutes,
            "nudges_breaks": wishes.nudges_breaks,
        },
    )
    audit.record(
        by=by, action="desk.keys_changed", obj=f"user:{by.pk}", preset=wishes.preset
    )
    return stored


def _checked(wishes: Wishes) -> dict[str, str]:
    """Only what differs from the preset."""
    if wishes.preset not in KeyPreset.values:
        raise InvalidError(gettext("There is no such preset."))
    if wishes.single_keys not in SingleKeys.values:
        raise InvalidError(gettext("Single keys work, work with Alt, or are off."))
    if wishes.idle_minutes not in IDLE_MINUTES:
        raise InvalidError(
            gettext("Choose after how many minutes the desk is covered.")
        )
    own = {}
    for name, key in wishes.keys.items():
        action = ACTIONS.get(name)
        if action is None or action.is_fixed or key not in KEYS:
            raise InvalidError(gettext("A key or an action is not one of the list."))
        if key not in action.in_preset(wishes.preset):
            own[name] = key
    told = conflicts(keymap(wishes.preset, own))
    if told:
        raise KeysConflictError(" ".join(told), conflicts=told)
    return own


def for_page(stored: DeskSettings) -> dict[str, object]:
    """What the page's scripts need to know."""
    keys = keymap(stored.preset, stored.keys)
    changed = {
        name: list(keys[name])
        for name, action in ACTIONS.items()
        if keys[name] != action.keys
    }
    return {
        "keys": changed,
        "single": stored.single_keys,
        "digitSubmits": stored.digit_submits,
        "coach": stored.coach,
        "nudges": stored.nudges_breaks,
    }
