from hypothesis import given
from hypothesis import strategies as st

from annotations.intake.normalize import dedupe_key, is_exam, normalize

KEY = b"k" * 32


def test_case_space_and_punctuation_do_not_tell_texts_apart():
    said = [
        "Why's my bill so HIGH?",
        "  whys my bill, so high ",
        "why\u2019s my bill so high",
    ]

    assert {normalize(text) for text in said} == {"whys my bill so high"}


def test_placeholders_count_by_type_and_not_by_number():
    one = normalize("account [ACCOUNT_NUMBER_1] please")

    assert one == normalize("account [ACCOUNT_NUMBER_12], please")
    assert one != normalize("account [CARD_1] please")


def test_full_width_letters_are_letters():
    assert normalize("ＡＢＣ １２") == "abc 12"  # noqa: RUF001


def test_texts_of_nothing_but_signs_stay_apart():
    assert normalize("???") != normalize("!!!")
    assert normalize("???")


def test_the_key_depends_on_the_secret():
    assert dedupe_key("hello", KEY) == dedupe_key("Hello!", KEY)
    assert dedupe_key("hello", KEY) != dedupe_key("hello", b"x" * 32)
    assert len(dedupe_key("hello", KEY)) == 32


def test_the_exam_is_a_stable_share_that_only_grows():
    keys = [dedupe_key(f"utterance {n}", KEY) for n in range(20_000)]

    small = {key for key in keys if is_exam(key, KEY, 0.1)}
    large = {key for key in keys if is_exam(key, KEY, 0.2)}

    assert small < large
    assert 0.09 < len(small) / len(keys) < 0.11
    assert not any(is_exam(key, KEY, 0.0) for key in keys)


@given(st.text(max_size=60))
def test_normalizing_twice_is_normalizing_once(text):
    once = normalize(text)

    assert normalize(once) == once
