"""Violations of what is always true of the trail."""

from .statements import EVENT, Plant

PLANTS: dict[str, list[Plant]] = {
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
}  # fmt: skip
