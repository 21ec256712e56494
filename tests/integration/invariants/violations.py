"""For each invariant, statements that break it in the world of world.py.

They run as somebody who owns the database would: triggers and foreign keys off, and
constraints dropped where one stands in the way.
"""

from collections.abc import Callable
from types import SimpleNamespace

Plant = Callable[[SimpleNamespace], list[str]]

ANNOTATION = "annotations_annotation"
UTTERANCE = "annotations_utterance"
ITEM = "annotations_queueitem"
SCHEMA = "annotations_schemaversion"
EVENT = "annotations_auditevent"
CANDIDATE = "annotations_errorcandidate"
ROUND = "training_round"
CHECKPOINT = "training_checkpoint"


def change(table: str, what: str, row: object, key: str = "id") -> str:
    return f"UPDATE {table} SET {what} WHERE {key} = '{row}'"


def copy(table: str, row: object, **changes: str) -> str:
    """Insert the row once more with some columns set to SQL expressions.

    A generated id is skipped, so that the copy gets one of its own.
    """
    if "id" not in changes:
        changes["id"] = f"nextval('{table}_id_seq')"
    values = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object("
        f"{values}))).* FROM {table} t WHERE t.id = '{row}'"
    )


def drop(table: str, *names: str) -> list[str]:
    return [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in names]


def drop_index(*names: str) -> list[str]:
    return [f"DROP INDEX {name}" for name in names]


NEW_ID = "gen_random_uuid()"

