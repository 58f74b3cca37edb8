"""Security letters about a person's own account. They cannot be switched off."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.models import Membership
from tenants.resolving import workspaces_of

_SUBJECTS: Final[Mapping[str, Promise]] = {
    EventName.PASSWORD_CHANGED: gettext_lazy("Your password was changed"),
    EventName.PASSWORD_RESET: gettext_lazy("Your password was set anew"),
    EventName.AUTHENTICATOR_ADDED: gettext_lazy("A second factor was added to your account"),
    EventName.AUTHENTICATOR_REMOVED: gettext_lazy("A second factor was removed from your account"),
    EventName.RECOVERY_CODE_USED: gettext_lazy("A recovery code of your account was used"),
    EventName.ADDRESS_CHANGED: gettext_lazy("Your e-mail address was changed"),
}


def _once(event: Event, at: datetime) -> list[str]:
    """The event stands in the log of each of the person's workspaces; one of them writes."""
    member = Membership.objects.filter(pk=to.subject_of(event)).first()
    if member is None or member.user_id is None:
        return []
    first = min((m.organization_id for m in workspaces_of(member.user_id, at=at)), default=None)
    return to.person(member.pk) if first == event.organization_id else []


def _with_former_address(event: Event, at: datetime) -> list[str]:
    """Whoever took the account over controls the new address, so the old one is told too."""
    person = _once(event, at)
    return [*person, to.FORMER] if person else []


def _write(now: Situation) -> Letter:
    return Letter(
        subject=str(_SUBJECTS[now.event.name]),
        text=[
            _("this is to let you know. If it was you, there is nothing to do."),
            _(
                "If it was not you: set a new password at once, and tell your workspace's "
                "security officer."
            ),
        ],
        facts=[
            (_("When"), utc(now.event.occurred_at)),
            (_("From address"), now.name("address") or _("unknown")),
        ],
        link=address_of("account_reset_password"),
        link_label=_("Set a new password"),
    )


def _write_code(now: Situation) -> Letter:
    """Who runs out of codes is kept out once the device is lost: the letter counts them."""
    left = int(now.event.facts.get("left", 0))
    rest = (
        _("%(n)d codes are left.") % {"n": left}
        if left
        else _("It was the last one. Make new codes now, while you can sign in.")
    )
    letter = _write(now)
    return replace(
        letter,
        text=[*letter.text, rest],
        link=address_of("mfa_generate_recovery_codes"),
        link_label=_("Make new codes"),
    )


def _write_token(now: Situation) -> Letter:
    return Letter(
        subject=_("A new API token was made in your name"),
        text=[
            _("it can do what its scopes say, until it ends or is revoked."),
            _("If it was not you: revoke it, then set a new password."),
        ],
        facts=[
            (_("Token"), now.name("target")),
            (_("When"), utc(now.event.occurred_at)),
            (_("From address"), now.name("address") or _("unknown")),
        ],
        link=address_of("token-list", now.slug),
        link_label=_("See your tokens"),
    )


_ADDRESS, _CODE = EventName.ADDRESS_CHANGED, EventName.RECOVERY_CODE_USED
OCCASIONS = (
    Occasion(
        letter="account-changed",
        names=frozenset(EventName(name) for name in _SUBJECTS if name not in (_ADDRESS, _CODE)),
        choose=_once,
        write=_write,
    ),
    Occasion(
        letter="recovery-code-used",
        names=frozenset({_CODE}),
        choose=_once,
        write=_write_code,
    ),
    Occasion(
        letter="address-changed",
        names=frozenset({_ADDRESS}),
        choose=_with_former_address,
        write=_write,
    ),
    Occasion(
        letter="token-issued",
        names=frozenset({EventName.TOKEN_ISSUED}),
        choose=to.actor,
        write=_write_token,
    ),
)
