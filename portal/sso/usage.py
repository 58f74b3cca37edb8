"""Who comes in through an SSO connection, counted for its pages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, Max

from portal.sso.models import Connection, SignInAttempt


@dataclass(frozen=True, slots=True)
class Usage:
    people: int = 0
    last_at: datetime | None = None


def usage_of(connections: Collection[Connection]) -> dict[str, Usage]:
    """By provider id, in two queries however many connections there are."""
    named = {connection.pk: connection.provider_id for connection in connections}
    people = dict(
        SocialAccount.objects.filter(provider__in=named.values())
        .values_list("provider")
        .annotate(number=Count("id"))
        .order_by()
    )
    last = dict(
        SignInAttempt.objects.filter(connection__in=named, reason="", is_test=False)
        .values_list("connection_id")
        .annotate(last=Max("at"))
        .order_by()
    )
    return {
        provider_id: Usage(people.get(provider_id, 0), last.get(pk))
        for pk, provider_id in named.items()
    }
