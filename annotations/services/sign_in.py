"""Signing in by links that work once. There are no passwords."""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, InvalidError, LinkNotValidError
from annotations.models import Role, SignInLink, User
from annotations.services import attempts, audit
from annotations.services.tokens import digest

# Where `make run` serves, unless PORT says otherwise.
LOCAL_URL = "http://127.0.0.1:8000"
LINK_LIFE = timedelta(hours=12)
# Whatever happens meanwhile, the session ends so long after signing in.
SESSION_LIFE = timedelta(hours=12)
WRONG_TRIES = 20
TRIES_WINDOW = timedelta(minutes=1)


def issue_links(base_url: str) -> list[tuple[str, str]]:
    """One (role, URL) per role, for a person with that role, made where none is."""
    return [
        (role, issue_link(user=demo_person(role), base_url=base_url))
        for role in Role.values
    ]


@transaction.atomic
def issue_link(*, user: User, base_url: str, by: User | None = None) -> str:
    """A URL that signs `user` in once, within LINK_LIFE; earlier ones stay valid.

    Raises ConflictError for somebody who is shut out.
    """
    if not user.is_active:
        raise ConflictError(
            _("%(name)s is shut out; let them in again first.") % {"name": user.name}
        )
    raw = secrets.token_urlsafe(32)
    SignInLink.objects.filter(expires_at__lt=timezone.now()).delete()
    link = SignInLink.objects.create(
        token_hash=digest(raw), user=user, expires_at=timezone.now() + LINK_LIFE
    )
    audit.record(
        by=by, action="sign_in_link.issued", obj=f"sign_in_link:{link.pk}", user=user.pk
    )
    return f"{base_url.rstrip('/')}/sign-in/{raw}"


def demo_person(role: str) -> User:
    """Whoever has this role and no other; made where nobody has."""
    found = (
        User.objects.filter(roles=[role], is_active=True, is_system=False)
        .order_by("pk")
        .first()
    )
    if found:
        return found
    return create_person(
        username=_free_name(role.replace("_", "-")),
        name=str(Role(role).label),
        roles=[role],
        by=None,
    )


def _free_name(wanted: str) -> str:
    """The name, with a number behind it where somebody shut out has it."""
    taken = set(
        User.objects.filter(username__startswith=wanted).values_list(
            "username", flat=True
        )
    )
    others = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
    return next(name for name in (wanted, *others) if name not in taken)


@transaction.atomic
def create_person(
    *, username: str, name: str, roles: list[str], by: User | None
) -> User:
    unknown = set(roles) - set(Role.values)
    if unknown:
        raise InvalidError(
            _("There is no role %(names)s; roles are: %(roles)s.")
            % {"names": ", ".join(sorted(unknown)), "roles": ", ".join(Role.values)}
        )
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, name=name, roles=sorted(roles))
    except IntegrityError:
        raise ConflictError(
            _("The name %(username)s is taken.") % {"username": username}
        ) from None
    audit.record(by=by, action="person.created", obj=f"user:{user.pk}", roles=roles)
    return user


def look_up(raw: str) -> User | None:
    """Whose link this is while it still works; changes nothing."""
    link = _valid(raw).select_related("user").first()
    return link.user if link else None


def consume(raw: str, *, origin: str) -> User:
    """The person of this link, which works no more. LinkNotValidError otherwise.

    origin: where the try came from; wrong tries from one origin are limited.
    """
    if not attempts.is_within(
        what="sign_in", who=origin, limit=WRONG_TRIES, window=TRIES_WINDOW
    ):
        raise LinkNotValidError(
            _("Too many tries. Wait a minute, then open a new link.")
        )
    user = _use(raw)
    if user is None:
        raise LinkNotValidError(
            _("This sign-in link was used already or is too old. Ask for a new one.")
        )
    attempts.forgive(what="sign_in", who=origin)
    return user


@transaction.atomic
def _use(raw: str) -> User | None:
    link = _valid(raw).select_related("user").select_for_update(of=("self",)).first()
    if link is None:
        return None
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    audit.record(by=link.user, action="signed_in", obj=f"sign_in_link:{link.pk}")
    return link.user


def record_sign_out(*, by: User) -> None:
    audit.record(by=by, action="signed_out", obj=f"user:{by.pk}")


def _valid(raw: str) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        token_hash=digest(raw),
        used_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
