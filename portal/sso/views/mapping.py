"""The mapping page of an SSO connection: what its claims decide, tried out and previewed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions.mapping import remove_mapping, set_mapping
from portal.sso.applying import mappings_of
from portal.sso.mapping import Claims, Mappings, kept
from portal.sso.mapping_forms import MappingEditor, with_more_rows
from portal.sso.models import ClaimMapping, ClaimRule, Connection
from portal.sso.previewing import (
    VALUES_SHOWN,
    candidate,
    not_mapped,
    preview,
    seen_claims,
    try_out,
)
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Policy, Team
from tenants.permissions import BuiltInRole, Permission

BOTH = ("GET", "POST")
LONGEST_TRIAL = 50_000


def _back(request: PortalRequest) -> str:
    match = request.resolver_match
    connection_id = match.kwargs["connection_id"] if match else ""
    return workspace_url(request, "connection-mapping", connection_id)


def _connection(connection_id: UUID) -> Connection:
    found: Connection = get_object_or_404(Connection.objects.all(), pk=connection_id)
    return found


@needs(Permission.SSO_VIEW, methods=BOTH)
def connection_mapping(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What is in force, what came that no rule knows, and a place to try values out."""
    connection = _connection(connection_id)
    mappings = mappings_of(connection)
    unknown = not_mapped(mappings, seen_claims(connection, at=request.at))
    context: dict[str, Any] = {
        "connection": connection,
        "targets": _targets(connection),
        "known_teams": set(Team.objects.visible_to(request.actor).values_list("pk", flat=True)),
        "default_role": BuiltInRole(Policy.objects.get().default_role).label,
        "unknown": unknown[:VALUES_SHOWN],
        "more_unknown": max(0, len(unknown) - VALUES_SHOWN),
        "claims": _tried(request, mappings),
    }
    if request.method == "POST":
        context["trial"] = try_out(mappings, _pasted(request, mappings), actor=request.actor)
    return page(request, "sso/mapping_show.html", context)


def _targets(connection: Connection) -> list[dict[str, Any]]:
    rows = {row.target: row for row in ClaimMapping.objects.filter(connection=connection)}
    rules = ClaimRule.objects.filter(mapping__in=list(rows.values())).select_related(
        "team", "custom_role"
    )
    by_mapping: dict[UUID, list[ClaimRule]] = {}
    for rule in rules.order_by("value", "team__name"):
        by_mapping.setdefault(rule.mapping_id, []).append(rule)
    return [
        {
            "key": target.value,
            "label": target.label,
            "row": rows.get(target),
            "rules": by_mapping.get(rows[target].pk, []) if target in rows else [],
        }
        for target in ClaimMapping.Decides
    ]


def _tried(request: PortalRequest, mappings: Mappings) -> list[dict[str, str]]:
    """A field for each mapped claim, with what was pasted into it."""
    return [
        {"name": f"claim-{n}", "claim": claim, "text": request.POST.get(f"claim-{n}", "")}
        for n, claim in enumerate(sorted(mappings.claims))
    ]


def _pasted(request: PortalRequest, mappings: Mappings) -> Claims:
    fields = _tried(request, mappings)
    if any(len(field["text"]) > LONGEST_TRIAL for field in fields):
        raise Invalid(_("That is too much to try out at once."))
    return kept({field["claim"]: field["text"].splitlines() for field in fields}, mappings.claims)


@needs(set_mapping.permission, step_up=True, methods=BOTH, refusal_to=_back)
def connection_mapping_change(
    request: PortalRequest, connection_id: UUID, target: str
) -> HttpResponse:
    """Change what a claim decides; the effect on people is shown before it is saved."""
    connection = _connection(connection_id)
    if target not in ClaimMapping.Decides.values:
        raise Http404
    row = ClaimMapping.objects.filter(connection=connection, target=target).first()
    wish = request.POST.get("do", "")
    if wish == "remove":
        return _remove(request, row)
    editor = _editor(request, target, row, wish=wish)
    if wish == "save" and editor.is_valid() and _saved(request, connection, editor):
        messages.success(request, _("The mapping counts from everybody's next sign-in."))
        return redirect(_back(request))
    return _edit_page(request, connection, editor, wish=wish)


def _editor(
    request: PortalRequest, target: str, row: ClaimMapping | None, *, wish: str
) -> MappingEditor:
    posted: QueryDict | None = request.POST if request.method == "POST" else None
    if posted is not None and wish == "more":
        posted = with_more_rows(posted)
    suggested = {name: request.GET[name] for name in ("claim", "value") if name in request.GET}
    return MappingEditor(target, actor=request.actor, row=row, data=posted, suggested=suggested)


def _remove(request: PortalRequest, row: ClaimMapping | None) -> HttpResponse:
    version = request.POST.get("version", "")
    if row is None or not version.isdecimal():
        raise Http404
    remove_mapping(row, actor=request.actor, version=int(version))
    messages.success(
        request, _("The mapping is gone. People keep what they have, and it is decided here again.")
    )
    return redirect(_back(request))


def _saved(request: PortalRequest, connection: Connection, editor: MappingEditor) -> bool:
    try:
        set_mapping(connection, actor=request.actor, wanted=editor.facts(), version=editor.version)
    except Invalid as refusal:
        said = [text for texts in refusal.errors.values() for text in texts]
        editor.form.add_error(None, " ".join([refusal.message, *said]))
        return False
    return True


def _edit_page(
    request: PortalRequest, connection: Connection, editor: MappingEditor, *, wish: str
) -> HttpResponse:
    seen = seen_claims(connection, at=request.at)
    context: dict[str, Any] = {
        "connection": connection,
        "editor": editor,
        "target": ClaimMapping.Decides(editor.target),
        "seen_claims": sorted(seen),
        "seen_values": sorted({value for values in seen.values() for value in values})[:500],
    }
    is_wrong = wish in {"preview", "save"} and not editor.is_valid()
    if wish == "preview" and not is_wrong:
        mappings = candidate(connection, editor.facts())
        context["preview"] = preview(connection, mappings, at=request.at, actor=request.actor)
    status = 422 if is_wrong or (wish == "save") else 200
    return page(request, "sso/mapping_change.html", context, status=status)
