"""What is always true of people, as SQL."""

from annotations.invariants.invariant import Invariant

INVARIANTS = (
    Invariant(
        "roles_are_known",
        "Nobody has a role that the access table does not know.",
        """SELECT 'user:' || id FROM annotations_user
        WHERE NOT roles <@ ARRAY['annotator', 'reviewer', 'product_owner',
            'ml_engineer', 'admin', 'auditor', 'api_client']::varchar[]""",
    ),
    Invariant(
        "who_is_shut_out_has_no_key",
        "Nobody who is shut out has a key or a sign-in link left to come back with.",
        """SELECT 'user:' || u.id, 'token:' || t.id FROM annotations_user u
        JOIN annotations_apitoken t ON t.user_id = u.id
        WHERE NOT u.is_active AND t.revoked_at IS NULL AND t.expires_at > now()
        UNION ALL
        SELECT 'user:' || u.id, 'sign_in_link:' || l.id FROM annotations_user u
        JOIN annotations_signinlink l ON l.user_id = u.id
        WHERE NOT u.is_active AND l.used_at IS NULL AND l.expires_at > now()""",
    ),
)
