import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from annotations.demo import calls, catalogue, storm
from annotations.demo.wordlists import TEST_CARDS

KNOWN = catalogue.load()
N = 8000


@pytest.fixture(scope="module")
def records():
    return list(calls.generate_records(N, seed=7))


@pytest.fixture(scope="module")
def spoken(records):
    return [record for record in records if record["source"] == "calls"]


def test_exactly_as_many_records_as_asked_for(records):
    assert len(records) == N
    assert len(list(calls.generate_records(1, seed=7))) == 1
    assert list(calls.generate_records(0, seed=7)) == []


def test_a_longer_run_begins_with_the_shorter_one(records):
    assert list(calls.generate_records(500, seed=7)) == records[:500]


def test_another_seed_makes_other_calls(records):
    others = list(calls.generate_records(200, seed=8))

    assert [r["text"] for r in others] != [r["text"] for r in records[:200]]


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(records):
    program = (
        "import hashlib, json; from annotations.demo import calls\n"
        "rows = list(calls.generate_records(500, seed=7))\n"
        "print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
    )
    here = hashlib.sha256(json.dumps(records[:500]).encode()).hexdigest()

    there = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert there.stdout.strip() == here


def test_spans_lie_in_the_text_apart_and_belong_to_the_function(records):
    with_spans = 0
    for record in records:
        end_of_last = 0
        for span in sorted(record["spans"], key=lambda s: s["start"]):
            assert end_of_last <= span["start"] < span["end"] <= len(record["text"])
            said = record["text"][span["start"] : span["end"]]
            assert said == said.strip()
            assert span["param"] in KNOWN.by_name[record["intent"]].parameters
            end_of_last = span["end"]
        with_spans += bool(record["spans"])
    assert with_spans > N / 4


def test_span_values_satisfy_their_schema(records):
    for record in records:
        for span in record["spans"]:
            rule = KNOWN.parameters[span["param"]].rule
            value = span["value"]
            assert value in rule.get("enum", [value])
            assert re.search(rule.get("pattern", ""), value)
            if rule["type"] == "integer":
                int(value)
            if rule.get("format") == "date":
                datetime.fromisoformat(value)


def test_speech_is_lower_case_without_punctuation(spoken):
    for record in spoken:
        assert re.fullmatch(r"[a-z0-9' ]+", record["text"]), record["text"]


def test_writing_is_longer_and_punctuated(records, spoken):
    tickets = [r["text"] for r in records if r["source"] == "tickets"]

    def mean_length(texts):
        return sum(map(len, texts)) / len(texts)

    assert mean_length(tickets) > 2 * mean_length([r["text"] for r in spoken])
    assert all(re.search("[.?,]", text) for text in tickets)


def test_every_source_and_nearly_every_intent_occurs(records):
    assert {r["source"] for r in records} == {
        "calls",
        "tickets",
        "faq",
        "crm",
        "feedback",
        "expert",
    }
    assert len({r["intent"] for r in records}) > 0.95 * len(KNOWN.intents)


def test_requests_are_zipf_shaped(records):
    requests = {i.name for i in KNOWN.requests_by_popularity if i.iteration < 4}
    counts = Counter(r["intent"] for r in records if r["intent"] in requests)
    ranked = [count for _, count in counts.most_common()]

    assert ranked[0] > 10 * ranked[-1]
    assert sum(ranked[:20]) > 0.3 * sum(ranked)


def test_frequencies_favour_the_first_iteration(records):
    per_intent = Counter()
    for record in records:
        intent = KNOWN.by_name[record["intent"]]
        if intent in KNOWN.requests_by_popularity and intent.domain != "conversation":
            per_intent[intent.iteration] += 1
    sizes = Counter(i.iteration for i in KNOWN.intents if i.domain != "conversation")
    means = [per_intent[n] / sizes[n] for n in (1, 2, 3)]

    assert means[0] > means[1] > means[2]


def test_texts_are_diverse_and_still_repeat(records):
    texts = Counter(record["text"] for record in records)

    assert len(texts) > 0.6 * N
    assert sum(count for count in texts.values() if count > 1) > 0.05 * N


