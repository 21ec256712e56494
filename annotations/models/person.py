"""People and the keys with which programs act for them."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ANNOTATOR = "annotator", _("Annotator")
    REVIEWER = "reviewer", _("Reviewer")
    PRODUCT_OWNER = "product_owner", _("Product owner")
    ML_ENGINEER = "ml_engineer", _("ML engineer")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")
    API_CLIENT = "api_client", _("API client")


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, **fields: object) -> "User":
        """Store a person who can sign in by link only: no password exists."""
        user = self.model(username=username, **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person or a program. Rights come from `roles` alone."""

    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices))
    is_active = models.BooleanField(default=True)
    # A machine's answers (imports, demo) are events too and need an author.
    is_system = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_roles_known",
                condition=models.Q(roles__contained_by=Role.values),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def has_role(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)


class SignInLink(models.Model):
    """A link that signs one person in once. Only its hash is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link {self.pk} of user {self.user_id}"


class Scope(models.TextChoices):
    """What a token may do; a token's user must have the right as well."""

    INGEST = "ingest", _("Send utterances")
    LABEL = "label", _("Take items and answer them")
    PREDICT = "predict", _("Ask the model about live turns")
    READ = "read", _("Read catalogue, rounds and metrics")
    TRAIN = "train", _("Request and cancel rounds")


class ApiToken(models.Model):
    """A program's key: hashed, scoped and expiring; shown once when made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices))
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id}"
