"""Members: the list, one person, and their role."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid, StaleVersion
from portal.access.views.previewing import Asked, previewed
from portal.people.forms.members import MemberFilter, RoleForm
from portal.people.history import history_of
from portal.people.listing import open_invitations
from portal.people.member_listing import ORDERS, members_for, narrowed
from portal.people.member_sheet import cells, header
from portal.people.notes import notes_on
from portal.people.ownership import belongings_of
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Status
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.access import Actor
from tenants.actions.guards import named_role
from tenants.actions.roles import change_role
from tenants.models import ApiToken, Entry, Membership
from tenants.permissions import Permission


@needs(Permission.MEMBER_VIEW)
def member_list(request: PortalRequest) -> HttpResponse:
    form = MemberFilter(request.GET, actor=request.actor)
    wanted = form.wanted()
    rows = narrowed(members_for(request.actor), wanted, actor=request.actor, at=request.at)
    given = wanted or {}
    order = ORDERS[given.get("sort") or "name"]
    context = {
        "form": form,
        "is_unknown": wanted is None,
        "is_filtered": wanted is None
        or any(value for name, value in given.items() if name != "sort"),
        "page": keyset(rows, order=order, cursor=request.GET.get("cursor", "")),
        "total": Membership.objects.visible_to(request.actor).active(at=request.at).count(),
        "invited": open_invitations(request.actor).count(),
        "found": rows.order_by().values("pk").count(),
    }
    status = 422 if wanted is None else 200
    return page(request, "people/member_list.html", context, status=status)


@needs(Permission.MEMBER_VIEW)
def member_export(request: PortalRequest) -> HttpResponse:
    """The rows that the list shows under the same filters, as a spreadsheet."""
    wanted = MemberFilter(request.GET, actor=request.actor).wanted()
    if wanted is None:
        raise Invalid(_("One of the filters is not known here. Choose it again in the list."))
    rows = narrowed(members_for(request.actor), wanted, actor=request.actor, at=request.at)
    ordered = rows.order_by(*ORDERS[wanted.get("sort") or "name"])
    return csv_response("members.csv", header(), cells(ordered))


@needs(Permission.MEMBER_VIEW)
def member_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    member = get_object_or_404(members_for(request.actor), pk=pk)
    actor, is_self = request.actor, member.pk == request.actor.id
    tokens = ApiToken.objects.visible_to(actor).filter(owner=member).order_by("-id")
    entries = Entry.objects.visible_to(actor).open().filter(membership=member)
    context = {
        "member": member,
        "is_self": is_self,
        "shows_tokens": is_self or actor.may(Permission.TOKEN_MANAGE),
        "tokens": tokens[:20],
        "shows_entries": is_self or actor.may(Permission.MEMBER_MANAGE),
        "entries": entries.order_by("-seen_at", "id")[:20],
        "belongings": belongings_of(member, actor=actor, at=request.at),
        "may_hand_over": actor.may(Permission.MEMBER_MANAGE),
        "form": _role_form(actor, member),
        "decided_by": _decided_by(member),
        "notes": notes_on(member, actor),
        "revocation": _revocation_of(actor, member),
        "history": history_of(member) if actor.may(Permission.AUDIT_VIEW) else [],
    }
    return page(request, "people/member_show.html", context)


def _revocation_of(actor: Actor, member: Membership) -> Ticket | None:
    """The request that ended this access, or is to end it: when, why, and what was cut."""
    filed = Ticket.objects.visible_to(actor).for_subject(Kind.REVOCATION, member.pk)
    if member.status == Membership.Status.ACTIVE:
        filed = filed.filter(status=Status.SCHEDULED)
    found: Ticket | None = filed.order_by("-id").first()
    return found


def _decided_by(member: Membership) -> str:
    """What an identity provider decides is said in place of the form."""
    return str(member.get_role_managed_by_display()).lower() if member.role_managed_by else ""


def _role_form(actor: Actor, member: Membership) -> RoleForm | None:
    """The form for those who may change this role: never one's own, never above one's own."""
    may_change = (
        not member.role_managed_by
        and actor.may(Permission.MEMBER_MANAGE)
        and member.pk != actor.id
        and member.status == Membership.Status.ACTIVE
        and member.role_permissions() <= actor.permissions
    )
    initial = {"role": member.role_name, "version": member.version}
    return RoleForm(actor=actor, initial=initial) if may_change else None


@needs(change_role.permission, methods=("POST",), refusal_to="member-show")
def member_role_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    seen = Membership.objects.visible_to(request.actor).select_related("custom_role")
    member = get_object_or_404(seen, pk=pk)
    form = RoleForm(request.POST, actor=request.actor)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles offered."))
    elif form.cleaned_data["version"] != member.version:
        raise StaleVersion(_("This person changed meanwhile. Look again, then decide."))
    else:
        return _role_changed(request, member, form.cleaned_data["role"])
    return redirect(workspace_url(request, "member-show", member.pk))


def _role_changed(request: PortalRequest, member: Membership, role: str) -> HttpResponse:
    """What the new role gives and takes first, then the change."""

    def change() -> Membership:
        return change_role(member, actor=request.actor, at=request.at, **named_role(role))

    back = workspace_url(request, "member-show", member.pk)
    title = _("Change the role of %(name)s") % {"name": member}
    asked = Asked(title=title, button=_("Change role"), back=back)
    if (seen := previewed(request, asked, change=change)) is not None:
        return seen
    changed = change()
    said = _("%(name)s is now %(role)s.") % {"name": changed, "role": changed.role_label}
    messages.success(request, said)
    return redirect(back)


@needs(Permission.MEMBER_VIEW)
def console_member_list(request: PortalRequest) -> HttpResponse:
    return redirect(workspace_url(request, "member-list"))
