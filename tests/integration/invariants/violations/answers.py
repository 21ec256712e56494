"""Violations of what is always true of answers and gold."""

from .statements import ANNOTATION, NEW_ID, SCHEMA, UTTERANCE, Plant, change, copy, drop

PLANTS: dict[str, list[Plant]] = {
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
    "unknown_marks_are_of_labels": [
        lambda w: [
            "ALTER TABLE annotations_annotation"
            " DROP CONSTRAINT annotation_unknown_marks_are_of_labels",
            change(ANNOTATION, "marks_known = false", w.report.pk),
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
}  # fmt: skip
