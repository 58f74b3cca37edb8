"""The vendor's staff at a customer's: who they are there, and how they are found again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit.refusals import NotFound
from portal.grants.models import Grant
from tenants.access import Actor, ActorKind
from tenants.holding import held
from tenants.models import Membership, Organization
from tenants.permissions import Permission
from tenants.scoping import organization_scope, system_scope

# What a vendor role may do about a customer before any customer has said yes.
BEFORE_CONSENT = frozenset(
    {
        Permission.CASE_OPEN,
        Permission.CASE_VIEW,
        Permission.GRANT_ENDORSE,
        Permission.GRANT_REQUEST,
        Permission.GRANT_VIEW,
    }
)


def as_staff(actor: Actor, organization: Organization) -> Actor:
    """The same person, named as the vendor's staff in a customer's organization and its log."""
    return replace(
        actor,
        kind=ActorKind.STAFF,
        organization=organization,
        permissions=actor.permissions & BEFORE_CONSENT,
        team_ids=frozenset(),
        membership=None,
        entry=None,
        scopes=frozenset(),
        acting_for=organization.name,
    )


@contextmanager
def visiting(actor: Actor, slug: str) -> Iterator[Actor]:
    """Open one customer's scope for a member of the staff. Raises NotFound for anybody else."""
    organization = customer_of_slug(slug) if actor.organization.is_vendor else None
    if organization is None:
        raise NotFound(_("There is no such organization here."))
    with organization_scope(organization.pk):
        yield as_staff(actor, organization)


@contextmanager
def visiting_grant(actor: Actor, grant_id: UUID) -> Iterator[tuple[Actor, Grant]]:
    """The same by the grant's id, for the API. Raises NotFound when it is not theirs to see."""
    organization = _organization_of_grant(grant_id) if actor.organization.is_vendor else None
    if organization is None:
        raise NotFound(_("There is no such grant."))
    with organization_scope(organization.pk):
        visitor = as_staff(actor, organization)
        grant = Grant.objects.visible_to(visitor).filter(pk=grant_id).first()
        if grant is None:
            raise NotFound(_("There is no such grant."))
        yield visitor, grant


def customer_of_slug(slug: str) -> Organization | None:
    with system_scope("customer of a grant"):
        return _customers().filter(slug=slug).first()


def all_customers() -> list[Organization]:
    with system_scope("customers of cases and grants"):
        return list(_customers().order_by("name", "id"))


def customers_by_id(ids: set[UUID]) -> dict[UUID, Organization]:
    with system_scope("customers of cases and grants"):
        return {row.pk: row for row in _customers().filter(pk__in=ids)}


def employed(staff_id: UUID, *, at: datetime) -> Membership | None:
    """The staff member's place at the vendor, if it stands at this instant."""
    with system_scope("staff membership"):
        row = (
            Membership.unscoped.filter(pk=staff_id, organization__kind=Organization.Kind.VENDOR)
            .only(
                "id",
                "organization_id",
                "user_id",
                "name",
                "email",
                "country",
                "status",
                "access_ends_at",
                "blocked_from",
            )
            .first()
        )
    return row if row is not None and row.is_active(at=at) else None


def asker(staff_id: UUID, *, at: datetime) -> Membership | None:
    """The same, if their role or a team of theirs lets them ask for diagnostic access."""
    person = employed(staff_id, at=at)
    if person is None:
        return None
    with organization_scope(person.organization_id):
        holders = Membership.objects.holders(Permission.GRANT_REQUEST, at=at)
        return person if holders.filter(pk=staff_id).exists() else None


def is_checking(staff_id: UUID, *, at: datetime) -> bool:
    """Whether somebody at the vendor may, at this instant, decide about colleagues' requests."""
    person = employed(staff_id, at=at)
    if person is None:
        return False
    with organization_scope(person.organization_id):
        leads = Membership.objects.holders(Permission.GRANT_ENDORSE, at=at)
        return leads.filter(pk=staff_id).exists()


def is_machine(actor: Actor) -> bool:
    """Whether a service account acts: it asks for others, and reads nothing."""
    return actor.token is not None and actor.token.service_account_id is not None


def _organization_of_grant(grant_id: UUID) -> Organization | None:
    with system_scope("organization of a grant"):
        found = Grant.unscoped.filter(pk=grant_id).values_list("organization_id", flat=True).first()
        return _customers().filter(pk=found).first() if found else None


def _customers() -> QuerySet[Organization]:
    """Those that are open; one that owes erasures after a restore is shut for staff as well."""
    shut = Q(status=Organization.Status.CLOSED) | Q(pk__in=held())
    return Organization.objects.filter(kind=Organization.Kind.CUSTOMER).exclude(shut)
