"""The first steps of a new workspace, ticked off by what is there and not by clicks."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.catalog.models import Integration
from portal.sso.models import Connection
from tenants.access import Actor
from tenants.models import Invitation, Membership
from tenants.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Task:
    title: str
    text: str
    url: str
    icon: str
    is_done: bool


@dataclass(frozen=True)
class Checklist:
    tasks: list[Task]

    @property
    def done(self) -> list[Task]:
        return [task for task in self.tasks if task.is_done]

    @property
    def open(self) -> list[Task]:
        return [task for task in self.tasks if not task.is_done]


def checklist_for(actor: Actor, at: datetime) -> Checklist | None:
    """For those who run the workspace, until everything is done."""
    if not actor.may(Permission.ORGANIZATION_MANAGE):
        return None
    checklist = Checklist(
        [
            _sign_in(actor),
            _people(actor, at),
            _owner(actor, at),
            _connection(actor),
            _integration(actor),
        ]
    )
    return checklist if checklist.open else None


def _sign_in(actor: Actor) -> Task:
    entry = actor.entry
    return Task(
        title=_("Secure your own sign-in"),
        text=_("A second factor keeps a stolen password from opening this workspace."),
        url=reverse("mfa_index"),
        icon="shield-check",
        is_done=bool(entry and (entry.has_second_factor or not entry.is_local)),
    )


def _owner(actor: Actor, at: datetime) -> Task:
    return Task(
        title=_("Name a second owner"),
        text=_("If you are away or locked out, somebody else can still decide."),
        url=reverse("member-list", args=[actor.organization.slug]),
        icon="user-round-check",
        is_done=Membership.objects.owners(at=at).count() > 1,
    )


def _people(actor: Actor, at: datetime) -> Task:
    others = Membership.objects.active(at=at).exclude(pk__in=[actor.id]).exists()
    return Task(
        title=_("Invite your people"),
        text=_("Each gets a role and, if you like, teams. Nobody sees more than both allow."),
        url=reverse("member-list", args=[actor.organization.slug]),
        icon="user-plus",
        is_done=others or Invitation.objects.exists(),
    )


def _connection(actor: Actor) -> Task:
    return Task(
        title=_("Set up single sign-on"),
        text=_("People sign in where they always do, and leave when they leave there."),
        url=reverse("connection-list", args=[actor.organization.slug]),
        icon="key-round",
        is_done=Connection.objects.in_use().exists(),
    )


def _integration(actor: Actor) -> Task:
    return Task(
        title=_("Connect an integration"),
        text=_("Metadata only: names, types and descriptions, never rows."),
        url=reverse("integration-list", args=[actor.organization.slug]),
        icon="database",
        is_done=Integration.objects.exists(),
    )
