"""Searching by meaning: nearest first, within the filters, for whoever may see it."""

import numpy as np
import pytest

from annotations.errors import NotFoundError
from annotations.models import Reason
from annotations.services import search
from annotations.services.search import Criteria
from tests.factories import cast
from tests.fakes import FakeEncoder
from training import embeddings
from training.services import meaning_search
from training.serving import query_encoder

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db):
    return cast.ana()


@pytest.fixture
def boris(db):
    return cast.person("boris", "product_owner")


@pytest.fixture
def fake(monkeypatch):
    fake = FakeEncoder()
    monkeypatch.setattr(query_encoder, "encode", lambda text: fake.encode([text])[0])
    monkeypatch.setattr(query_encoder, "COMPARABLE", (fake.name,))
    return fake


@pytest.fixture(params=["each compared", "by the index"])
def said(request, fake, pool, monkeypatch):
    """The pool with its vectors, searched in either of the two ways."""
    if request.param == "by the index":
        monkeypatch.setattr(search, "MOST", 1)
    embeddings.embed_missing(fake, lambda done, total: True)
    return pool


def of_text(text, person, **criteria):
    return meaning_search.of_text(text, Criteria(words=text, **criteria), by=person)


def test_the_nearest_come_first(said, ana):
    found = of_text("pay my bill with a card", ana, source="calls")

    likeness = [one.likeness for one in found]
    assert likeness == sorted(likeness, reverse=True)
    assert all("pay my bill" in one.utterance.text for one in found[:10])


def test_likeness_is_the_cosine(said, fake, ana):
    found = of_text("the internet is down", ana)

    one = found[0]
    ours, theirs = fake.encode(["the internet is down", one.utterance.text])
    assert one.likeness == pytest.approx(float(np.dot(ours, theirs)), abs=1e-5)


def test_the_other_filters_hold(said, boris):
    found = of_text("pay my bill", boris, split="exam")

    assert found and all(one.utterance.split == "exam" for one in found)


def test_a_filter_that_few_of_the_nearest_fit_still_fills_the_page(
    said, fake, monkeypatch, boris
):
    """The graph is gone through further where its first candidates do not fit."""
    monkeypatch.setattr(meaning_search, "CANDIDATES_FILTERED", 3)
    rare = [u for u in said if u.split == "exam"]

    found = of_text(said[1].text, boris, split="exam")

    assert len(found) >= min(3, len(rare)) > 1


def test_neighbours_of_an_utterance_leave_itself_out(said, boris):
    utterance, found = meaning_search.of_utterance(said[1].pk, Criteria(), by=boris)

    assert utterance == said[1]
    assert said[1] not in [one.utterance for one in found]
    assert found[0].utterance.text[:12] == said[1].text[:12]


def test_who_labels_finds_no_exam_item_by_meaning_either(said, ana):
    cast.item(said[1], reason=Reason.RANDOM)

    found = of_text(said[1].text, ana)

    assert all(one.utterance.split == "train" for one in found)
    assert said[1] not in [one.utterance for one in found]
    for hidden in (said[0], said[1]):
        with pytest.raises(NotFoundError):
            meaning_search.of_utterance(hidden.pk, Criteria(), by=ana)


def test_what_has_no_vector_yet_says_so(pool, ana):
    with pytest.raises(NotFoundError, match="No worker has read"):
        meaning_search.of_utterance(pool[1].pk, Criteria(), by=ana)


def test_without_the_graph_the_web_process_makes_none(data_folder, monkeypatch):
    monkeypatch.setattr(query_encoder, "_kept", None)  # of an earlier test's folder

    with pytest.raises(query_encoder.NoEncoderError, match="Search by words"):
        query_encoder.encode("hello")


def test_the_page_shows_the_nearest_and_says_what_it_lacks(said, client, ana):
    client.force_login(ana)

    page = client.get("/search/like?q=pay my bill&source=calls").content.decode()
    of = client.get(f"/search/like?of={said[1].pk}").content.decode()
    empty = client.get("/search/like?source=calls").content.decode()

    assert "nearest, by likeness" in page and "pay my bill number" in page
    assert "Nearest in meaning to" in of and said[1].text in of
    assert "Type what it should mean" in empty
