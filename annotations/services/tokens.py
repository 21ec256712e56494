"""Keys for programs: made once, shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import ApiToken, Scope, User
from annotations.services import audit, prepared
from annotations.services.prepared import Columns

# A prefix that secret scanners and people recognize.
PREFIX = "ivr_"
MAX_DAYS = 366
TOKEN = Columns(ApiToken, "t", *(f.attname for f in ApiToken._meta.concrete_fields))
OWNER = Columns(User, "u", *(f.attname for f in User._meta.concrete_fields))
FIND = f"""
SELECT {TOKEN.sql}, {OWNER.sql} FROM {ApiToken._meta.db_table} t
JOIN {User._meta.db_table} u ON u.id = t.user_id AND u.is_active
WHERE t.token_hash = %(digest)s AND t.revoked_at IS NULL AND t.expires_at > %(now)s
"""


@transaction.atomic
def issue(
    *, user: User, name: str, scopes: Sequence[str], days: int, by: User | None
) -> tuple[ApiToken, str]:
    """Store a new key of `user`; the second value is the key, shown this once."""
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise InvalidError(
            _("A token needs at least one of these scopes: %(names)s.")
            % {"names": ", ".join(Scope.values)},
            unknown=sorted(unknown),
        )
    if not 1 <= days <= MAX_DAYS:
        raise InvalidError(_("A token lives 1 to %(most)s days.") % {"most": MAX_DAYS})
    raw = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        token_hash=digest(raw),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(
        by=by,
        action="token.issued",
        obj=f"token:{token.pk}",
        user=user.pk,
        scopes=token.scopes,
        days=days,
    )
    return token, raw


@transaction.atomic
def revoke(*, token: ApiToken, by: User | None) -> None:
    """The key opens nothing any more; a second call changes nothing."""
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    if changed:
        audit.record(by=by, action="token.revoked", obj=f"token:{token.pk}")


def authenticate(raw: str) -> ApiToken | None:
    """The valid token with its active user, or None.

    The secret has 256 random bits, so a plain hash is as good as a slow one and the
    look-up by hash leaks no useful time.
    """
    if not raw.startswith(PREFIX) or len(raw) > 100:
        return None
    known = {"digest": digest(raw), "now": timezone.now()}
    found = prepared.rows(FIND, known)
    if not found:
        return None
    token: ApiToken = TOKEN.read(found[0][: len(TOKEN)])
    token.user = OWNER.read(found[0][len(TOKEN) :])
    return token


def digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()
