"""Nothing that a page says is left out of the catalogues for translators."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from .pseudo_locale import left_in_english, pseudo

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
# Where a sentence for people is made.
SPEAKING = sorted(
    path
    for app in ("annotations", "training", "ivr_label")
    for path in (ROOT / app).rglob("*.py")
    if {"services", "views", "api", "templatetags", "serving"} & set(path.parts)
    or path.parent == ROOT / "ivr_label"
)
READ_ALOUD = {"aria-label", "aria-description", "title", "placeholder", "alt", "label"}
DRAWN = {"data-label"}  # by the stylesheet, as the heading of a cell
# The names of products and formats are the same in every language.
NAMES = {"IVR Label", "JSON", "CSV", "API", "URL", "OpenAPI", "ID", "UTC", "MLflow"}
NAMES |= {"SHA-256"}
# What a field is filled in with, where that is a code.
CODES = {"user:3", "label.", "intent:12", "check_bill_status", "calls"}
CODES |= {"text=Verbatim, occurred_at=Date"}
# What goes wrong before pages are served, or by a mistake in the code.
NOT_SHOWN = {
    "SetUpError",
    "TrainingCancelledError",
    "SettingError",
    "Error",
    "ValueError",
    "StoryStuckError",
    "DemoStuckError",
}
_TRANSLATED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?endblocktrans(?:late)?\s*%\}"
    r"|\{%\s*comment\b.*?endcomment\s*%\}"
    r"|\{% block main_class %\}.*?\{% endblock %\}",
    re.DOTALL,
)
_NAME = re.compile("|".join(rf"\b{name}\b" for name in NAMES))
_ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')  # of a fragment that has nothing else
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)


class Untranslated(HTMLParser):
    """Collects the words of a page's source that stand outside of any template tag."""

    SILENT = {"script", "style", "code", "kbd", "pre"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag, attrs):
        self._silent += tag in self.SILENT
        for name, value in attrs:
            if name in READ_ALOUD | DRAWN:
                self._keep(value or "")

    def handle_endtag(self, tag):
        self._silent -= tag in self.SILENT

    def handle_data(self, data):
        if not self._silent:
            self._keep(data)

    def _keep(self, text: str) -> None:
        text = " ".join(text.split())
        said = _NAME.sub("", _ATTRIBUTE.sub("", text))
        if re.search(r"[A-Za-z]{2}", said) and text not in CODES:
            self.found.append(text)


def untranslated(source: str) -> list[str]:
    parser = Untranslated()
    # Blanks around: within a tag it has to read as an attribute.
    parser.feed(_TAG.sub(" \ufffc ", _TRANSLATED.sub("\ufffc", source)))
    parser.close()
    return parser.found


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that is raised as an error without gettext."""
    for node in ast.walk(tree):
        is_error = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            "Error"
        )
        is_shown = is_error and ast.unparse(node.func) not in NOT_SHOWN
        for argument in node.args if is_shown else []:
            if isinstance(argument, ast.JoinedStr) or (
                isinstance(argument, ast.Constant)
                and isinstance(argument.value, str)
                and " " in argument.value
            ):
                yield node.lineno, ast.unparse(argument)


def names_of(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.mark.parametrize("name", names_of(TEMPLATES))
def test_a_template_says_nothing_outside_of_gettext(name):
    assert untranslated((ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", names_of(SPEAKING))
def test_an_error_says_nothing_outside_of_gettext(name):
    assert list(sentences(ast.parse((ROOT / name).read_text()))) == []


@pytest.mark.parametrize("name", names_of(SCRIPTS))
def test_a_script_says_nothing_outside_of_gettext(name):
    """A literal with a space between words, not an argument of gettext."""
    source = (ROOT / name).read_text()
    source = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL)
    source = re.sub(r"gettext\((?:\s*\"(?:[^\"\\]|\\.)*\",?)+", "", source)

    literals = re.findall(r"\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`", source)

    assert [one for one in literals if re.search(r"[A-Z][a-z]+,? [a-z]+", one)] == []


def test_the_check_sees_what_a_reader_or_a_screen_reader_would():
    page = (
        '{% load i18n %}<p title="Says why"{% if a %} hidden{% endif %}>'
        "{{ name }} said so</p>"
        '<b>{% translate "Known" %}</b>'
        "{% blocktranslate %}All <i>of</i> it{% endblocktranslate %}"
        "<code>check_bill</code><script>let it = be</script>"
    )

    assert untranslated(page) == ["Says why", "\ufffc said so"]


def test_the_pseudo_locale_keeps_placeholders_and_shows_what_is_english():
    assert pseudo("%(n)s of <b>all</b>").startswith("⟦%(n)s öf <b>áll</b>·")
    assert left_in_english("⟦Séárçh·⟧ bills ⟦ín ⟦ít⟧ áll⟧ 12") == ["bills"]


@pytest.mark.parametrize("app", ["annotations", "training", "ivr_label"])
def test_no_function_puts_something_else_under_the_name_of_gettext(app):
    """`a, _ = …` makes `_` local, so that `_("…")` in the same function fails."""
    hiding = []
    for path in sorted((ROOT / app).rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                uses = {
                    type(node.ctx)
                    for node in ast.walk(function)
                    if isinstance(node, ast.Name) and node.id == "_"
                }
                if uses >= {ast.Store, ast.Load}:
                    hiding.append(f"{path.name}: {function.name}")

    assert hiding == []
