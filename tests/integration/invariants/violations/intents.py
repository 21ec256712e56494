"""Violations of what is always true of intents."""

from .statements import (
    ANNOTATION,
    EVENT,
    NEW_ID,
    UTTERANCE,
    Plant,
    change,
    copy,
    drop,
)

PROPOSAL = "annotations_intentproposal"

PLANTS: dict[str, list[Plant]] = {
    "guidelines_show_no_exam_item": [
        lambda w: [change("annotations_intentexample", f"utterance_id = {w.exam.pk}",
                          w.example.pk)],
    ],
    "contrasts_stand_once": [
        lambda w: [
            *drop("annotations_contrastpair", "contrast_in_order"),
            change("annotations_contrastpair", "first_id = second_id, "
                   "second_id = first_id", w.pair.pk),
        ],
        lambda w: [
            *drop("annotations_contrastpair", "contrast_once_per_pair"),
            copy("annotations_contrastpair", w.pair.pk),
        ],
    ],
    "intent_changes_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'intent.contrasted'"],
        lambda w: ["DELETE FROM annotations_intentchange WHERE kind = 'example_added'"],
    ],
    "resolved_remarks_name_somebody": [
        lambda w: [
            *drop("annotations_intentremark", "remark_resolved_by_somebody"),
            change("annotations_intentremark", "resolved_at = now()", w.remark.pk),
        ],
    ],
    "samples_are_no_exam": [
        lambda w: [
            *drop(UTTERANCE, "samples_are_no_exam"),
            change(UTTERANCE, "source = 'expert'", w.exam.pk),
        ],
    ],
    "proposals_are_decided_by_others": [
        lambda w: [
            *drop(PROPOSAL, "proposal_decision_is_whole"),
            change(PROPOSAL, "status = 'accepted'", w.declined.pk),
        ],
        lambda w: [
            *drop(PROPOSAL, "proposal_not_decided_by_its_author"),
            change(PROPOSAL, "decided_by_id = proposed_by_id", w.declined.pk),
        ],
    ],
    "proposals_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'proposal.declined'"],
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'proposal.proposed'"],
    ],
    "names_lead_to_one_intent": [
        lambda w: [change("annotations_intent", "aliases = '{check_bill}'",
                          w.hello.pk)],
    ],
    "moved_labels_are_revised": [
        lambda w: [change(ANNOTATION, "revises_id = NULL",
                          w.moved.replacement_id)],
        lambda w: [change("annotations_movedlabel", f"utterance_id = {w.pool.pk}",
                          w.moved.pk)],
    ],
    "merged_intents_keep_no_label": [
        lambda w: [copy(ANNOTATION, w.greeted.pk, id=NEW_ID,
                        utterance_id=str(w.pool.pk))],
    ],
    "intent_moves_are_on_the_trail": [
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'intent_move.requested'"],
        lambda w: [f"DELETE FROM {EVENT} WHERE action = 'intent_move.done'"],
    ],
}  # fmt: skip
