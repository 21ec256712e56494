"""Violations of what is always true of reviews."""

from .statements import ANNOTATION, CANDIDATE, EVENT, Plant, change, copy, drop

PLANTS: dict[str, list[Plant]] = {
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
}  # fmt: skip
