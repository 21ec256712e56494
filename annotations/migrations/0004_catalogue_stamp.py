"""A stamp that changes with the catalogue, in the transaction that changes it."""

from django.db import migrations, models

TABLES = (
    "annotations_domain",
    "annotations_intent",
    "annotations_function",
    "annotations_schemaversion",
)

FORWARD = """
INSERT INTO annotations_cataloguestamp (id, stamp) VALUES (1, gen_random_uuid());
CREATE FUNCTION renew_catalogue_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO annotations_cataloguestamp (id, stamp) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END $$;
""" + "".join(
    f"CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
    f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION renew_catalogue_stamp();\n"
    for table in TABLES
)

REVERSE = (
    "".join(f"DROP TRIGGER catalogue_changed ON {table};\n" for table in TABLES)
    + "DROP FUNCTION renew_catalogue_stamp();"
)


class Migration(migrations.Migration):
    dependencies = [("annotations", "0003_append_only_and_audit_chain")]

    operations = [
        migrations.CreateModel(
            name="CatalogueStamp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("stamp", models.UUIDField()),
            ],
        ),
        migrations.RunSQL(FORWARD, REVERSE),
    ]
