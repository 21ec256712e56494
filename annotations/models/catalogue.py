"""What callers can want: service domains and the intents in them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

OUT_OF_SCOPE = "oos"


class Domain(models.Model):
    name = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    # Product owners who approve this domain's schemas; with none, any of them may.
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="owned_domains"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Iteration(models.IntegerChoices):
    """The plan's order of work: frequent intents, repair, then the long tail."""

    FREQUENT = 1, _("1 · frequent")
    REPAIR = 2, _("2 · repair")
    LONG_TAIL = 3, _("3 · long tail")


class Act(models.TextChoices):
    """What a caller's turn does in its conversation."""

    NEW = "new", _("New request")
    CONTINUES = "continues", _("Continues")
    CORRECTS = "corrects", _("Corrects")
    CONFIRMS = "confirms", _("Confirms")
    DENIES = "denies", _("Denies")
    CLOSES = "closes", _("Closes")


class Intent(models.Model):
    name = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    # One line the annotator reads: "choose this when …".
    description = models.TextField(blank=True)
    # When it applies and when not, at length: the intent's page shows it.
    guidance = models.TextField(blank=True)
    # Names it had before, and those of intents merged into it: they still lead here.
    aliases = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    # Rises with every edit: who read an older one is told before overwriting.
    revision = models.PositiveIntegerField(default=1)
    iteration = models.PositiveSmallIntegerField(
        choices=Iteration.choices, default=Iteration.LONG_TAIL
    )
    is_out_of_scope = models.BooleanField(default=False)
    # What a turn with this intent nearly always does: "yes" confirms. Empty where that
    # depends on what came before.
    usual_act = models.CharField(max_length=10, choices=Act.choices, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="intent_iteration_known",
                condition=models.Q(iteration__in=Iteration.values),
            ),
            models.UniqueConstraint(
                name="one_out_of_scope_intent",
                fields=["is_out_of_scope"],
                condition=models.Q(is_out_of_scope=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CatalogueStamp(models.Model):
    """One row that a trigger renews whenever domain, intent, function or schema change.

    Readers keep a parsed catalogue for as long as the stamp stays the same.
    """

    stamp = models.UUIDField()

    def __str__(self) -> str:
        return str(self.stamp)
