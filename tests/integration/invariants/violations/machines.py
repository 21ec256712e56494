"""Violations of what is always true of rounds, models and their data."""

from types import SimpleNamespace

from .statements import (
    ANNOTATION,
    CHECKPOINT,
    EVENT,
    NEW_ID,
    ROUND,
    UTTERANCE,
    Plant,
    change,
    copy,
    drop,
    drop_index,
)

FORCED = "training_forcedpromotion"

MEMBER, SNAPSHOT = "training_snapshotmember", "training_datasetsnapshot"


def one_conversation(w: SimpleNamespace) -> list[str]:
    """Both members of the snapshot are turns of the same conversation."""
    return [
        f"UPDATE {UTTERANCE} SET conversation_id = {w.conversation.pk} WHERE id IN "
        f"(SELECT utterance_id FROM {MEMBER})"
    ]


PLANTS: dict[str, list[Plant]] = {
    "rounds_move_on": [
        lambda w: [change(ROUND, "heartbeat_at = now() - interval '4 minutes'",
                          w.working.pk)],
        lambda w: [change(ROUND, "heartbeat_at = NULL, requested_at = now() -"
                          " interval '4 minutes'", w.working.pk)],
    ],
    "rounds_give_up": [lambda w: [change(ROUND, "attempts = 4", w.working.pk)]],
    "one_working_round_per_family": [
        lambda w: [
            *drop_index("one_working_round_per_family"),
            copy(ROUND, w.working.pk),
        ],
    ],
    "ended_rounds_have_an_end": [
        lambda w: [
            *drop(ROUND, "ended_rounds_have_an_end"),
            change(ROUND, "finished_at = NULL", w.round.pk),
        ],
        lambda w: [change(ROUND, "finished_at = now()", w.working.pk)],
    ],
    "shadow_has_what_it_waits_for": [
        lambda w: [
            *drop(ROUND, "shadow_has_what_it_waits_for"),
            change(ROUND, "status = 'shadow', heartbeat_at = NULL", w.working.pk),
        ],
    ],
    "promoted_after_its_shadow": [
        lambda w: [
            *drop(ROUND, "promoted_after_its_shadow"),
            change(ROUND, "shadow_needed = 5, shadow_seen = 4", w.round.pk),
        ],
    ],
    "promoted_rounds_promoted": [
        lambda w: [change(ROUND, "challenger_id = NULL", w.round.pk)],
    ],
    "one_champion_per_family": [
        lambda w: [
            *drop_index("one_champion_per_family"),
            change(CHECKPOINT, "state = 'champion'", w.old.pk),
        ],
    ],
    "champions_were_gated": [
        lambda w: [change(CHECKPOINT, "gate_passed = false", w.champion.pk)],
        lambda w: [
            *drop(CHECKPOINT, "champion_was_gated"),
            change(CHECKPOINT, "gate_passed = NULL", w.champion.pk),
        ],
    ],
    "forced_promotions_have_two_people": [
        lambda w: [
            *drop(FORCED, "force_confirmed_by_a_second_person"),
            change(FORCED, "decided_by_id = requested_by_id", w.forced.pk),
        ],
        lambda w: [
            *drop(FORCED, "force_decided_completely"),
            change(FORCED, "decided_by_id = NULL", w.forced.pk),
        ],
    ],
    "forced_promotions_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'force.requested'"],
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'force.confirmed'"],
    ],
    "champions_have_content": [
        lambda w: [change(CHECKPOINT, "manifest_sha256 = ''", w.champion.pk)],
        lambda w: [change(CHECKPOINT, "path = ''", w.champion.pk)],
    ],
    "promotion_open_while_champion": [
        lambda w: [change("training_promotion", "to_at = from_at", w.present.pk)],
        lambda w: [change(CHECKPOINT, "state = 'retired'", w.champion.pk)],
    ],
    "promotions_do_not_overlap": [
        lambda w: [
            *drop("training_promotion", "promotions_do_not_overlap"),
            change("training_promotion", "to_at = to_at + interval '1 hour'",
                   w.past.pk),
        ],
    ],
    "promotions_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'checkpoint.promoted'"
                   f" AND object = 'checkpoint:{w.champion.pk}'"],
    ],
    "one_checkpoint_per_attempt": [
        lambda w: [
            *drop_index("one_checkpoint_per_attempt"),
            change(CHECKPOINT, f"round_id = {w.round.pk}", w.old.pk),
        ],
    ],
    "snapshots_are_complete": [
        lambda w: ["DELETE FROM training_snapshotmember WHERE split = 'train'"],
    ],
    "exam_is_never_trained_on": [
        lambda w: [change("training_snapshotmember", "split = 'train'",
                          w.exam_label.pk, "annotation_id")],
        lambda w: [change("training_snapshotmember", "split = 'exam'",
                          w.single.pk, "annotation_id")],
    ],
    "members_are_labels_of_their_text": [
        lambda w: [change("training_snapshotmember", f"annotation_id = '{w.agreed.pk}'",
                          w.single.pk, "annotation_id")],
        lambda w: [
            *drop("training_snapshotmember", "member_once_per_snapshot"),
            "INSERT INTO training_snapshotmember (snapshot_id, utterance_id,"
            " annotation_id, split, calls, marks_known) SELECT snapshot_id,"
            " utterance_id, annotation_id, split, calls, marks_known"
            " FROM training_snapshotmember",
        ],
    ],
    "conversations_are_on_one_side": [
        lambda w: [
            *one_conversation(w),
            f"UPDATE {MEMBER} SET split = 'valid' WHERE split = 'exam'",
        ],
        lambda w: [
            *one_conversation(w),
            f"UPDATE {SNAPSHOT} SET description = "
            """'{"card": {"separate_conversations": true}}'""",
        ],
    ],
    "unread_texts_are_not_trained_on": [
        lambda w: [change(UTTERANCE, "redaction = 'light'", w.text.pk)],
    ],
    "reported_texts_are_not_trained_on": [
        lambda w: [
            copy(ANNOTATION, w.report.pk, id=NEW_ID, utterance_id=str(w.text.pk),
                 created_at="now() - interval '1 day'")
        ],
    ],
    "unread_texts_have_no_embedding": [
        lambda w: [change("training_utteranceembedding",
                          f"utterance_id = {w.light.pk}", w.pool.pk, "utterance_id")],
        lambda w: [change("annotations_suggestion", f"utterance_id = {w.light.pk}",
                          w.pool.pk, "utterance_id")],
    ],
    "live_turns_reach_the_pool": [
        lambda w: [change("training_liveturn",
                          "created_at = now() - interval '11 minutes'", w.turn.pk)],
    ],
    "pooled_turns_hold_no_words": [
        lambda w: [
            *drop("training_liveturn", "pooled_turn_holds_no_words"),
            change("training_liveturn", "pooled_at = now()", w.turn.pk),
        ],
        lambda w: [change("training_liveturn", "pooled_at = now(), text = '',"
                          " context = '[]'", w.turn.pk)],
    ],
    "drift_alarms_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'drift.alarm'"],
        lambda w: [
            *drop("training_driftcheck", "drift_alarm_is_of_a_done_check"),
            change("training_driftcheck", "status = 'failed'", w.check.pk),
        ],
    ],
}  # fmt: skip
