"""How a table reads in a count and on a certificate, where its own name is an inside word."""

from collections.abc import Mapping

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: Mapping[str, str | Promise] = {
    "directory.DirectoryAddress": _("Addresses in the directory"),
    "directory.DirectoryCall": _("Calls of the directory"),
    "directory.DirectoryGroup": _("Groups of the directory"),
    "directory.DirectoryHold": _("Held syncs of the directory"),
    "directory.DirectoryPlace": _("Places in groups of the directory"),
    "directory.DirectorySettings": _("Settings of the directory"),
    "directory.DirectoryToken": _("Tokens of the directory"),
    "directory.DirectoryUser": _("People of the directory"),
    "directory.HeldChange": _("Held changes of the directory"),
    "grants.AccessRecord": _("Records of what the vendor's staff saw"),
    "grants.Case": _("Support cases"),
    "grants.CaseIntegration": _("Integrations attached to support cases"),
    "grants.Grant": _("Diagnostic access"),
    "grants.GrantDecision": _("Decisions about diagnostic access"),
    "grants.GrantResource": _("Scope of diagnostic access"),
    "grants.SupportRules": _("Rules of support"),
    "people.InvitationList": _("Uploaded lists of people"),
    "rest.IdempotencyRecord": _("Kept answers of the API"),
    "sso.CertificateNotice": _("Notices about certificates"),
    "sso.ClaimMapping": _("Roles and teams by single sign-on"),
    "sso.ClaimRule": _("Rules of single sign-on"),
    "sso.ClosedIdentity": _("Closed sign-ins of single sign-on"),
    "sso.Connection": _("SSO connections"),
    "sso.ConnectionKey": _("Keys of SSO connections"),
    "sso.Domain": _("Domains"),
    "sso.ParkedSignIn": _("Sign-ins on their way"),
    "sso.SealedDoor": _("Break-glass codes"),
    "sso.SeenClaims": _("What single sign-on said about people"),
    "sso.SetupLink": _("Set-up links"),
    "sso.SignInAttempt": _("Records of sign-ins"),
    "sso.UsedAssertion": _("Used answers of single sign-on"),
    "tenants.ApiToken": _("API tokens"),
    "tickets.SavedFilter": _("Kept filters of requests"),
    "tenants.DefaultTeam": _("Teams that everybody joins"),
    "tenants.Entry": _("Sessions"),
    "tenants.InvitationTeam": _("Teams of invitations"),
    "tenants.Membership": _("Members"),
    "tenants.Policy": _("Policies"),
    "tenants.ServiceAccountPlace": _("Teams of service accounts"),
    "tenants.TeamMember": _("Places in teams"),
}


def label_of(model: type[models.Model]) -> str:
    """Its words here, else the model's own plural."""
    meta = model._meta  # noqa: SLF001
    known = LABELS.get(meta.label)
    return str(known) if known else str(meta.verbose_name_plural).capitalize()