def test_out_of_scope_is_about_one_in_twenty(records):
    share = sum(r["intent"] == "oos" for r in records) / N

    assert 0.03 < share < 0.07


def test_the_bot_is_right_about_78_times_in_100(spoken):
    right = sum(r["bot_intent"] == r["intent"] for r in spoken) / len(spoken)

    assert 0.75 < right < 0.81


def test_most_of_the_bots_mistakes_are_look_alikes(spoken):
    wrong = [r for r in spoken if r["bot_intent"] != r["intent"]]
    alike = sum(r["bot_intent"] in KNOWN.by_name[r["intent"]].confusable for r in wrong)

    assert alike > 0.7 * len(wrong)


def test_fallbacks_are_the_unconfident_turns(spoken):
    assert all(r["is_fallback"] == (r["bot_confidence"] < 0.45) for r in spoken)
    assert 0.08 < sum(r["is_fallback"] for r in spoken) / len(spoken) < 0.25


def test_calls_with_more_mistakes_are_contained_less_often():
    contained, all_calls = Counter(), Counter()
    for call in calls.generate_calls(N, seed=7):
        if call.source != "calls":
            assert call.outcome == ""
            continue
        guessed = [turn for turn in call.turns if turn.guess]
        mistakes = min(2, sum(t.guess.intent != t.intent for t in guessed))
        all_calls[mistakes] += 1
        contained[mistakes] += call.outcome == "contained"
    share = [contained[n] / all_calls[n] for n in (0, 1, 2)]

    assert share[0] > share[1] > share[2]
    assert 0.38 < sum(contained.values()) / sum(all_calls.values()) < 0.55


def test_turns_are_numbered_and_context_is_what_came_before(records):
    by_call = {}
    for record in records:
        by_call.setdefault(record["conversation_id"], []).append(record)
    for rows in by_call.values():
        for record in rows:
            assert len(record["context"]) == record["turn"]
        for earlier, later in pairwise(rows):
            assert {"role": "caller", "text": earlier["text"]} in later["context"]
            assert earlier["occurred_at"] < later["occurred_at"]
    assert any(len(rows) > 4 for rows in by_call.values())


def test_calls_lie_in_the_sixty_days_before_the_end(records):
    times = [datetime.fromisoformat(record["occurred_at"]) for record in records]

    assert min(times) >= calls.ENDS_AT - timedelta(days=60)
    assert max(times) < calls.ENDS_AT + timedelta(hours=1)
    assert max(times) - min(times) > timedelta(days=55)


def test_phone_numbers_are_the_fictional_ones(records):
    phones = [
        span["value"]
        for record in records
        for span in record["spans"]
        if span["param"] == "phone_number"
    ]

    assert len(phones) > 50
    assert all(re.fullmatch(r"\d{3}55501\d\d", phone) for phone in phones)


def test_mail_addresses_lie_in_example_domains(records):
    mails = [
        span["value"]
        for record in records
        for span in record["spans"]
        if span["param"] == "email"
    ]

    assert mails
    assert all(re.search(r"@example\.(com|net|org)$", mail) for mail in mails)


def test_sixteen_digits_in_a_row_are_a_published_test_card(records):
    found = set()
    for record in records:
        found |= set(re.findall(r"\d{16}", record["text"].replace(" ", "")))

    assert found
    assert found <= set(TEST_CARDS)


def test_the_storm_is_in_both_halves_of_the_last_month_and_not_before(spoken):
    ages = [
        (calls.ENDS_AT - datetime.fromisoformat(record["occurred_at"])).days
        for record in spoken
        if "storm" in record["text"].split() and "fiber" in record["text"].split()
    ]

    recent = sum(age < 15 for age in ages)
    assert min(recent, len(ages) - recent) > 0.3 * len(ages) > 30
    assert max(ages) <= storm.DAYS


def test_what_callers_say_in_the_storm_belongs_to_intents_of_the_catalogue():
    for name, patterns in storm.LINES.items():
        known = set(KNOWN.by_name[name].parameters)
        assert {slot for pattern in patterns for slot in pattern.slots} <= known
