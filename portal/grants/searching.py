"""Cases and grants found by number or title."""

import re

from django.db.models import Q
from django.urls import reverse

from portal.grants.models import Case, Grant
from portal.ui.searching import Found
from tenants.access import Actor

_NUMBER = re.compile(r"^(?P<series>case|dia)?[- ]?(?P<number>\d{1,9})$", re.IGNORECASE)


def search_cases(actor: Actor, text: str, limit: int) -> list[Found]:
    """The cases and grants this person may see, by number, title, or who asked."""
    match = _NUMBER.match(text.strip())
    return [*_cases(actor, text, match), *_grants(actor, text, match)][:limit]


def _cases(actor: Actor, text: str, match: re.Match[str] | None) -> list[Found]:
    wanted = Q(title__icontains=text) | Q(external_reference__iexact=text)
    if match:
        wanted = Q(number=int(match["number"])) if _is(match, "case") else Q(pk__in=[])
    rows = Case.objects.visible_to(actor).filter(wanted).order_by("-id")[:20]
    return [
        Found(
            title=row.title,
            url=reverse("case-show", args=[actor.organization.slug, row.reference]),
            reference=row.reference,
            detail=str(row.get_status_display()),
        )
        for row in rows
    ]


def _grants(actor: Actor, text: str, match: re.Match[str] | None) -> list[Found]:
    wanted = Q(staff_name__icontains=text) | Q(staff_email__iexact=text)
    if match:
        wanted = Q(number=int(match["number"])) if _is(match, "dia") else Q(pk__in=[])
    rows = Grant.objects.visible_to(actor).filter(wanted).select_related("case").order_by("-id")
    return [
        Found(
            title=row.staff_name,
            url=reverse("grant-show", args=[actor.organization.slug, row.reference]),
            reference=row.reference,
            detail=row.case.title,
        )
        for row in rows[:20]
    ]


def _is(match: re.Match[str], series: str) -> bool:
    return (match["series"] or series).lower() == series
