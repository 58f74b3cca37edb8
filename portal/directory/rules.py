"""Rules of the directory: how many may go at once, and which role a group may give."""

import math
from collections.abc import Mapping
from datetime import timedelta
from unicodedata import normalize

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tenants.permissions import BuiltInRole, Permission

TOKEN_LETTERS = "ghd_"  # noqa: S105  (what every token of a directory begins with)
# One in use and its successor: a rotation without a failed call, and no forgotten third.
TOKENS_AT_ONCE = 2
TOKEN_LIFE = timedelta(days=365)
LOG_KEPT = timedelta(days=30)
LOG_LONGEST = 50_000

# The brake looks back this far; a sync of a large directory takes minutes.
BRAKE_WINDOW = timedelta(hours=1)
BRAKE_FLOOR = 5
BRAKE_PERCENT = 10

# From the widest to the least: who is in several mapped groups gets the first of these.
# The owner's role is not among them: no identity provider makes an owner.
ROLES_BY_WEIGHT = (
    BuiltInRole.ADMIN,
    BuiltInRole.SECURITY_OFFICER,
    BuiltInRole.EDITOR,
    BuiltInRole.AUDITOR,
    BuiltInRole.VIEWER,
)
# Emptying a group that gives one of these would leave nobody to put it right.
PRIVILEGED_ROLES = frozenset({BuiltInRole.ADMIN, BuiltInRole.SECURITY_OFFICER})


class HoldStatus(TextChoices):
    WAITING = "waiting", _("Waiting for a decision")
    RELEASED = "released", _("Carried out")
    DISMISSED = "dismissed", _("Dismissed")


class ChangeKind(TextChoices):
    DEACTIVATE = "deactivate", _("Access would be revoked")
    DELETE = "delete", _("Access would be revoked and the entry deleted")
    LEAVE = "leave", _("Would leave the group")


class Outcome(TextChoices):
    """What became of one SCIM call."""

    DONE = "done", _("Done")
    HELD = "held", _("Held")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


def removal_limit(people: int, percent: int) -> int:
    """How many people may lose access within the window before the rest is held."""
    return max(BRAKE_FLOOR, math.ceil(people * percent / 100))


def role_from(mapped: Mapping[str, frozenset[Permission]], default: str) -> str:
    """The widest of the mapped roles; without one, the default.

    Built-in roles by their weight; one made here comes first when it allows more than that one.
    """
    built_in = next((role.value for role in ROLES_BY_WEIGHT if role in mapped), "")
    made = {name: may for name, may in mapped.items() if name not in set(BuiltInRole)}
    widest = max(made, key=lambda name: (len(made[name]), name), default="")
    if widest and (not built_in or len(made[widest]) > len(mapped[built_in])):
        return widest
    return built_in or default


def folded(text: str) -> str:
    """The spelling under which names are compared: SCIM's userName knows no capitals."""
    return normalize("NFC", normalize("NFC", text).lower())
