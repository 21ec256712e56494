"""A catalogue in locale/ is all that another language needs."""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation import trans_real

from annotations.errors import InvalidError
from annotations.services import proposals
from ivr_label.env import SettingError
from ivr_label.languages import translated_languages
from tests.factories import cast

PAGES = {
    "Intents": "Intenciones",
    "Choose the domain it would belong to.": "Elija el dominio.",
}
SCRIPTS = {"Shorter:": "Más corto:"}


def compiled(messages: Mapping[str, str]) -> bytes:
    """The .mo file that gettext reads: sorted originals, then translations.

    https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
    """
    pairs = sorted(
        {"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items()
    )
    texts = [text.encode() for column in zip(*pairs, strict=True) for text in column]
    head = 28
    at = head + 8 * len(texts)
    places, body = b"", b""
    for text in texts:
        places += struct.pack("<II", len(text), at + len(body))
        body += text + b"\0"
    n = len(pairs)
    return (
        struct.pack("<7I", 0x950412DE, 0, n, head, head + 8 * n, 0, at) + places + body
    )


@pytest.fixture
def spanish(tmp_path, settings) -> Iterator[Path]:
    """An installation whose pages are in Spanish, as far as two catalogues go."""
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    for domain, messages in (("django", PAGES), ("djangojs", SCRIPTS)):
        (folder / f"{domain}.po").touch()
        (folder / f"{domain}.mo").write_bytes(compiled(messages))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGE_CODE = "es"
    trans_real._default = None
    yield tmp_path
    trans_real._default = None
    trans_real._translations.pop("es", None)


def test_pages_and_refusals_come_in_the_installations_language(spanish, db):
    ana, client = cast.ana(), Client()
    client.force_login(ana)

    page = client.get("/intents").content.decode()

    assert '<html lang="es"' in page
    assert "<h1>Intenciones</h1>" in page
    assert 'src="/words.js"' in page
    with pytest.raises(InvalidError, match="Elija el dominio"):
        proposals.propose(title="Pausa", description="Pausa", domain="", by=ana)


def test_scripts_get_their_words_in_it(spanish, client):
    words = client.get("/words.js").content.decode()

    assert r"M\u00e1s corto:" in words


def test_english_pages_load_no_catalogue(db, client):
    page = client.get("/sign-in").content.decode()

    assert "words.js" not in page


def test_a_language_counts_once_its_catalogue_is_compiled(spanish):
    assert translated_languages(spanish) == ("en", "es")

    (spanish / "es" / "LC_MESSAGES" / "django.mo").unlink()

    with pytest.raises(SettingError, match="compilemessages"):
        translated_languages(spanish)


def test_a_region_is_written_as_browsers_do(tmp_path):
    folder = tmp_path / "pt_BR" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").touch()
    (folder / "django.mo").touch()

    assert translated_languages(tmp_path) == ("en", "pt-br")
