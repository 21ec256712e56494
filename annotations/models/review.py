"""What reviewers work on: suspected labels, questions, and the policy of opinions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.annotation import Annotation
from annotations.models.catalogue import Domain
from annotations.models.utterance import Utterance


class ErrorCandidate(models.Model):
    """A label that looks wrong. A worker finds it, a reviewer decides about it.

    One row for a label and a kind of evidence, whichever search found it: the
    fingerprint follows from the label, so that what was dismissed stays dismissed until
    the label changes.
    """

    class Kind(models.TextChoices):
        MODEL = "model", _("The model disagrees")
        TWIN = "twin", _("A near-duplicate is labeled otherwise")
        PARAMETER = "parameter", _("Marked in near-duplicates, not here")
        MARKS = "marks", _("Same intent, other details")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CONFIRMED = "confirmed", _("Confirmed")
        DISMISSED = "dismissed", _("Dismissed")

    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE)
    # The label that is suspected.
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # SHA-256 of what the label says, and of the parameter in question.
    fingerprint = models.CharField(max_length=64)
    # 0..1, higher is more suspect.
    score = models.FloatField()
    # Identifiers and numbers only, e.g. {"predicted": intent, "confidence": 0.93}.
    evidence = models.JSONField(default=dict)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.OPEN
    )
    found_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The review that decided; nothing where the label was only found right.
    decided_with = models.ForeignKey(
        Annotation, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="candidate_once_per_label",
                fields=["utterance", "kind", "fingerprint"],
            ),
            models.CheckConstraint(
                name="candidate_score_is_a_share",
                condition=Q(score__gte=0.0, score__lte=1.0),
            ),
            models.CheckConstraint(
                name="candidate_decision_is_whole",
                condition=Q(
                    status="open",
                    decided_at__isnull=True,
                    decided_by__isnull=True,
                    decided_with__isnull=True,
                )
                | Q(
                    status__in=["confirmed", "dismissed"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="candidate_open",
                fields=["-score", "id"],
                condition=Q(status="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} candidate {self.pk} ({self.status})"


class ErrorSearch(models.Model):
    """One search for label errors: who asked, what it saw, how it ended."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    WORKING = (Status.REQUESTED, Status.RUNNING)

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    cause = models.CharField(max_length=80)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    n_labels = models.PositiveIntegerField(default=0)
    n_found = models.PositiveIntegerField(default=0)
    n_new = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_search_at_a_time",
                fields=["status"],
                condition=Q(status="requested"),
            ),
            models.CheckConstraint(
                name="ended_searches_have_an_end",
                condition=Q(
                    status__in=["requested", "running"], finished_at__isnull=True
                )
                | Q(status__in=["done", "failed"], finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"search {self.pk} ({self.status})"

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING


class Question(models.Model):
    """A thread that an annotator opened about one utterance."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting for a reviewer")
        ANSWERED = "answered", _("Answered")

    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    asked_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    # When who asked has read the answer; until then a bell stands on their page.
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="answered_questions_have_a_time",
                condition=Q(
                    status="open", answered_at__isnull=True, read_at__isnull=True
                )
                | Q(status="answered", answered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="question_open", fields=["asked_at"], condition=Q(status="open")
            ),
            models.Index(name="question_by_person", fields=["asked_by", "-asked_at"]),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} ({self.status})"


class QuestionMessage(models.Model):
    """One thing said in a thread; personal data removed before it is stored."""

    # Made by the client, so that a retry stores once.
    id = models.UUIDField(primary_key=True)
    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="messages"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                name="question_message_bounded",
                condition=Q(text__length__gte=1, text__length__lte=1000),
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk} of question {self.question_id}"


class OpinionPolicy(models.Model):
    """How much is answered twice: one row for everywhere, one for each exception."""

    # None is every domain without a row of its own.
    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, null=True)
    # Share of first labels that a second person answers as well.
    share = models.FloatField()
    # What one person may give of an intent's new labels with nobody else looking, at
    # most; above it some of theirs are asked again.
    cap = models.FloatField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_opinion_policy_per_domain",
                fields=["domain"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="opinion_share_is_a_share",
                condition=Q(share__gte=0.0, share__lte=1.0),
            ),
            models.CheckConstraint(
                name="opinion_cap_is_a_share",
                condition=Q(cap__gt=0.0, cap__lte=1.0),
            ),
        ]

    def __str__(self) -> str:
        return f"opinion policy of {self.domain_id or 'everywhere'}"
