"""What a deletion is about: the scope that was asked for, looked up and named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from audit.refusals import Invalid, NotPermitted
from portal.tickets.rules import Scope, class_subject
from portal.tickets.stores import erasable_classes, integration_name
from tenants.access import Actor
from tenants.inventory import NOTES, DataClass
from tenants.models import Membership, Organization, ServiceAccount
from tenants.permissions import BuiltInRole, Permission

NAMED = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks to be deleted, as it came from a form or a call."""

    scope: Scope
    integration_id: UUID | None = None
    member_id: UUID | None = None
    data_class: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What goes, by kind, id and the name that has to be typed to confirm it."""

    kind: str
    id: UUID
    label: str
    member: Membership | None = None


def subject_of(wish: Wish, *, actor: Actor) -> Subject:
    """Raises Invalid for what is not there, NotPermitted for what is not theirs to delete."""
    find = _FINDERS.get(wish.scope)
    if find is None:
        raise Invalid(_("Choose what to delete."), {"scope": _("Choose one of the scopes.")})
    return find(wish, actor)


def _everything(_wish: Wish, actor: Actor) -> Subject:
    return Subject("organization", actor.organization_id, actor.organization.name)


def _the_workspace(wish: Wish, actor: Actor) -> Subject:
    actor.require(Permission.DELETION_CLOSE_ORGANIZATION)
    if actor.organization.kind == Organization.Kind.VENDOR:
        raise NotPermitted(_("The vendor's own workspace cannot be closed."))
    return _everything(wish, actor)


def _integration(wish: Wish, _actor: Actor) -> Subject:
    name = integration_name(wish.integration_id) if wish.integration_id else None
    if wish.integration_id is None or name is None:
        raise Invalid(
            _("Choose the integration to delete."), {"integration": _("Choose an integration.")}
        )
    return Subject("integration", wish.integration_id, name)


def _one_class(wish: Wish, _actor: Actor) -> Subject:
    if wish.data_class not in erasable_classes():
        raise Invalid(
            _("Choose the kind of data to delete."),
            {"data_class": _("Choose one of the kinds that may be deleted on their own.")},
        )
    chosen = DataClass(wish.data_class)
    return Subject("data_class", class_subject(chosen), str(NOTES[chosen].label))


def _person(wish: Wish, actor: Actor) -> Subject:
    rows = Membership.objects.visible_to(actor)
    member = rows.filter(pk=wish.member_id).first() if wish.member_id else None
    if member is None:
        raise Invalid(_("Choose the person."), {"member": _("There is no such member.")})
    if actor.membership is not None and actor.membership.pk == member.pk:
        raise NotPermitted(_("You cannot delete your own data. Ask another owner or admin."))
    is_owner = member.role == BuiltInRole.OWNER
    if is_owner and actor.membership and not actor.may(Permission.ORGANIZATION_MANAGE):
        raise NotPermitted(_("Only an owner can delete the data of an owner."))
    _refuse_with_machines(member)
    return Subject("member", member.pk, str(member), member=member)


def _refuse_with_machines(member: Membership) -> None:
    """Programs work on without their owner only once somebody else answers for them."""
    accounts = ServiceAccount.objects.filter(owner=member, deleted_at__isnull=True)
    names = list(accounts.order_by("name").values_list("name", flat=True)[:NAMED])
    if names:
        raise Invalid(
            _("Somebody else must answer for their service accounts first."),
            {
                "member": _("Hand over these service accounts first: %(names)s.")
                % {"names": ", ".join(names)}
            },
        )


_FINDERS: Mapping[Scope, Callable[[Wish, Actor], Subject]] = {
    Scope.ALL_METADATA: _everything,
    Scope.INTEGRATION: _integration,
    Scope.PERSON: _person,
    Scope.DATA_CLASS: _one_class,
    Scope.CLOSE: _the_workspace,
}
