import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from ivr_label.parsers import StorableJSONParser


def parse(body: bytes) -> object:
    return StorableJSONParser().parse(io.BytesIO(body))


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.recursive(
        TEXTS | st.integers(), lambda x: st.lists(x) | st.dictionaries(TEXTS, x)
    )
)
def test_whatever_can_be_stored_is_read_as_it_is(data):
    assert parse(json.dumps(data).encode()) == data
    assert parse(json.dumps(data, ensure_ascii=False).encode()) == data


@pytest.mark.parametrize(
    "body",
    [
        rb'{"text": "a\u0000b"}',
        b'{"text": "a\0b"}',
        rb'{"text": "\ud800"}',
        rb'{"text": ["deep", {"deeper": "\uDFFF\uD800"}]}',
        rb'{"\udc00": 1}',
    ],
)
def test_a_nul_or_half_a_surrogate_pair_is_refused_wherever_it_stands(body):
    with pytest.raises(ParseError, match="NUL"):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"9" * 5000],
    ids=["empty", "cut", "not utf-8", "nan", "infinity", "deep", "long number"],
)
def test_what_is_no_json_is_refused_and_never_a_crash(body):
    with pytest.raises(ParseError, match="not valid JSON"):
        parse(body)
