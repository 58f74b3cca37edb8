"""Recognises whoever stands at the break-glass page: password, second factor and code at once."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User, normalized
from portal.sso.codes import digest_of
from portal.sso.models import SealedDoor
from tenants.scoping import system_scope

# Second factors that can be typed; a passkey brings recovery codes with it.
_TYPED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
# Compared with when there is nothing to compare with, so that the work is the same.
_NO_DIGEST = "0" * 64


class Obstacle(TextChoices):
    """Why a holder could not open their door even with the code."""

    PASSWORD = "password", _("has no password of their own")
    FACTOR = "factor", _("has no second factor that can be typed")


@dataclass(frozen=True)
class Keys:
    """What somebody typed."""

    email: str
    password: str
    factor: str
    code: str


@dataclass(frozen=True)
class Recognised:
    """The person and the door that all three keys belong to."""

    user: User
    door_id: UUID
    organization_id: UUID
    digest: str


def recognise(keys: Keys) -> Recognised | None:
    """None whatever was wrong; the password is hashed and the code compared in every case.

    The second factor is looked at last, since looking uses it up.
    """
    email, digest = normalized(keys.email), digest_of(keys.code)
    user = User.objects.filter(email=email, is_active=True).first()
    knows_password = check_password(keys.password, user.password if user else "")
    found = _door(email, digest)
    if user is None or found is None or not knows_password:
        return None
    if not _shows_factor(user, keys.factor):
        return None
    return Recognised(user, found[0], found[1], digest)


def _door(email: str, digest: str) -> tuple[UUID, UUID] | None:
    """The one door of this person, in whichever workspace, that the code belongs to."""
    with system_scope("break-glass code"):
        rows = SealedDoor.unscoped.filter(membership__user__email=email).values_list(
            "pk", "organization_id", "digest"
        )
        doors = [*rows, (None, None, _NO_DIGEST)]
    for pk, organization_id, held in doors:
        if hmac.compare_digest(held or _NO_DIGEST, digest) and pk and organization_id:
            return pk, organization_id
    return None


def _shows_factor(user: User, answer: str) -> bool:
    """A code of the authenticator app or a recovery code; somebody without one has no door."""
    form = AuthenticateForm(user=user, data={"code": answer})
    if not form.is_valid():
        return False
    form.authenticator.record_usage()
    return True


def obstacles_of(doors: Sequence[SealedDoor]) -> dict[UUID, Obstacle]:
    """What the holders lack apart from the code, by door; nothing for whoever lacks nothing."""
    people = [door.membership.user_id for door in doors]
    rows = Authenticator.objects.filter(user_id__in=people, type__in=_TYPED)
    guarded = set(rows.values_list("user_id", flat=True))
    found = {}
    for door in doors:
        user = door.membership.user
        if user is None or not user.has_usable_password():
            found[door.pk] = Obstacle.PASSWORD
        elif user.pk not in guarded:
            found[door.pk] = Obstacle.FACTOR
    return found


def proven_doors(*, at: datetime) -> list[SealedDoor]:
    """Those that would open now: sealed, and their holders still have what they proved with."""
    doors = list(SealedDoor.objects.sealed(at=at).select_related("membership__user"))
    lacking = obstacles_of(doors)
    return [door for door in doors if door.pk not in lacking]


def holds_door(user_id: UUID) -> bool:
    """Whether the person is a break-glass owner of any workspace."""
    with system_scope("break-glass owner"):
        standing = SealedDoor.unscoped.exclude(status=SealedDoor.Status.VOID)
        return standing.filter(membership__user_id=user_id).exists()
