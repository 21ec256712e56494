"""What is marked in the browser is what the server cuts out, in every script."""

import random

import pytest

from annotations.models import ParameterSpan
from tests.functional import desk_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PIECES = (
    *("charge", "é", "e\u0301", "ﬁ", "ß", "İ", "日本語", "한국어", "مرحبا", "שלום"),
    *("👍🏽", "👨\u200d👩\u200d👧", "🇩🇪", "\U0001d54f", "[ACCOUNT_NUMBER_1]", "12.50"),
    *("don't", "\u200b", "\u202e", "\u200d", "<b>", "&amp;", '"', "  ", "\t"),
    *("\u00a0", "—", "z\u0351\u0323\u0489", "\r\n", "\r"),
)
N_TEXTS, N_RANGES = 100, 10

CUT = """([texts, ranges]) => texts.map((text, k) => {
    const host = document.createElement('bdi');
    host.innerHTML = text;
    const shown = host.textContent;
    const editor = new IVR.SpanEditor(host, shown, {onChange() {}, onSelect() {}});
    editor.use(['amount']);
    return ranges[k].map(([start, end]) => {
        editor.spans = [];
        editor.select({start, end});
        editor.mark('amount');
        const span = editor.shown[0];
        return [span.start, span.end, editor.text(span),
                host.querySelector('.span').textContent, host.textContent];
    });
})"""


def test_a_thousand_marks_read_the_same_on_both_sides(page, sign_in, live_server):
    from annotations.templatetags.shell import exact

    rng = random.Random(20261122)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 14))) for _ in range(N_TEXTS)]
    ranges = [
        [sorted(rng.sample(range(len(text) + 1), 2)) for _ in range(N_RANGES)]
        for text in texts
    ]
    sign_in(world.ana())
    page.goto(f"{live_server.url}/label")

    cuts = page.evaluate(CUT, [[exact(text) for text in texts], ranges])

    for text, asked, cut in zip(texts, ranges, cuts, strict=True):
        for (start, end), (s, e, words, drawn, whole) in zip(asked, cut, strict=True):
            assert (s, e) == (start, end)
            assert words == drawn == text[start:end]
            assert whole == text


@pytest.mark.parametrize(
    "text",
    [
        "pay 👍🏽 twelve \U0001d54f dollars",
        "ادفع twelve שלום dollars",
        "a\u0301 twelve\r\n dollars",
    ],
)
def test_a_mark_after_odd_characters_is_stored_where_it_was_seen(
    page, sign_in, live_server, text
):
    world.intents()
    item = world.suggested(text, "dispute_charge")
    sign_in(world.ana())
    page.goto(f"{live_server.url}/label")
    page.locator("#params").wait_for()

    page.locator("#utterance .w", has_text="twelve").click()
    page.locator("#utterance .w", has_text="dollars").click()
    page.locator("#marker button", has_text="amount").click()
    page.wait_for_timeout(260)
    page.keyboard.press("Enter")
    page.locator("#empty").wait_for()

    span = ParameterSpan.objects.get()
    assert span.text == text[text.index("twelve") : text.index("dollars") + 7]
    assert item.utterance.text[span.start : span.end] == span.text
