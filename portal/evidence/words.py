"""How events are called and drawn on screen: by the noun in their name."""

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.names import EventName

# Noun -> (what it is called, its icon). The order is the order of the filter's groups.
NOUNS: Final[Mapping[str, tuple[Promise, str]]] = {
    "member": (gettext_lazy("Member"), "user-round"),
    "invitation": (gettext_lazy("Invitation"), "mail-plus"),
    "team": (gettext_lazy("Team"), "users-round"),
    "token": (gettext_lazy("API token"), "key-round"),
    "service_account": (gettext_lazy("Service account"), "bot"),
    "role": (gettext_lazy("Role"), "id-card"),
    "ownership": (gettext_lazy("Ownership"), "arrow-right-left"),
    "entry": (gettext_lazy("Sign-in"), "log-in"),
    "sign_in": (gettext_lazy("Attempt to sign in"), "shield-x"),
    "step_up": (gettext_lazy("Confirmation"), "fingerprint-pattern"),
    "password": (gettext_lazy("Password"), "lock-keyhole"),
    "authenticator": (gettext_lazy("Second factor"), "smartphone"),
    "address": (gettext_lazy("E-mail address"), "at-sign"),
    "profile": (gettext_lazy("Profile"), "circle-user-round"),
    "ticket": (gettext_lazy("Request"), "ticket-check"),
    "filter": (gettext_lazy("Kept filter"), "list-filter"),
    "downstream_system": (gettext_lazy("Downstream system"), "workflow"),
    "certificate": (gettext_lazy("Certificate"), "file-badge"),
    "case": (gettext_lazy("Case"), "life-buoy"),
    "grant": (gettext_lazy("Diagnostic access"), "scan-eye"),
    "support_session": (gettext_lazy("Support session"), "headset"),
    "object": (gettext_lazy("Looked at or done by support"), "eye"),
    "dispute": (gettext_lazy("Disputed read"), "message-square-warning"),
    "emergency_access": (gettext_lazy("Emergency access"), "siren"),
    "bundle": (gettext_lazy("Diagnosis bundle"), "package"),
    "integration": (gettext_lazy("Integration"), "plug"),
    "import": (gettext_lazy("Import"), "file-up"),
    "upload": (gettext_lazy("Uploaded files"), "file-x"),
    "connection": (gettext_lazy("SSO connection"), "key-square"),
    "identity": (gettext_lazy("Single sign-on link"), "unlink"),
    "domain": (gettext_lazy("Domain"), "globe"),
    "setup_link": (gettext_lazy("Set-up link"), "link"),
    "mapping": (gettext_lazy("Roles and teams by single sign-on"), "split"),
    "sso_enforcement": (gettext_lazy("Single sign-on only"), "shield-check"),
    "break_glass": (gettext_lazy("Break-glass"), "siren"),
    "recovery_code": (gettext_lazy("Recovery code"), "life-buoy"),
    "directory": (gettext_lazy("Directory"), "folder-sync"),
    "directory_access": (gettext_lazy("Access by the directory"), "user-round-check"),
    "directory_brake": (gettext_lazy("Brake of the directory"), "octagon-pause"),
    "directory_group": (gettext_lazy("Group of the directory"), "users-round"),
    "directory_hold": (gettext_lazy("Held removals"), "hand"),
    "directory_owner": (gettext_lazy("Owner kept"), "crown"),
    "directory_removal": (gettext_lazy("Removal by the directory"), "user-round-x"),
    "directory_token": (gettext_lazy("Directory token"), "key-round"),
    "directory_user": (gettext_lazy("Person of the directory"), "user-round"),
    "policy": (gettext_lazy("Policy"), "sliders-horizontal"),
    "organization": (gettext_lazy("Workspace"), "building-2"),
    "action": (gettext_lazy("Refused attempt"), "shield-x"),
    "evidence": (gettext_lazy("Evidence for a period"), "folder-check"),
    "log": (gettext_lazy("Audit log"), "scroll-text"),
    "checkpoint": (gettext_lazy("Checkpoint"), "stamp"),
    "mail": (gettext_lazy("Mail"), "mail"),
}
# Verbs that the screen says otherwise than the log keeps them.
VERBS: Final[Mapping[str, Promise]] = {
    "contained": gettext_lazy("access blocked"),
    "endorsed": gettext_lazy("passed on by the vendor"),
    "lapsed": gettext_lazy("not answered"),
}
Choice = tuple[str, str]


def noun_of(name: str) -> str:
    return name.partition(".")[0]


def icon_of(name: str) -> str:
    return NOUNS[noun_of(name)][1] if noun_of(name) in NOUNS else "circle"


def label_of(name: str) -> str:
    """`Request: late`, for filters and details."""
    noun, _dot, verb = name.partition(".")
    called = str(NOUNS[noun][0]) if noun in NOUNS else noun
    said = str(VERBS[verb]) if verb in VERBS else verb.replace("_", " ")
    return f"{called}: {said}"


def action_choices() -> list[Choice | tuple[str, list[Choice]]]:
    """Every event name under its noun, with a first choice for the whole group."""
    return [("", _("Everything")), *_groups()]


def _groups() -> Iterator[tuple[str, list[Choice]]]:
    for noun, (called, _icon) in NOUNS.items():
        names = names_of(noun)
        each = [(name.value, label_of(name)) for name in names]
        whole = [(noun, _("%(noun)s: everything") % {"noun": called})] if len(names) > 1 else []
        yield str(called), [*whole, *each]


def names_of(action: str) -> list[EventName]:
    """The event names behind a filter's value: one of them, or all of a noun."""
    return [name for name in EventName if action in (name.value, noun_of(name))]
