"""Violations of what is always true of the proof, as in violations.py."""

from types import SimpleNamespace

from .violations import EVENT, UTTERANCE, Plant, change, drop

FORCED = "training_forcedpromotion"

MEMBER, SNAPSHOT = "training_snapshotmember", "training_datasetsnapshot"


def one_conversation(w: SimpleNamespace) -> list[str]:
    """Both members of the snapshot are turns of the same conversation."""
    return [
        f"UPDATE {UTTERANCE} SET conversation_id = {w.conversation.pk} WHERE id IN "
        f"(SELECT utterance_id FROM {MEMBER})"
    ]


PLANTS: dict[str, list[Plant]] = {
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
}
