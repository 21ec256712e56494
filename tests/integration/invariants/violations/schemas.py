"""Violations of what is always true of function schemas."""

from .statements import SCHEMA, Plant, change, copy, drop, drop_index

PLANTS: dict[str, list[Plant]] = {
    "schema_hash_is_of_its_text": [
        lambda w: [
            *drop(SCHEMA, "schema_hash_is_of_its_text"),
            change(SCHEMA, "canonical = canonical || ' '", w.schema.pk),
        ],
    ],
    "schema_approver_is_not_author": [
        lambda w: [
            *drop(SCHEMA, "schema_approver_is_not_author"),
            change(SCHEMA, "approved_by_id = proposed_by_id", w.schema.pk),
        ],
        lambda w: [
            *drop(SCHEMA, "schema_second_approver_is_a_third_person"),
            change(SCHEMA, "second_approver_id = approved_by_id", w.schema.pk),
        ],
    ],
    "signed_off_schemas_have_an_approver": [
        lambda w: [
            *drop(SCHEMA, "schema_approval_complete"),
            change(SCHEMA, "approved_by_id = NULL", w.schema.pk),
        ],
    ],
    "one_live_schema_per_function": [
        lambda w: [
            *drop_index("one_live_schema_per_function"),
            copy(SCHEMA, w.schema.pk, number="2"),
        ],
    ],
    "approved_text_is_on_the_trail": [
        lambda w: [
            change(SCHEMA, "canonical = canonical || ' ', content_hash = encode("
                   "sha256(convert_to(canonical || ' ', 'UTF8')), 'hex')",
                   w.schema.pk),
        ],
    ],
}  # fmt: skip
