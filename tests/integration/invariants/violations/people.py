"""Violations of what is always true of people."""

from types import SimpleNamespace

from .statements import Plant, change, drop

USER = "annotations_user"


def left_with_a_key(w: SimpleNamespace) -> list[str]:
    return [
        "INSERT INTO annotations_apitoken (user_id, name, token_hash, scopes,"
        f" expires_at) VALUES ({w.ana.pk}, 'bot', 'x', '{{read}}',"
        " now() + interval '1 day')",
        change(USER, "is_active = false", w.ana.pk),
    ]


def left_with_a_link(w: SimpleNamespace) -> list[str]:
    return [
        "INSERT INTO annotations_signinlink (user_id, token_hash, expires_at)"
        f" VALUES ({w.ana.pk}, 'x', now() + interval '1 hour')",
        change(USER, "is_active = false", w.ana.pk),
    ]


PLANTS: dict[str, list[Plant]] = {
    "roles_are_known": [
        lambda w: [
            *drop("annotations_user", "user_roles_known"),
            change("annotations_user", "roles = '{root}'", w.ana.pk),
        ],
    ],
    "who_is_shut_out_has_no_key": [left_with_a_key, left_with_a_link],
}