PLANTS: dict[str, list[Plant]] = {
    "bulk_members_have_what_was_done": [
        lambda w: [
            "INSERT INTO annotations_bulkaction (id, kind, status, created_by_id)"
            f" VALUES (gen_random_uuid(), 'exclude', 'done', {w.ana.pk})",
            "INSERT INTO annotations_bulkmember (action_id, utterance_id, state, why)"
            f" SELECT id, {w.skipped.pk}, 'done', '' FROM annotations_bulkaction",
        ],
    ],
    "one_standing_answer_per_person": [
        lambda w: [copy(ANNOTATION, w.first.pk, id=NEW_ID)],
    ],
    "answers_have_their_utterance": [
        lambda w: [f"DELETE FROM {UTTERANCE} WHERE id = {w.skipped.pk}"],
        lambda w: [f"DELETE FROM annotations_user WHERE id = {w.ana.pk}"],
    ],
    "gold_is_a_standing_label": [
        lambda w: [
            copy(ANNOTATION, w.undo.pk, id=NEW_ID, undoes_id=f"'{w.single.pk}'")
        ],
        lambda w: [change("annotations_goldlabel", f"intent_id = {w.hello.pk}",
                          w.text.pk, "utterance_id")],
        lambda w: [change("annotations_goldlabel", f"annotation_id = '{w.report.pk}'",
                          w.text.pk, "utterance_id")],
    ],
    "status_follows_the_answers": [
        lambda w: [change(UTTERANCE, "status = 'pool'", w.text.pk)],
        lambda w: [change(UTTERANCE, "status = 'labeled'", w.pool.pk)],
        lambda w: [change(UTTERANCE, "status = 'pool'", w.reported.pk)],
        lambda w: [change(UTTERANCE, "status = 'labeled'", w.open_dispute.pk)],
        lambda w: [
            f"DELETE FROM annotations_goldlabel WHERE utterance_id = {w.text.pk}"
        ],
    ],
    "gold_follows_the_rule": [
        lambda w: [change("annotations_goldlabel", f"annotation_id = '{w.first.pk}'",
                          w.agreed_text.pk, "utterance_id")],
        lambda w: [change("annotations_goldlabel", f"annotation_id = '{w.revised.pk}'",
                          w.revised_text.pk, "utterance_id")],
        lambda w: [change("annotations_goldlabel", "rule = 'single'",
                          w.disputed.pk, "utterance_id")],
        lambda w: [
            copy(ANNOTATION, w.review.pk, id=NEW_ID, annotator_id=str(w.ana.pk),
                 created_at="created_at + interval '1 minute'")
        ],
    ],
    "undo_is_of_ones_own_answer": [
        lambda w: [change(ANNOTATION, f"annotator_id = {w.ben.pk}", w.undo.pk)],
        lambda w: [change(ANNOTATION, f"utterance_id = {w.pool.pk}", w.undo.pk)],
        lambda w: [change(ANNOTATION, "is_review = true", w.undo.pk)],
        lambda w: [
            *drop(ANNOTATION, "annotations_annotation_undoes_id_key"),
            copy(ANNOTATION, w.undo.pk, id=NEW_ID),
        ],
    ],
    "spans_read_as_stored": [
        lambda w: [
            "UPDATE annotations_parameterspan SET start = start - 1 WHERE turn IS NULL"
            f" AND annotation_id = '{w.single.pk}'"
        ],
        lambda w: [change("annotations_parameterspan", "turn = 7",
                          w.single.pk, "annotation_id")],
        lambda w: [change("annotations_parameterspan", "text = 'june'",
                          w.single.pk, "annotation_id")],
        lambda w: [change("annotations_parameterspan", '"end" = 1999',
                          w.single.pk, "annotation_id")],
        lambda w: [change(UTTERANCE, "text = '📞 ' || text", w.text.pk)],
        lambda w: [change(UTTERANCE, "context = '[]'", w.text.pk)],
    ],
    "reported_places_lie_in_their_text": [
        lambda w: [change(UTTERANCE, "text = 'short'", w.released.pk)],
    ],
    "acts_are_of_labels": [
        lambda w: [
            *drop(ANNOTATION, "annotation_acts_are_of_labels"),
            change(ANNOTATION, "is_misheard = true", w.report.pk),
        ],
        lambda w: [
            *drop(ANNOTATION, "annotation_act_known"),
            change(ANNOTATION, "act = 'shrugs'", w.single.pk),
        ],
    ],
    "spans_do_not_overlap": [
        lambda w: [
            "UPDATE annotations_parameterspan SET start = 10, text = substr("
            f"'{w.text.text}', 11, 11) WHERE annotation_id = '{w.single.pk}'"
            " AND param = 'bill_month' AND turn IS NULL"
        ],
    ],
    "required_parameters_are_settled": [
        lambda w: [
            f"DELETE FROM annotations_parameterspan WHERE param = 'account_number'"
            f" AND annotation_id = '{w.single.pk}'"
        ],
        lambda w: [
            f"UPDATE {ANNOTATION} SET not_spoken = '{{}}' WHERE not_spoken <> '{{}}'"
        ],
    ],
    "only_known_parameters": [
        lambda w: [change("annotations_parameterspan", "param = 'shoe_size'",
                          w.single.pk, "annotation_id")],
        lambda w: [change(ANNOTATION, "not_spoken = '{bill_month}'", w.single.pk)],
        lambda w: [change(ANNOTATION, "not_spoken = '{shoe_size}'", w.single.pk)],
    ],
    "schema_belongs_to_the_intent": [
        lambda w: [change(ANNOTATION, f"intent_id = {w.hello.pk}", w.single.pk)],
    ],
    "labels_under_approved_schemas": [
        lambda w: [change(SCHEMA, "approved_at = now() + interval '1 day'",
                          w.schema.pk)],
    ],
    "exam_answers_are_blind": [
        lambda w: [change(ANNOTATION, "blind = false", w.exam_label.pk)],
    ],
    "nobody_reviews_their_own": [
        lambda w: [change(ANNOTATION, f"annotator_id = {w.ben.pk}", w.review.pk)],
        lambda w: [change(ANNOTATION, "is_review = true", w.undo.pk)],
    ],
    "only_reviewers_events_are_reviews": [
        lambda w: [
            *drop(ANNOTATION, "annotation_says_something"),
            change(ANNOTATION, "is_review = false", w.reopened.pk),
        ],
    ],
    "candidates_suspect_a_label_of_their_text": [
        lambda w: [change(CANDIDATE, f"utterance_id = {w.pool.pk}", w.suspicion.pk)],
        lambda w: [change(CANDIDATE, f"annotation_id = '{w.report.pk}',"
                          f" utterance_id = {w.reported.pk}", w.suspicion.pk)],
        lambda w: [
            *drop(CANDIDATE, "candidate_once_per_label"),
            copy(CANDIDATE, w.suspicion.pk),
        ],
    ],
    "decided_candidates_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'candidate.dismissed'"],
        lambda w: [
            *drop(CANDIDATE, "candidate_decision_is_whole"),
            change(CANDIDATE, "decided_by_id = NULL", w.dismissed.pk),
        ],
    ],
    "answered_questions_have_an_answer": [
        lambda w: [f"DELETE FROM annotations_questionmessage"
                   f" WHERE question_id = {w.question.pk}"],
        lambda w: [f"DELETE FROM annotations_questionmessage"
                   f" WHERE author_id = {w.rita.pk}"],
    ],
    "schema_hash_is_of_its_text": [
        lambda w: [
            *drop(SCHEMA, "schema_hash_is_of_its_text"),
            change(SCHEMA, "canonical = canonical || ' '", w.schema.pk),
        ],
    ],
    "schema_approver_is_not_author": [
        lambda w: [
            *drop(SCHEMA, "schema_approver_is_not_author"),
            change(SCHEMA, "approved_by_id = proposed_by_id", w.schema.pk),
        ],
        lambda w: [
            *drop(SCHEMA, "schema_second_approver_is_a_third_person"),
            change(SCHEMA, "second_approver_id = approved_by_id", w.schema.pk),
        ],
    ],
    "signed_off_schemas_have_an_approver": [
        lambda w: [
            *drop(SCHEMA, "schema_approval_complete"),
            change(SCHEMA, "approved_by_id = NULL", w.schema.pk),
        ],
    ],
    "one_live_schema_per_function": [
        lambda w: [
            *drop_index("one_live_schema_per_function"),
            copy(SCHEMA, w.schema.pk, number="2"),
        ],
    ],
    "approved_text_is_on_the_trail": [
        lambda w: [
            change(SCHEMA, "canonical = canonical || ' ', content_hash = encode("
                   "sha256(convert_to(canonical || ' ', 'UTF8')), 'hex')",
                   w.schema.pk),
        ],
    ],
    "batch_counts_add_up": [
        lambda w: [
            *drop("annotations_intakebatch", "batch_counts_add_up"),
            change("annotations_intakebatch", "received = 7", w.batch.pk),
        ],
    ],
    "rejected_rows_are_kept": [
        lambda w: ["DELETE FROM annotations_rejectedrow"],
    ],
    "closed_batches_have_an_end": [
        lambda w: [change("annotations_intakebatch", "finished_at = NULL",
                          w.batch.pk)],
    ],
    "turns_are_stored_once": [
        lambda w: [
            *drop("annotations_turn", "turn_once_per_conversation"),
            "INSERT INTO annotations_turn (conversation_id, number, utterance_id)"
            " SELECT conversation_id, number, utterance_id FROM annotations_turn",
        ],
        lambda w: [
            *drop("annotations_conversation", "conversation_once_per_source"),
            copy("annotations_conversation", w.conversation.pk),
        ],
    ],
    "texts_are_stored_once": [
        lambda w: [
            *drop(UTTERANCE, "utterance_once_per_text"),
            change(UTTERANCE, f"dedupe_key = (SELECT dedupe_key FROM {UTTERANCE}"
                   f" WHERE id = {w.text.pk})", w.pool.pk),
        ],
        lambda w: [change(UTTERANCE, r"dedupe_key = '\x00'", w.pool.pk)],
    ],
    "texts_have_a_size": [
        lambda w: [
            *drop(UTTERANCE, "utterance_text_bounded"),
            change(UTTERANCE, "text = ''", w.pool.pk),
        ],
        lambda w: [
            *drop(UTTERANCE, "utterance_text_bounded"),
            change(UTTERANCE, "text = repeat('a', 2001)", w.pool.pk),
        ],
        lambda w: [
            *drop(UTTERANCE, "utterance_count_positive"),
            change(UTTERANCE, "count = 0", w.pool.pk),
        ],
    ],
    "context_is_a_list_of_turns": [
        lambda w: [change(UTTERANCE, "context = '{}'", w.pool.pk)],
        lambda w: [change(UTTERANCE, "context = '[\"hello\"]'", w.pool.pk)],
        lambda w: [change(UTTERANCE, "context = '[{\"role\": \"bot\"}]'", w.pool.pk)],
    ],
    "erased_texts_are_gone": [
        lambda w: [change(UTTERANCE, "text = 'still here'", w.erased.pk)],
        lambda w: [change(UTTERANCE, "context = '[{}]'", w.erased.pk)],
        lambda w: [change("annotations_suggestion", f"utterance_id = {w.erased.pk}",
                          w.pool.pk, "utterance_id")],
    ],
    "one_open_item_per_utterance": [
        lambda w: [
            *drop_index("one_open_item_per_utterance"),
            copy(ITEM, w.pool_item.pk),
        ],
    ],
    "leases_are_whole": [
        lambda w: [
            *drop(ITEM, "lease_is_whole"),
            change(ITEM, "leased_by_id = NULL", w.leased_item.pk),
        ],
        lambda w: [
            *drop(ITEM, "lease_is_whole"),
            change(ITEM, "status = 'done'", w.leased_item.pk),
        ],
        lambda w: [change(ITEM, "status = 'lost'", w.pool_item.pk)],
    ],
    "expired_leases_are_freed": [
        lambda w: [change(ITEM, "lease_expires_at = now() - interval '4 minutes'",
                          w.leased_item.pk)],
    ],
    "queued_texts_may_be_seen": [
        lambda w: [change(ITEM, f"utterance_id = {w.light.pk}", w.pool_item.pk)],
        lambda w: [change(ITEM, f"utterance_id = {w.reported.pk}", w.pool_item.pk)],
    ],
    "answered_texts_are_not_drawn": [
        lambda w: [change(ITEM, f"utterance_id = {w.text.pk}", w.pool_item.pk)],
    ],
    "exam_texts_are_not_picked": [
        lambda w: [change(ITEM, "reason = 'uncertain'", w.exam_item.pk)],
    ],
    "gold_texts_are_redacted": [
        lambda w: [change(UTTERANCE, "redaction = 'failed'", w.text.pk)],
    ],
    "trail_has_no_gap": [
        lambda w: [f"DELETE FROM {EVENT} WHERE stream = 'user:{w.ana.pk}'"
                   " AND seq = 2"],
        lambda w: [f"UPDATE {EVENT} SET seq = seq + 100 WHERE stream = 'system'"
                   " AND seq = 2"],
    ],
    "trail_is_linked": [
        lambda w: [f"UPDATE {EVENT} SET prev_hash = repeat('0', 64)"
                   " WHERE stream = 'system' AND seq = 2"],
        lambda w: [f"UPDATE {EVENT} SET prev_hash = repeat('0', 64)"
                   " WHERE stream = 'system' AND seq = 1"],
    ],
    "answers_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE object = 'annotation:{w.single.pk}'"],
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'disagreement.resolved'"],
        lambda w: [f"DELETE FROM {EVENT} WHERE action LIKE '%.undone'"],
    ],
    "approvals_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'schema.approved'"],
    ],
    "roles_are_known": [
        lambda w: [
            *drop("annotations_user", "user_roles_known"),
            change("annotations_user", "roles = '{root}'", w.ana.pk),
        ],
    ],
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
            " annotation_id, split, calls) SELECT snapshot_id, utterance_id,"
            " annotation_id, split, calls FROM training_snapshotmember",
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
