"""What is marked in the browser is what the server cuts out, in every script."""

import random
import uuid

import pytest
from django.utils import timezone

from annotations.models import Annotation, Intent, ParameterSpan, User, Utterance
from annotations.services import answers
from annotations.services.answers import Answer, SpanAnswer
from tests.functional import desk_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PIECES = (
    *("charge", "é", "e\u0301", "ﬁ", "ß", "İ", "日本語", "한국어", "مرحبا", "שלום"),
    *("👍🏽", "👨\u200d👩\u200d👧", "🇩🇪", "\U0001d54f", "[ACCOUNT_NUMBER_1]", "12.50"),
    *("don't", "\u200b", "\u202e", "\u200d", "<b>", "&amp;", '"', "  ", "\t"),
    *("\u00a0", "—", "z\u0351\u0323\u0489", "\r\n", "\r"),
)
N_CASES = 1000
WAYS = ("keyboard", "clicks", "drag")

# One editor a case, in a box that lies above the page. The mouse's ways take only words
# that can be hit: of a joiner or an isolated accent nothing is to be seen.
MARK = """(cases) => {
    const box = document.body.appendChild(document.createElement('div'));
    Object.assign(box.style, {position: 'fixed', inset: '0 auto auto 0', zIndex: 99,
        width: '1200px', font: '24px/2 serif', whiteSpace: 'pre-wrap'});
    const middle = (node) => {
        const {left, top, width, height} = node.getBoundingClientRect();
        return {clientX: left + width / 2, clientY: top + height / 2};
    };
    return cases.map(({html, way, from, to, fine}) => {
        const host = box.appendChild(document.createElement('bdi'));
        host.innerHTML = html;
        const whole = host.textContent;
        const editor = new IVR.SpanEditor(host, whole, {onChange() {}, onSelect() {}});
        editor.use(['amount']);
        const pieceOf = (word) => host.querySelector(`[data-s="${word.start}"]`);
        const isHit = (word) => {
            const at = middle(pieceOf(word));
            return document.elementFromPoint(at.clientX, at.clientY) === pieceOf(word);
        };
        const words = way === 'keyboard' ? editor.words : editor.words.filter(isHit);
        let asked = null;
        if (words.length) {
            const [first, last] = [from, to].map((n) => Math.floor(n * words.length))
                .sort((a, b) => a - b).map((n) => words[n]);
            asked = [first.start, last.end];
            const send = (type, word, more) => host.dispatchEvent(new PointerEvent(type,
                {bubbles: true, pointerType: 'mouse', detail: 1,
                 ...middle(pieceOf(word)), ...more}));
            if (way === 'keyboard') {
                const places = words.map((word) => word.start);
                editor.enter();
                for (let n = places.indexOf(first.start); n > 0; n -= 1) editor.move(1);
                const wide = places.indexOf(last.start) - places.indexOf(first.start);
                for (let n = wide; n > 0; n -= 1) editor.move(1, {extend: true});
                for (let n = Math.abs(fine); n > 0; n -= 1)
                    editor.move(Math.sign(fine), {byCharacter: true});
                asked = fine ? null : asked;
            } else if (way === 'clicks') {
                send('click', first);
                if (last !== first) send('click', last);
            } else {
                send('pointerdown', first, {buttons: 1});
                send('pointermove', first, {buttons: 1});
                send('pointermove', last, {buttons: 1});
                send('pointerup', last);
                send('click', last);
                if (last === first) send('click', last);
            }
        } else editor.select({start: 0, end: editor.chars.length});
        const held = [...host.querySelectorAll('.hold')];
        const seen = held.map((node) => node.textContent).join('');
        editor.mark('amount');
        const [span] = editor.shown;
        const drawn = host.querySelector('.span').textContent;
        const found = {start: span.start, end: span.end, words: editor.text(span),
            seen, drawn, whole: host.textContent, asked};
        host.remove();
        return found;
    });
}"""


def test_a_thousand_marks_are_stored_as_they_were_seen(page, sign_in, live_server):
    from annotations.templatetags.shell import exact

    rng = random.Random(20261122)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 14))) for _ in range(N_CASES)]
    cases = [
        {"html": exact(text), "way": WAYS[n % 3], "from": rng.random(),
         "to": rng.random(), "fine": rng.choice((0, 0, -2, -1, 1, 3))}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    world.intents()
    sign_in(world.ana())
    page.goto(f"{live_server.url}/label")

    marks = page.evaluate(MARK, cases)

    for text, case, mark in zip(texts, cases, marks, strict=True):
        assert mark["whole"] == text
        assert mark["seen"] == mark["drawn"] == mark["words"], case
        assert mark["asked"] in (None, [mark["start"], mark["end"]]), case
    stored = store(texts, marks)
    assert [span.text for span in stored] == [mark["seen"] for mark in marks]
    for text, span in zip(texts, stored, strict=True):
        assert text[span.start : span.end] == span.text


def store(texts: list[str], marks: list[dict]) -> list[ParameterSpan]:
    """Every mark through the server's check and the database's; every third one stands
    in an earlier turn."""
    ana = User.objects.get(username="ana")
    charge = Intent.objects.get(name="dispute_charge")
    spans = []
    for n, (text, mark) in enumerate(zip(texts, marks, strict=True)):
        turn = 1 if n % 3 == 0 else None
        said = Utterance(
            text="yes" if turn else text,
            context=[{"role": "bot", "text": "?"}, {"role": "caller", "text": text}],
            dedupe_key=n.to_bytes(32),
            split="train",
            created_at=timezone.now(),
        )
        place = SpanAnswer(
            mark["start"], mark["end"], "amount", mark["words"], turn=turn
        )
        answer = Answer(uuid.uuid4(), n, "dispute_charge", (place,))
        [checked] = answers.check(said, answer).spans
        event = Annotation(
            id=answer.uuid, kind="label", utterance=said, annotator=ana,
            intent=charge, body_hash="0" * 64,
        )  # fmt: skip
        spans.append(ParameterSpan(annotation=event, **vars(checked)))
    Utterance.objects.bulk_create([span.annotation.utterance for span in spans])
    Annotation.objects.bulk_create([span.annotation for span in spans])
    ParameterSpan.objects.bulk_create(spans)
    return list(ParameterSpan.objects.order_by("pk"))


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
    world.settle(page)
    page.keyboard.press("Enter")
    page.locator("#empty").wait_for()

    span = ParameterSpan.objects.get()
    assert span.text == text[text.index("twelve") : text.index("dollars") + 7]
    assert item.utterance.text[span.start : span.end] == span.text
