"""Who loses access with a whole team, and why somebody in it does not."""

from collections.abc import Sequence
from hashlib import sha256

from django.utils.translation import gettext as _

from portal.tickets.models import Part, Ticket
from portal.tickets.models.ticket import TicketQuerySet
from portal.tickets.rules import Scope
from tenants.models import Membership, Team, TeamMember


def people_of(team: Team) -> list[Membership]:
    """Everybody in the team who has access, or could get it back."""
    there = TeamMember.objects.filter(team=team).values("membership_id")
    people = Membership.objects.filter(pk__in=there).exclude(status=Membership.Status.REVOKED)
    return list(people.select_related("custom_role").order_by("name", "id"))


def digest_of(people: Sequence[Membership]) -> str:
    """Names these people: who was shown is who loses access, or nobody does."""
    return sha256("\n".join(sorted(str(one.pk) for one in people)).encode()).hexdigest()[:32]


def own_requests(ticket: Ticket) -> TicketQuerySet:
    """The people's requests that a request about their team filed; none of any other request."""
    rows: TicketQuerySet = Ticket.objects.order_by("id")
    if ticket.scope != Scope.TEAM:
        return rows.none()
    parts = Part.objects.filter(ticket=ticket).own()
    return rows.filter(pk__in=parts.values("request_id"))


def words_of(refusal: str) -> str:
    """Why a person of the team keeps their access."""
    return {
        "last-owner": _("the last owner stays"),
        "not-permitted": _("not yours to decide: yourself, or an owner"),
        "gone": _("had no access any more"),
    }.get(refusal, _("could not be filed"))
