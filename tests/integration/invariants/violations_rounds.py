"""Violations of what is always true of the proof, as in violations.py."""

from .violations import EVENT, Plant, change, drop

FORCED = "training_forcedpromotion"

PLANTS: dict[str, list[Plant]] = {
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
