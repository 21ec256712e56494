from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0025_desk_left_alone")]

    operations = [
        migrations.AddField(
            "desksettings",
            "warm_up",
            models.CharField(
                choices=[
                    ("to_come", "To come"),
                    ("skipped", "Skipped"),
                    ("done", "Done"),
                ],
                default="to_come",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "desksettings",
            models.CheckConstraint(
                condition=models.Q(warm_up__in=["to_come", "skipped", "done"]),
                name="desk_warm_up_known",
            ),
        ),
    ]
