"""Takes people's names out of what stays: a placeholder stands where each of them was."""

from collections.abc import Iterator
from uuid import UUID

from django.apps import apps
from django.utils.translation import gettext as _

from portal.tickets.models import Finding, Step, Ticket
from portal.tickets.rules import Scope
from portal.tickets.stores import stores_of
from tenants.models import Membership, Organization
from tenants.scoping import TenantModel

_MARK = 6


def placeholder(member_id: UUID) -> str:
    """The same for everything one person did, so that it can still be read together."""
    return _("Removed person %(mark)s") % {"mark": member_id.hex[-_MARK:]}


def take_names_out(ticket: Ticket) -> None:
    """Safe to repeat. Free text about the person goes with the name."""
    if ticket.scope == Scope.PERSON:
        _forget(ticket.subject_id, ticket)
    elif ticket.scope == Scope.CLOSE:
        for member_id in Membership.objects.order_by("pk").values_list("pk", flat=True).iterator():
            _forget(member_id, ticket)
        _forget_the_rest(ticket)


def _forget(member_id: UUID, ticket: Ticket) -> None:
    for model in _staying(ticket):
        for text, whose in model.names_people.items():
            named = model.objects.filter(**{whose: member_id}).exclude(**{text: ""})
            named.update(**{text: placeholder(member_id)})
    theirs = Ticket.objects.filter(subject_id=member_id, subject_kind="member")
    theirs.update(reason="")
    Finding.objects.filter(ticket__in=theirs).update(label="", detail="")
    Step.objects.filter(ticket__in=theirs).update(evidence="", reference="")


def _forget_the_rest(ticket: Ticket) -> None:
    """What was written about people whose rows have gone before, and every other reason."""
    Ticket.objects.exclude(pk=ticket.pk).update(reason="")
    Finding.objects.update(label="", detail="")
    Step.objects.update(evidence="", reference="")
    Organization.objects.filter(pk=ticket.organization_id).update(security_contact="")


def _staying(ticket: Ticket) -> Iterator[type[TenantModel]]:
    going = {store.model for store in stores_of(ticket.scope, ticket.subject_id)}
    for model in apps.get_models():
        if issubclass(model, TenantModel) and model.names_people and model not in going:
            yield model
