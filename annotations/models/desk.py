"""How one person wants the desk."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class KeyPreset(models.TextChoices):
    DEFAULT = "default", _("Default")
    LETTERS = "letters", _("Letters, as in Gmail")
    LEFT_HAND = "left_hand", _("Left hand alone")


class SingleKeys(models.TextChoices):
    """WCAG 2.1.4: shortcuts of one character can be changed or switched off."""

    PLAIN = "plain", _("Work as they are")
    ALT = "alt", _("Work while Alt is held")
    OFF = "off", _("Are switched off")


class WarmUp(models.TextChoices):
    """The five practice items, of which only this is kept."""

    TO_COME = "to_come", _("To come")
    SKIPPED = "skipped", _("Skipped")
    DONE = "done", _("Done")


IDLE_MINUTES = (1, 2, 5, 10, 15, 30)


class DeskSettings(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    preset = models.CharField(
        max_length=12, choices=KeyPreset.choices, default=KeyPreset.DEFAULT
    )
    # Action -> key where it differs from the preset: both out of closed lists, see
    # annotations/services/desk_keys.py. Nothing a person typed is ever stored here.
    keys = models.JSONField(default=dict, blank=True)
    single_keys = models.CharField(
        max_length=8, choices=SingleKeys.choices, default=SingleKeys.PLAIN
    )
    digit_submits = models.BooleanField(default=False)
    coach = models.BooleanField(default=True)
    # After so long without a key the desk covers the caller's words.
    idle_minutes = models.PositiveSmallIntegerField(default=5)
    nudges_breaks = models.BooleanField(default=False)
    warm_up = models.CharField(
        max_length=8, choices=WarmUp.choices, default=WarmUp.TO_COME
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="desk_preset_known", condition=Q(preset__in=KeyPreset.values)
            ),
            models.CheckConstraint(
                name="desk_single_keys_known",
                condition=Q(single_keys__in=SingleKeys.values),
            ),
            models.CheckConstraint(
                name="desk_idle_minutes_known",
                condition=Q(idle_minutes__in=IDLE_MINUTES),
            ),
            models.CheckConstraint(
                name="desk_warm_up_known", condition=Q(warm_up__in=WarmUp.values)
            ),
        ]

    def __str__(self) -> str:
        return f"desk of user {self.user_id}"

    @property
    def idle_seconds(self) -> int:
        return 60 * self.idle_minutes
