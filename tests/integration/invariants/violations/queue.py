"""Violations of what is always true of the queue and bulk actions."""

from .statements import ITEM, UTTERANCE, Plant, change, copy, drop, drop_index

PLANTS: dict[str, list[Plant]] = {
    "bulk_members_have_what_was_done": [
        lambda w: [
            "INSERT INTO annotations_bulkaction (id, kind, status, created_by_id)"
            f" VALUES (gen_random_uuid(), 'exclude', 'done', {w.ana.pk})",
            "INSERT INTO annotations_bulkmember (action_id, utterance_id, state, why)"
            f" SELECT id, {w.skipped.pk}, 'done', '' FROM annotations_bulkaction",
        ],
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
}  # fmt: skip
