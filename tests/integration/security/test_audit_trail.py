"""Whoever changes the trail behind the application's back is found out."""

import json
import random
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from annotations.models import AuditEvent, User
from annotations.services import audit, audit_trail

pytestmark = pytest.mark.django_db

TABLE = "annotations_auditevent"


class Rollback(Exception):
    pass


@contextmanager
def passing():
    """What happens inside did not happen."""
    try:
        with transaction.atomic():
            yield
            raise Rollback
    except Rollback:
        pass


def tamper(sql: str, *values: object) -> None:
    """Run as somebody who owns the database: no trigger, no constraint."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def anchors(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    return audit_trail.default_file()


@pytest.fixture
def trail(anchors) -> list[AuditEvent]:
    """Three people and the system at work, anchored at the end."""
    people = [User.objects.create_user(n, name=n, roles=[]) for n in ("a", "b", "c")]
    for number in range(24):
        audit.record(
            by=[*people, None][number % 4],
            action="label.submitted",
            obj=f"annotation:{number}",
            intent="café",
            n=number,
        )
    audit_trail.anchor()
    return list(AuditEvent.objects.order_by("id"))


def kinds(**options: object) -> set[str]:
    return {finding.kind for finding in audit_trail.verify(**options).findings}


def test_an_untouched_trail_is_whole(trail):
    report = audit_trail.verify()

    assert report.is_whole
    assert (report.events, report.streams, report.anchors) == (24, 4, 4)


def test_an_empty_trail_is_whole(anchors):
    assert audit_trail.verify().is_whole


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_changes(trail, verb):
    events = AuditEvent.objects.filter(pk=trail[0].pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        events.update(actor="x") if verb == "update" else events.delete()


@pytest.mark.parametrize("column", ["actor", "action", "object", "payload", "at"])
def test_an_edit_of_any_column_is_found(trail, column):
    value = "now() - interval '1 day'" if column == "at" else f"{column} || 'x'"

    tamper(f"UPDATE {TABLE} SET {column} = {value} WHERE id = %s", trail[9].pk)

    assert kinds() == {"edited"}


def test_an_edit_with_a_fitting_hash_breaks_the_link_after_it(trail):
    tamper(
        f"UPDATE {TABLE} SET actor = 'x', hash = audit_line(stream, seq, prev_hash,"
        " at, 'x', action, object, payload) WHERE id = %s",
        trail[5].pk,
    )

    assert kinds() == {"unlinked"}


def test_a_deleted_event_leaves_a_gap(trail):
    tamper(f"DELETE FROM {TABLE} WHERE id = %s", trail[8].pk)

    assert kinds() == {"gap", "unlinked"}


def test_a_cut_end_is_found_by_its_anchor_only(trail, anchors, tmp_path):
    tamper(f"DELETE FROM {TABLE} WHERE id = %s", trail[-1].pk)

    assert kinds() == {"cut"}
    assert kinds(anchors=tmp_path / "none") == set()


def test_a_stream_that_is_gone_is_found(trail):
    tamper(f"DELETE FROM {TABLE} WHERE stream = 'system'")

    assert kinds() == {"cut"}


def test_a_chain_written_anew_is_found_by_its_anchor(trail):
    tamper(
        f"UPDATE {TABLE} SET actor = 'x', hash = audit_line(stream, seq, prev_hash,"
        " at, 'x', action, object, payload) WHERE id = %s",
        trail[-1].pk,
    )

    assert kinds() == {"rewritten"}


def test_a_changed_anchor_is_found(trail, anchors):
    entry = json.loads(anchors.read_text())
    stream = next(iter(entry["heads"]))
    entry["heads"][stream][1] = "0" * 64
    anchors.write_text(json.dumps(entry) + "\n")

    assert kinds() == {"anchor_changed"}


def test_anchoring_again_writes_only_what_moved(trail, anchors):
    assert audit_trail.anchor() == 0
    audit.record(by=None, action="x", obj="y")

    assert audit_trail.anchor() == 1
    assert len(anchors.read_text().splitlines()) == 2
    assert audit_trail.verify().is_whole


def test_the_anchor_file_is_for_its_owner_only(trail, anchors):
    assert anchors.stat().st_mode & 0o077 == 0


EDIT = f"UPDATE {TABLE} SET {{}} = md5(random()::text) WHERE id = %s"
TAMPERINGS: dict[str, Callable[[random.Random, list[int]], None]] = {
    "edit": lambda rng, ids: tamper(
        EDIT.format(
            rng.choice(["actor", "action", "object", "payload", "hash", "stream"])
        ),
        rng.choice(ids),
    ),
    "delete": lambda rng, ids: tamper(
        f"DELETE FROM {TABLE} WHERE id = ANY(%s)", rng.sample(ids, rng.randint(1, 5))
    ),
    "swap": lambda rng, ids: swap(*rng.sample(ids, 2)),
    "insert": lambda rng, ids: tamper(
        f"INSERT INTO {TABLE} (stream, seq, at, actor, action, object, payload,"
        " prev_hash, hash) SELECT stream, seq + %s, at, actor, action, object,"
        f" payload, prev_hash, md5(random()::text) FROM {TABLE} WHERE id = %s",
        rng.choice([100, 1000]),
        rng.choice(ids),
    ),
    "cut": lambda rng, ids: tamper(
        f"DELETE FROM {TABLE} t WHERE stream = (SELECT stream FROM {TABLE}"
        f" WHERE id = %s) AND seq >= %s",
        rng.choice(ids),
        rng.randint(1, 6),
    ),
}


def swap(one: int, other: int) -> None:
    """Two events trade what they say."""
    tamper(
        f"UPDATE {TABLE} t SET action = o.action, object = o.object,"
        f" payload = o.payload FROM {TABLE} o"
        " WHERE (t.id, o.id) IN ((%s, %s), (%s, %s))",
        one, other, other, one,
    )  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_random_tampering_is_always_found(trail, kind):
    rng = random.Random(kind)
    ids = [event.pk for event in trail]

    for _ in range(40):
        with passing():
            TAMPERINGS[kind](rng, ids)
            assert not audit_trail.verify().is_whole

    assert audit_trail.verify().is_whole


def test_python_and_the_database_hash_alike_whatever_is_written(anchors):
    odd = "tab\t quote\" back\\slash é 📞 \u2028 ' ; {}"
    for _ in range(3):
        audit.record(by=None, action="odd", obj=odd, stream=odd, value=odd)

    assert audit_trail.verify().is_whole


def test_the_command_prints_json_and_ends_with_one_where_changed(trail, capsys):
    call_command("audit", "verify", "--json")
    whole = json.loads(capsys.readouterr().out)
    tamper(f"UPDATE {TABLE} SET actor = 'x' WHERE id = %s", trail[0].pk)

    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify", "--json")
    changed = json.loads(capsys.readouterr().out)

    assert whole["whole"] is True
    assert ended.value.code == 1
    assert changed["findings"][0]["kind"] == "edited"
