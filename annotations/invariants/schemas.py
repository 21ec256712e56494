"""What is always true of function schemas, as SQL."""

from annotations.invariants.invariant import Invariant

INVARIANTS = (
    Invariant(
        "schema_hash_is_of_its_text",
        "A schema version's hash is the SHA-256 of its text.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE content_hash <> encode(sha256(convert_to(canonical, 'UTF8')), 'hex')""",
    ),
    Invariant(
        "schema_approver_is_not_author",
        "Nobody approves their own schema version.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE proposed_by_id IN (approved_by_id, second_approver_id)
            OR approved_by_id = second_approver_id""",
    ),
    Invariant(
        "signed_off_schemas_have_an_approver",
        "Who approved a version and when is known from its approval on.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE (status IN ('draft', 'in_review')) <> (approved_by_id IS NULL)
            OR (approved_by_id IS NULL) <> (approved_at IS NULL)""",
    ),
    Invariant(
        "one_live_schema_per_function",
        "A function has at most one live schema version.",
        """SELECT 'function:' || function_id FROM annotations_schemaversion
        WHERE status = 'live' GROUP BY function_id HAVING count(*) > 1""",
    ),
    Invariant(
        "approved_text_is_on_the_trail",
        "The text of a version is the one whose approval the trail holds.",
        """SELECT 'schema:' || v.id, e.seq FROM annotations_schemaversion v
        JOIN annotations_auditevent e
            ON e.object = 'schema:' || v.id
            AND e.action IN ('schema.approved', 'schema.approved_in_emergency')
        WHERE v.approved_at IS NOT NULL
            AND e.payload::jsonb ->> 'sha256' <> v.content_hash
            AND NOT EXISTS (SELECT FROM annotations_auditevent later
                WHERE later.object = e.object AND later.id > e.id
                AND later.action LIKE 'schema.approved%')""",
    ),
)
