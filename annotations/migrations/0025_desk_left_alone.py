from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0024_desk_settings")]

    operations = [
        migrations.AddField(
            "desksettings", "idle_minutes", models.PositiveSmallIntegerField(default=5)
        ),
        migrations.AddField(
            "desksettings", "nudges_breaks", models.BooleanField(default=False)
        ),
        migrations.AddConstraint(
            "desksettings",
            models.CheckConstraint(
                condition=models.Q(idle_minutes__in=(1, 2, 5, 10, 15, 30)),
                name="desk_idle_minutes_known",
            ),
        ),
    ]
