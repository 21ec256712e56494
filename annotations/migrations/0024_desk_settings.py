import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0023_bulk_actions")]

    operations = [
        migrations.CreateModel(
            name="DeskSettings",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "preset",
                    models.CharField(
                        choices=[
                            ("default", "Default"),
                            ("letters", "Letters, as in Gmail"),
                            ("left_hand", "Left hand alone"),
                        ],
                        default="default",
                        max_length=12,
                    ),
                ),
                ("keys", models.JSONField(blank=True, default=dict)),
                (
                    "single_keys",
                    models.CharField(
                        choices=[
                            ("plain", "Work as they are"),
                            ("alt", "Work while Alt is held"),
                            ("off", "Are switched off"),
                        ],
                        default="plain",
                        max_length=8,
                    ),
                ),
                ("digit_submits", models.BooleanField(default=False)),
                ("coach", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            preset__in=["default", "letters", "left_hand"]
                        ),
                        name="desk_preset_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(single_keys__in=["plain", "alt", "off"]),
                        name="desk_single_keys_known",
                    ),
                ],
            },
        ),
    ]
