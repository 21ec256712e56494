"""One policy for each iteration of the plan, to be changed by whoever runs this."""

from django.db import migrations

FIRST = [
    # iteration, new gold labels, longest wait in minutes
    (1, 30, 60),
    (2, 30, 120),
    (3, 30, 240),
]


def add(apps, schema_editor):
    policies = apps.get_model("training", "Policy").objects
    for iteration, labels, minutes in FIRST:
        policies.get_or_create(
            iteration=iteration,
            defaults={
                "min_new_gold": labels,
                "max_wait_minutes": minutes,
                "recipe": "finetune",
                # Below this the light head is as good and a hundred times cheaper.
                "finetune_from": 5000,
                "promotion": "automatic",
                "gates": {},
            },
        )


class Migration(migrations.Migration):
    dependencies = [("training", "0001_tables")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
