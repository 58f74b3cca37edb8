"""What enforcement and break-glass add to the registries of lower layers."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.queue.sweeping import sweep
from portal.sso.actions.emergency import void_doors_of
from portal.sso.actions.enforcement import return_enforcement
from portal.sso.emergency import proven_doors
from portal.sso.enforcing import keeps_a_way_in
from portal.sso.models import SealedDoor
from portal.sso.rules import FEWEST_DOORS
from portal.ui import notices, waiting
from portal.ui.notices import Notice
from portal.ui.waiting import WaitingItem
from tenants import conditions, losses
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization, Policy
from tenants.models.organization import ENFORCEMENT_TRIAL
from tenants.permissions import Permission
from tenants.resolving import BREAK_GLASS_SECONDS
from tenants.scoping import organization_scope, system_scope

_TO_DO = (SealedDoor.Status.NOMINATED, SealedDoor.Status.MADE, SealedDoor.Status.OPENED)


@sweep("sso.return_enforcement", every=timedelta(minutes=1))
def return_enforcements(at: datetime) -> None:
    """Write down the trials that the clock has ended, so that the admins are told."""
    with system_scope("enforcements whose trial is over"):
        due = list(
            Policy.unscoped.filter(
                sso_enforced_at__lte=at - ENFORCEMENT_TRIAL, sso_confirmed_at__isnull=True
            ).values_list("pk", "organization_id")
        )
    for pk, organization_id in due:
        with organization_scope(organization_id):
            actor = system_actor(Organization.objects.current())
            return_enforcement(Policy.objects.get(pk=pk), actor=actor, at=at)


@sweep("sso.void_doors", every=timedelta(minutes=1))
def void_doors(at: datetime) -> None:
    """Void the codes of those who are owners no longer; they have not opened anything since."""
    with system_scope("break-glass codes of former owners"):
        standing = SealedDoor.unscoped.exclude(status=SealedDoor.Status.VOID)
        places = set(standing.values_list("organization_id", flat=True))
    for organization_id in places:
        with organization_scope(organization_id):
            _void_strangers(at)


def _void_strangers(at: datetime) -> None:
    good = SealedDoor.objects.of_owners(at=at).values("pk")
    strays = SealedDoor.objects.standing().exclude(pk__in=good).select_related("membership")
    for door in strays:
        actor = system_actor(Organization.objects.current())
        void_doors_of(door.membership, actor=actor, at=at, because="no longer an owner")


def void_with_ownership(membership: Membership, actor: Actor, at: datetime) -> None:
    void_doors_of(membership, actor=actor, at=at, because="no longer an owner")


def codes_waiting(actor: Actor, at: datetime) -> list[WaitingItem]:
    """One's own code to make or prove; and too few sealed ones, for those who run sign-in."""
    if actor.membership is None or not actor.may(Permission.POLICY_VIEW):
        return []
    items = [
        WaitingItem(
            title=_("Make your break-glass code, and prove that it opens"),
            url=reverse("break-glass-show", args=[actor.organization.slug]),
            icon="siren",
            since=door.opened_at or door.made_at or door.nominated_at,
            detail=_("Until then it is no way back in."),
        )
        for door in SealedDoor.objects.standing().filter(
            membership=actor.membership, status__in=_TO_DO
        )
    ]
    return [*items, *_too_few(actor, at)]


def _too_few(actor: Actor, at: datetime) -> list[WaitingItem]:
    if not actor.may(Permission.SSO_MANAGE):
        return []
    policy = Policy.objects.get()
    if policy.sso_enforced_at is None or not policy.enforces_sso(at=at):
        return []
    sealed = len(proven_doors(at=at))
    if sealed >= FEWEST_DOORS:
        return []
    return [
        WaitingItem(
            title=_("Too few sealed break-glass codes"),
            url=reverse("break-glass-show", args=[actor.organization.slug]),
            icon="siren",
            since=policy.sso_enforced_at,
            detail=_("%(n)s of %(needed)s, while single sign-on is the only way in.")
            % {"n": sealed, "needed": FEWEST_DOORS},
        )
    ]


def emergency_notices(actor: Actor, at: datetime) -> list[Notice]:
    """Everybody sees that break-glass is open; those who run sign-in see that a trial runs."""
    found = [
        _opened(door, actor)
        for door in SealedDoor.objects.with_open_session(at=at).select_related("membership")
    ]
    return [*found, *_trial(actor, at)]


def _opened(door: SealedDoor, actor: Actor) -> Notice:
    named = door.membership if actor.may(Permission.MEMBER_VIEW) else _("An owner")
    opened_at = door.opened_at
    assert opened_at is not None  # noqa: S101 - the query asked for it
    is_own = actor.membership is not None and actor.membership.pk == door.membership_id
    return Notice(
        tone="danger",
        title=_("Break-glass is open."),
        text=_("%(who)s came in with a break-glass code. The session") % {"who": named},
        url=reverse("break-glass-show", args=[actor.organization.slug])
        if actor.may(Permission.POLICY_VIEW)
        else "",
        link=_("Make and prove a new code") if is_own else _("Look"),
        until=opened_at + timedelta(seconds=BREAK_GLASS_SECONDS),
    )


def _trial(actor: Actor, at: datetime) -> list[Notice]:
    if not actor.may(Permission.SSO_MANAGE):
        return []
    policy = Policy.objects.get()
    if policy.sso_enforced_at is None or policy.sso_confirmed_at is not None:
        return []
    if not policy.enforces_sso(at=at):
        return []
    return [
        Notice(
            tone="warn",
            title=_("Single sign-on only, on trial."),
            text=_(
                "Come in by it in another browser to confirm; otherwise passwords count again. "
                "The trial"
            ),
            url=reverse("sign-in-policy", args=[actor.organization.slug]),
            link=_("Sign-in policy"),
            until=policy.sso_enforced_at + ENFORCEMENT_TRIAL,
        )
    ]


conditions.register(keeps_a_way_in)
losses.register(void_with_ownership)
waiting.register(codes_waiting)
notices.register(emergency_notices)
