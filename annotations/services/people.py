"""People who may sign in: looked up, shut out, and let in again."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotAllowedError, NotFoundError
from annotations.models import ApiToken, QueueItem, Role, SignInLink, User
from annotations.services import audit, tokens


@dataclass(frozen=True)
class Held:
    """What opens doors for a person or keeps an item from others, at this moment."""

    keys: tuple[ApiToken, ...]
    n_links: int
    n_leases: int


def listed(*, words: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    """Everybody but the system's own authors, by name; narrowed by what is given.

    state: "active" or "shut_out".
    """
    people = User.objects.filter(is_system=False)
    if words:
        people = people.filter(Q(name__icontains=words) | Q(username__icontains=words))
    if role in Role.values:
        people = people.filter(roles__contains=[role])
    if state:
        people = people.filter(is_active=state == "active")
    return people.order_by("name", "pk")


def get(person_id: int) -> User:
    found = listed().filter(pk=person_id).first()
    if found is None:
        raise NotFoundError(_("There is no such person."))
    return found


def named(username: str) -> User:
    found = listed().filter(username=username).first()
    if found is None:
        raise NotFoundError(
            _("There is nobody named %(username)s.") % {"username": username}
        )
    return found


def held_by(person: User) -> Held:
    return Held(
        keys=tuple(_keys(person).order_by("name", "pk")),
        n_links=_links(person).count(),
        n_leases=_leases(person).count(),
    )


@transaction.atomic
def deactivate(*, person: User, by: User | None) -> Held:
    """Nothing lets the person in any more; returns what ended with that.

    Sessions, sign-in links and API keys end for good: they open nothing after the
    person was let in again either. Items they held are ready for others. What they
    answered and decided stays, under their name. A second call changes nothing. Raises
    NotAllowedError for one's own account and ConflictError for the last administrator.
    """
    if by is not None and person.pk == by.pk:
        raise NotAllowedError(
            _("This account is yours; another administrator shuts it.")
        )
    # In one order, so that two administrators cannot shut out each other at once.
    admins = Q(roles__contains=[Role.ADMIN], is_active=True, is_system=False)
    locked = User.objects.select_for_update().filter(admins | Q(pk=person.pk))
    rows = {row.pk: row for row in locked.order_by("pk")}
    held = rows.get(person.pk)
    if held is None or held.is_system:
        raise NotFoundError(_("There is no such person."))
    if not held.is_active:
        return Held((), 0, 0)
    if by is not None and not rows.get(by.pk, by).is_active:
        raise NotAllowedError(_("You were shut out meanwhile."))
    if held.has_role(Role.ADMIN) and not any(
        row.has_role(Role.ADMIN) for row in rows.values() if row.pk != held.pk
    ):
        raise ConflictError(
            _(
                "%(name)s is the last administrator. Make another one first "
                "(`manage.py create_person … --role admin`)."
            )
            % {"name": held.name}
        )
    ended = held_by(held)
    held.is_active = False
    # Sessions carry a hash of it: the new one, which opens nothing, ends them all.
    held.set_unusable_password()
    held.save(update_fields=["is_active", "password"])
    for key in ended.keys:
        tokens.revoke(token=key, by=by)
    _links(held).delete()
    _leases(held).update(status=QueueItem.Status.READY, lease_expires_at=None)
    audit.record(
        by=by,
        action="person.deactivated",
        obj=f"user:{held.pk}",
        keys=len(ended.keys),
        links=ended.n_links,
        leases=ended.n_leases,
    )
    return ended


@transaction.atomic
def reactivate(*, person: User, by: User | None) -> None:
    """The person may sign in again, with a new link; a second call changes nothing."""
    changed = User.objects.filter(
        pk=person.pk, is_active=False, is_system=False
    ).update(is_active=True)
    if changed:
        audit.record(by=by, action="person.reactivated", obj=f"user:{person.pk}")


def _keys(person: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(
        user=person, revoked_at=None, expires_at__gt=timezone.now()
    )


def _links(person: User) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        user=person, used_at=None, expires_at__gt=timezone.now()
    )


def _leases(person: User) -> QuerySet[QueueItem]:
    return QueueItem.objects.filter(leased_by=person, status=QueueItem.Status.LEASED)
