"""One plain sentence for each event, for the screen, the exports and the mails alike."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from audit.names import EventName
from audit.opening import opened

N = EventName

# {name} stands for a fact; a part in square brackets falls away when a fact in it is missing.
SENTENCES: Final[Mapping[str, str | Promise]] = {
    N.ACTION_REFUSED: _("{actor} was refused[: {verb}]."),
    N.ADDRESS_CHANGED: _("{actor} changed their e-mail address."),
    N.AUTHENTICATOR_ADDED: _("{actor} added a second factor[ ({kind})]."),
    N.AUTHENTICATOR_REMOVED: _("{actor} removed a second factor[ ({kind})]."),
    N.AUTHENTICATOR_RENAMED: _("{actor} renamed a passkey."),
    N.RECOVERY_CODE_USED: _("{actor} used a recovery code[; {left} are left]."),
    N.PASSWORD_CHANGED: _("{actor} changed their password."),
    N.PASSWORD_RESET: _("{actor} set a new password through a mailed link."),
    N.PROFILE_CHANGED: _("{actor} changed their profile."),
    N.SIGN_IN_REFUSED: _("A sign-in[ of {target}] was refused[: {reason}]."),
    N.ENTRY_OPENED: _("{actor} signed in[ by {method}]."),
    N.ENTRY_ENDED: _("A browser session of {target} ended[: {reason}]."),
    N.STEP_UP_PASSED: _("{actor} confirmed who they are[ by {method}]."),
    N.ORGANIZATION_CREATED: _("{actor} created the workspace {target}."),
    N.ORGANIZATION_CLOSED: _("The workspace {target} was closed[ by {request}]."),
    N.POLICY_CHANGED: _("{actor} changed the policy[: {changed}]."),
    N.POLICY_SUPPORT_CHANGED: _("{actor} changed the rules of support."),
    N.POLICY_ATTESTED: _(
        "{actor} confirmed the policy for support, version {version}, from {country}."
    ),
    N.SSO_ENFORCEMENT_STARTED: _(
        "{actor} made single sign-on the only way in[, to be confirmed by {until}]."
    ),
    N.SSO_ENFORCEMENT_CONFIRMED: _(
        "{actor} came in by single sign-on and so confirmed it as the only way in."
    ),
    N.SSO_ENFORCEMENT_RETURNED: _(
        "Passwords are accepted again: nobody who runs single sign-on came in by it in time."
    ),
    N.SSO_ENFORCEMENT_LIFTED: _("{actor} let passwords in again beside single sign-on."),
    N.BREAK_GLASS_NOMINATED: _("{actor} named {target} as a break-glass owner."),
    N.BREAK_GLASS_CODE_MADE: _("{target} made a break-glass code, not proven yet."),
    N.BREAK_GLASS_PROVEN: _("{target} proved that their break-glass code opens the workspace."),
    N.BREAK_GLASS_ISSUED: _(
        "The vendor's operator issued a single-use break-glass code for {target}[ until {until}]."
    ),
    N.BREAK_GLASS_OPENED: _("{target} opened the workspace with their break-glass code."),
    N.BREAK_GLASS_VOIDED: _("The break-glass code of {target} is void[: {because}]."),
    N.DOMAIN_CLAIMED: _("{actor} named the domain {target}, not proven yet."),
    N.DOMAIN_VERIFIED: _("The domain {target} was verified."),
    N.DOMAIN_MISSING: _(
        "The DNS record that proves the domain {target} is missing[; it counts until {until}]."
    ),
    N.DOMAIN_FOUND: _("The DNS record that proves the domain {target} is there again."),
    N.DOMAIN_LOST: _(
        "The domain {target} is no longer proven: its DNS record was gone for 3 days."
    ),
    N.DOMAIN_REMOVED: _("{actor} removed the domain {target}."),
    N.CONNECTION_CREATED: _("{actor} created the SSO connection {target}."),
    N.CONNECTION_CHANGED: _("{actor} changed the SSO connection {target}[: {changed}]."),
    N.CONNECTION_TESTED: _("A test login through the SSO connection {target} passed."),
    N.CONNECTION_ACTIVATED: _("{actor} activated the SSO connection {target}."),
    N.CONNECTION_DISABLED: _("{actor} disabled the SSO connection {target}."),
    N.CONNECTION_DEGRADED: _("The SSO connection {target} needs attention[: {reason}]."),
    N.CONNECTION_RECOVERED: _("The SSO connection {target} is in order again."),
    N.CONNECTION_ROLLED: _("The certificates of the SSO connection {target} changed[: {changed}]."),
    N.CONNECTION_CERTIFICATE_ENDING: _(
        "A certificate of the SSO connection {target} ends soon[: on {until}][ ({side})]."
    ),
    N.CONNECTION_KEY_PREPARED: _(
        "{actor} prepared our next certificate of the SSO connection {target}."
    ),
    N.CONNECTION_KEY_PROMOTED: _(
        "{actor} put our next certificate of the SSO connection {target} to use."
    ),
    N.CONNECTION_KEY_RETIRED: _("{actor} retired a certificate of ours of {target}."),
    N.SETUP_LINK_CREATED: _("{actor} made a set-up link for single sign-on[, for {target}]."),
    N.SETUP_LINK_OPENED: _("A browser opened the set-up link[ for {target}]."),
    N.SETUP_LINK_FINISHED: _("The holder of the set-up link[ for {target}] finished."),
    N.SETUP_LINK_REVOKED: _("{actor} revoked the set-up link[ for {target}]."),
    N.CONNECTION_DELETED: _("{actor} deleted the SSO connection {target}, which nobody had used."),
    N.IDENTITY_UNLINKED: _("{actor} removed the single sign-on link of {target}."),
    N.MAPPING_CHANGED: _(
        "{actor} changed what the claim “{claim}” of {target} decides[: {decides}][, {mode}]"
        "[. Added: {added}][. Removed: {removed}]."
    ),
    N.MAPPING_REMOVED: _("{actor} removed the mapping of the claim “{claim}” of {target}."),
    N.IDENTITY_REOPENED: _("{target} may sign in by single sign-on again."),
    N.DIRECTORY_TOKEN_ISSUED: _("{actor} issued the directory token {target}."),
    N.DIRECTORY_TOKEN_REVOKED: _("{actor} revoked the directory token {target}."),
    N.DIRECTORY_BRAKE_CHANGED: _(
        "{actor} changed from which share on removals are held[ from {before}][ to {after}]."
    ),
    N.DIRECTORY_USER_ADDED: _("The identity provider sent {target}."),
    N.DIRECTORY_USER_CHANGED: _("The identity provider changed {target}."),
    N.DIRECTORY_USER_LET_BACK: _("{target} came back, with nothing of the old access."),
    N.DIRECTORY_USER_DELETED: _("The identity provider deleted {target}."),
    N.DIRECTORY_OWNER_KEPT: _(
        "The identity provider tried to remove {target}, the last owner, who was kept."
    ),
    N.DIRECTORY_GROUP_ADDED: _("The identity provider sent the group {target}."),
    N.DIRECTORY_GROUP_CHANGED: _("The identity provider changed the group {target}."),
    N.DIRECTORY_GROUP_MEMBERS_CHANGED: _(
        "The identity provider changed who is in the group {target}:"
        " {added} added, {removed} removed."
    ),
    N.DIRECTORY_GROUP_DELETED: _("The identity provider deleted the group {target}."),
    N.DIRECTORY_GROUP_MAPPED: _(
        "{actor} decided what the group {target} gives[: role {role}][, team {team}]."
    ),
    N.DIRECTORY_ACCESS_SETTLED: _(
        "The group {target} changed access here: {joined_count} joined a team,"
        " {left_count} left one, {role_count} got another role."
    ),
    N.DIRECTORY_HELD: _("Removals by the identity provider are held until an admin decides."),
    N.DIRECTORY_REMOVAL_HELD: _("The removal of {target} by the identity provider is held."),
    N.DIRECTORY_REMOVAL_TAKEN_BACK: _("The identity provider took the removal of {target} back."),
    N.DIRECTORY_HOLD_RELEASED: _("{actor} let the held removals happen[ ({people})]."),
    N.DIRECTORY_HOLD_DISMISSED: _("{actor} dismissed the held removals[ ({people})]."),
    N.MEMBER_ADMITTED: _("{target} joined the workspace[ as {role}][ by {source}]."),
    N.MEMBER_CONTAINED: _("{actor} blocked the access of {target}[ ({reference})][: {reason}]."),
    N.MEMBER_REVOKED: _("{actor} revoked the access of {target}[ ({reference})]."),
    N.MEMBER_REINSTATED: _("{actor} let {target} in again[ ({reference})]."),
    N.MEMBER_ROLE_CHANGED: _(
        "{actor} changed the role of {target}[ from {before}][ to {after}][ ({reason})]."
    ),
    N.MEMBER_END_CHANGED: _(
        "{actor} changed when the access of {target} ends[ from {before}][ to {after}]."
    ),
    N.MEMBER_BLOCK_PLANNED: _("The access of {target} is to be blocked at {blocked_from}."),
    N.MEMBER_BLOCK_GIVEN_UP: _("The access of {target} is no longer to be blocked."),
    N.MEMBER_END_NOTICED: _("The access of {target} ends soon[: {ends_at}]."),
    N.OWNERSHIP_HANDED_OVER: _(
        "{actor} handed over what {target} owns[ to {successor}][: {things}]."
    ),
    N.ROLE_CREATED: _("{actor} made the role {target}."),
    N.ROLE_CHANGED: _(
        "{actor} changed the role {target}[, adding {added}][, taking away {removed}]."
    ),
    N.ROLE_DELETED: _("{actor} deleted the role {target}."),
    N.INVITATION_SENT: _("{actor} invited {target}[ as {role}]."),
    N.INVITATION_CHANGED: _(
        "{actor} changed the invitation of {target}[: {before} becomes {after}]"
        "[; joins {joins}][; no longer joins {leaves}]."
    ),
    N.INVITATION_CANCELLED: _("{actor} cancelled the invitation of {target}."),
    N.INVITATION_ACCEPTED: _("{target} accepted the invitation."),
    N.TEAM_CREATED: _("{actor} created the team {target}."),
    N.TEAM_CHANGED: _("{actor} changed the team {target}."),
    N.TEAM_DELETED: _("{actor} deleted the team {target}."),
    N.TEAM_MEMBER_ADDED: _("{actor} added {target} to a team[: {team}]."),
    N.TEAM_MEMBER_REMOVED: _("{actor} removed {target} from a team[: {team}]."),
    N.TEAM_LEAD_CHANGED: _("{actor} changed whether {target} leads a team[: {team}][, {changed}]."),
    N.TEAM_PERMISSIONS_CHANGED: _(
        "{actor} changed what the team {target} allows[, adding {added}][, taking away {removed}]."
    ),
    N.TEAM_ACCESS_CHANGED: _("{actor} changed what the team {target} may see[: {changed}]."),
    N.TOKEN_ISSUED: _("{actor} issued the API token {target}."),
    N.TOKEN_REVOKED: _("{actor} revoked the API token {target}[ ({reason})]."),
    N.TOKEN_ROTATED: _(
        "{actor} replaced the API token {target}[ by {successor}][; it works until {until}]."
    ),
    N.TOKEN_END_NOTICED: _("The API token {target} ends soon[: {ends_at}]."),
    N.SERVICE_ACCOUNT_CREATED: _("{actor} made the service account {target}[ as {role}]."),
    N.SERVICE_ACCOUNT_CHANGED: _("{actor} changed the service account {target}[: {changed}]."),
    N.SERVICE_ACCOUNT_SUSPENDED: _("{actor} blocked the service account {target}."),
    N.SERVICE_ACCOUNT_BLOCK_PLANNED: _("{target} is to be stopped at {blocked_from}."),
    N.SERVICE_ACCOUNT_BLOCK_GIVEN_UP: _("{target} is no longer to be stopped."),
    N.SERVICE_ACCOUNT_REINSTATED: _("{actor} let the service account {target} in again."),
    N.SERVICE_ACCOUNT_DELETED: _("{actor} deleted the service account {target}."),
    N.INTEGRATION_CREATED: _("{actor} added the integration {target}."),
    N.INTEGRATION_CHANGED: _("{actor} changed the integration {target}."),
    N.INTEGRATION_PAUSED: _("{actor} paused the integration {target}."),
    N.INTEGRATION_RESUMED: _("{actor} resumed the integration {target}."),
    N.INTEGRATION_SCHEDULED: _("{actor} changed when {target} is read[: {every}]."),
    N.INTEGRATION_CREDENTIAL_SET: _("{actor} gave {target} a new credential."),
    N.INTEGRATION_CREDENTIAL_DESTROYED: _("{actor} destroyed the credential of {target}."),
    N.INTEGRATION_WRITE_RIGHT_FOUND: _(
        "The credential of {target} may also write[ ({found})]; it is used to read only."
    ),
    N.IMPORT_STARTED: _("{actor} started an import into {target}."),
    N.IMPORT_FINISHED: _(
        "An import into {target} finished[: {resources} resources][ and {fields} fields]."
    ),
    N.IMPORT_FAILED: _("An import into {target} failed[: {reason}]."),
    N.UPLOAD_DELETED: _("The uploaded file “{file}” was deleted after its import."),
    N.FILTER_SAVED: _("{actor} kept a filter of requests as “{target}”."),
    N.FILTER_DELETED: _("{actor} deleted the filter “{target}”."),
    N.DOWNSTREAM_SYSTEM_ADDED: _("{actor} added the downstream system {target}."),
    N.DOWNSTREAM_SYSTEM_CHANGED: _("{actor} changed the downstream system {target}."),
    N.DOWNSTREAM_SYSTEM_REMOVED: _("{actor} removed the downstream system {target}."),
    N.DOWNSTREAM_SYSTEM_ROTATED: _("{actor} made a new secret for the calls to {target}."),
    N.DOWNSTREAM_SYSTEM_SWITCHED_OFF: _("{actor} switched the downstream system {target} off."),
    N.DOWNSTREAM_SYSTEM_SWITCHED_ON: _("{actor} switched the downstream system {target} on."),
    N.TICKET_OPENED: _("{actor} opened the request {reference}[ about {target}]."),
    N.TICKET_ATTACHED: _("{actor} asked again for what {reference} already does."),
    N.TICKET_CONFIRMED: _("{actor} confirmed the request {reference}."),
    N.TICKET_WITHDRAWN: _("{actor} withdrew the request {reference}."),
    N.TICKET_RESCHEDULED: _("{actor} moved the request {reference} forward to {after}."),
    N.TICKET_CONTAINED: _("The request {reference} blocked the access[ of {target}]."),
    N.TICKET_REVERSED: _("{actor} took the request {reference} back."),
    N.TICKET_STARTED: _("Work on the request {reference} started."),
    N.TICKET_STEP_ASKED: _("Request {reference}: somebody is asked to do “{step}”."),
    N.TICKET_STEP_OPENED: _("{actor} of the vendor opened “{step}” of the request {reference}."),
    N.TICKET_STEP_TAKEN: _("{actor} of the vendor took over “{step}” of the request {reference}."),
    N.TICKET_STEP_ANSWERED: _("{actor} did “{step}” for the request {reference} and said how."),
    N.TICKET_STEP_ACKNOWLEDGED: _("Request {reference}: “{step}” was acknowledged."),
    N.TICKET_STEP_FINISHED: _("Request {reference}: the step “{step}” is done."),
    N.TICKET_STEP_FAILED: _(
        "Request {reference}: the step “{step}” did not succeed and is tried again[: {reason}]."
    ),
    N.TICKET_BLOCKED: _("The request {reference} needs the vendor[: {reason}]."),
    N.TICKET_WAITING: _("The request {reference} needs you[: {reason}]."),
    N.TICKET_NEEDS_INPUT: _("The request {reference} waits for somebody[: {reason}]."),
    N.TICKET_RESUMED: _("Work on the request {reference} goes on."),
    N.TICKET_VERIFYING: _("The result of the request {reference} is being checked."),
    N.TICKET_REPAIRED: _("The request {reference} was picked up again after an interruption."),
    N.TICKET_REPLAYED: _("A backup was restored: the request {reference} erases again."),
    N.TICKET_COMPLETED: _("The request {reference} is complete, with proof."),
    N.TICKET_ERASED: _("The data named in the request {reference} is erased."),
    N.TICKET_CLOSED: _("The request {reference} was closed."),
    N.TICKET_ESCALATED: _("The request {reference} has used {level} % of its time."),
    N.TICKET_LATE: _("The request {reference} is late."),
    N.CERTIFICATE_SIGNED: _("The certificate of the request {reference} was signed."),
    N.CASE_OPENED: _("{actor} opened the case {reference}."),
    N.CASE_CHANGED: _("{actor} changed the case {reference}."),
    N.CASE_CLOSED: _("{actor} closed the case {reference}."),
    N.GRANT_REQUESTED: _("{actor} asked for diagnostic access ({reference})[ for {case}]."),
    N.GRANT_ENDORSED: _("{actor}, support lead, endorsed the request for access {reference}."),
    N.GRANT_REJECTED: _("{actor}, support lead, turned down the request for access {reference}."),
    N.GRANT_WITHDRAWN: _("{actor} withdrew the request for access {reference}."),
    N.GRANT_AGREED: _(
        "{actor} agreed to diagnostic access {reference}; others must agree too ({missing})."
    ),
    N.GRANT_APPROVED: _("{actor} approved diagnostic access {reference}[ until {until}]."),
    N.GRANT_DENIED: _("{actor} denied diagnostic access {reference}[: {reason}]."),
    N.GRANT_NARROWED: _("{actor} narrowed diagnostic access {reference}."),
    N.GRANT_REVOKED: _("{actor} revoked diagnostic access {reference}."),
    N.GRANT_LAPSED: _("The request for access {reference} was not answered in time."),
    N.GRANT_EXPIRED: _("Diagnostic access {reference} ended at its time."),
    N.GRANT_CANCELLED: _("The request for access {reference} was cancelled."),
    N.GRANT_TAMPERED: _("The record of access {reference} was changed outside the product."),
    N.SUPPORT_SESSION_OPENED: _("{actor} of support began to look, under {reference}."),
    N.SUPPORT_SESSION_CLOSED: _("The support session under {reference} ended."),
    N.OBJECT_READ: _("{actor} of support read {target}[ under {reference}]."),
    N.OBJECT_TESTED: _("{actor} of support tested the connection of {target}[ under {reference}]."),
    N.OBJECT_SYNCED: _("{actor} of support started a sync of {target}[ under {reference}]."),
    N.OBJECT_CHANGED: _("{actor} of support changed settings of {target}[ under {reference}]."),
    N.GRANT_REMINDED: _("The approvers were reminded of the request for access {reference}."),
    N.GRANT_ENDING: _("It was announced that diagnostic access {reference} ends[ at {until}]."),
    N.DISPUTE_OPENED: _("{actor} disputed a read[ under {grant}]: {reference}."),
    N.DISPUTE_ANSWERED: _("{actor}, support lead, answered the dispute {reference}."),
    N.DISPUTE_CLOSED: _("{actor} closed the dispute {reference}."),
    N.DISPUTE_ESCALATED: _("[{level} % of ]the time to answer the dispute {reference} has passed."),
    N.DISPUTE_LATE: _("The dispute {reference} was not answered within 24 hours."),
    N.EMERGENCY_ACCESS_ALLOWED: _("{actor} allowed emergency access in advance[ until {until}]."),
    N.EMERGENCY_ACCESS_WITHDRAWN: _("{actor} withdrew the emergency access allowed in advance."),
    N.EMERGENCY_ACCESS_ENDING: _(
        "It was announced that the emergency access allowed in advance ends[ at {until}]."
    ),
    N.EMERGENCY_ACCESS_AGREED: _(
        "{actor}, support lead, agreed to open {reference} as an emergency."
    ),
    N.EMERGENCY_ACCESS_TAMPERED: _(
        "The emergency access allowed in advance was changed outside the product: it is off."
    ),
    N.EMERGENCY_ACCESS_OPENED: _(
        "{actor}, support lead, opened {reference} as an emergency[ until {until}]."
    ),
    N.BUNDLE_MADE: _("{actor} made a diagnosis bundle for {reference}."),
    N.BUNDLE_SENT: _("{actor} signed and sent a diagnosis bundle with {reference}."),
    N.BUNDLE_OPENED: _("{actor} of support opened a diagnosis bundle of {reference}."),
    N.EVIDENCE_EXPORTED: _(
        "{actor} exported the evidence of {since} to {until}[ ({requests} requests)]."
    ),
    N.LOG_EXPORTED: _("{actor} exported the audit log[ ({rows} events)]."),
    N.LOG_VERIFIED: _("{actor} had the audit log checked[: {findings} findings]."),
    N.CHECKPOINT_DOWNLOADED: _("{actor} downloaded a checkpoint of the audit log."),
    N.MAIL_SENT: _("The mail “{letter}” was sent to {target}[ ({reference})]."),
    N.MAIL_FAILED: _("The mail “{letter}” could not be sent to {target}[ ({reference})]."),
}

_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_SOMEBODY: Final[Mapping[str, str | Promise]] = {
    "actor": _("Somebody"),
    "target": _("something"),
    "reference": _("without a number"),
}


def sentence(event: Event) -> str:
    """What happened, in words. A fact that is missing shortens the sentence, it never fails."""
    template = str(SENTENCES.get(event.name) or _("{actor}: {name}[ ({reference})]."))
    said = _filled(template, _facts(event))
    if event.outcome in ("refused", "denied") and event.name != N.ACTION_REFUSED:
        said = _("Refused: %(sentence)s") % {"sentence": said}
    return said[:1].upper() + said[1:]


def _facts(event: Event) -> dict[str, str]:
    told = {**event.facts, **_changed(event.facts)}
    facts = {name: spelled(value).replace("_", " ") for name, value in told.items()}
    facts |= {key: str(_WAYS[facts[key]]) for key in _BY if facts.get(key) in _WAYS}
    facts |= {"name": event.name, "reference": event.reference}
    facts |= opened([event])[event.id]
    return {name: value for name, value in facts.items() if value}


# How people come in, in the words of the screen.
_BY: Final = ("method", "source")
_WAYS: Final[Mapping[str, Any]] = {
    "saml": _("single sign-on"),
    "google": _("Google"),
    "microsoft": _("Microsoft"),
    "oidc": _("OpenID Connect"),
    "break_glass": _("break-glass code"),
    "scim": _("the directory"),
    "founder": _("founding it"),
    "break glass": _("a break-glass code"),
}


def _changed(facts: Mapping[str, Any]) -> dict[str, str]:
    """Old and new values as one fact, where an event names several of each."""
    before, after = facts.get("before"), facts.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return {}
    said = _("%(name)s from %(before)s to %(after)s")
    parts = [
        said % {"name": name, "before": spelled(before.get(name)), "after": spelled(value)}
        for name, value in after.items()
    ]
    return {"changed": ", ".join(parts)}


def _filled(template: str, facts: Mapping[str, str]) -> str:
    def optional(match: re.Match[str]) -> str:
        part = match.group(1)
        return part if all(name in facts for name in _PLACE.findall(part)) else ""

    def place(match: re.Match[str]) -> str:
        name = match.group(1)
        return facts.get(name) or str(_SOMEBODY.get(name, "…"))

    return _PLACE.sub(place, _OPTIONAL.sub(optional, template))


def spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(spelled(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {spelled(item)}" for name, item in value.items())
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    text = str(value)
    return _instant(text) if _INSTANT.fullmatch(text) else text


_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


def _instant(text: str) -> str:
    return f"{text[:10]} {text[11:16]} UTC"
