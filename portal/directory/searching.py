"""Looking for people and calls on the screens."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from portal.directory.models import DirectoryCall, DirectoryUser

STATES: Mapping[str, Q] = {
    "active": Q(is_active=True, returning_at__isnull=True),
    "inactive": Q(is_active=False),
    "returning": Q(returning_at__isnull=False),
}


def found_users(wanted: Mapping[str, Any]) -> QuerySet[DirectoryUser]:
    rows = DirectoryUser.objects.all()
    if text := wanted.get("q"):
        rows = rows.filter(
            Q(display_name__icontains=text)
            | Q(user_name_key__contains=text.lower())
            | Q(email__contains=text.lower())
        )
    if state := wanted.get("state"):
        rows = rows.filter(STATES[state])
    return rows


def found_calls(wanted: Mapping[str, Any]) -> QuerySet[DirectoryCall]:
    rows = DirectoryCall.objects.all()
    if text := wanted.get("q"):
        rows = rows.filter(Q(label__icontains=text) | Q(filed__iexact=text))
    for field, column in (("outcome", "outcome"), ("method", "method"), ("member", "member_id")):
        if value := wanted.get(field):
            rows = rows.filter(**{column: value})
    return rows
