"""Violations of what is always true of what came in."""

from .statements import UTTERANCE, Plant, change, copy, drop

PLANTS: dict[str, list[Plant]] = {
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
}  # fmt: skip
