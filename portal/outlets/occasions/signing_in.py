"""Letters about single sign-on: what needs an admin, before people notice it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from portal.sso.models import Connection, Domain
from portal.sso.rules import DomainStanding
from tenants.permissions import Permission


def _connection(now: Situation) -> Connection | None:
    found: Connection | None = (
        Connection.objects.in_use().filter(pk=to.subject_of(now.event)).first()
    )
    return found


def _about(now: Situation, connection: Connection, *, subject: str, text: Sequence[str]) -> Letter:
    return Letter(
        subject=f"{connection.name}: {subject}",
        text=text,
        facts=[
            (_("SSO connection"), connection.name),
            (_("Identity provider"), connection.idp_entity_id),
        ],
        link=address_of("connection-health", now.slug, connection.pk),
        link_label=_("See what to do"),
    )


def _write_ending(now: Situation) -> Letter | None:
    connection = _connection(now)
    facts = now.event.facts
    if connection is None or _is_replaced(connection, str(facts.get("fingerprint"))):
        return None
    days = int(facts.get("days", 0))
    when = _("tomorrow") if days == 1 else _("in %(days)d days") % {"days": days}
    ours = facts.get("side") == "ours"
    said = (
        _(
            "Our own certificate of this connection ends %(when)s. Prepare the next one, and let "
            "your identity provider read our metadata again."
        )
        if ours
        else _(
            "The certificate that your identity provider signs with ends %(when)s. Add the "
            "next one before it does: both are trusted side by side, so nobody is locked out."
        )
    )
    return _about(
        now,
        connection,
        subject=_("a certificate ends %(when)s") % {"when": when},
        text=[said % {"when": when}],
    )


def _is_replaced(connection: Connection, fingerprint: str) -> bool:
    """Neither theirs nor ours any more: the notice would be about something that is gone."""
    ours = [key.describe() for key in connection.keys.published()]
    held = {found.fingerprint for found in (*connection.certificates(), *ours)}
    return fingerprint not in held


def _write_degraded(now: Situation) -> Letter | None:
    connection = _connection(now)
    if connection is None or not connection.degraded_because:
        return None
    return _about(
        now,
        connection,
        subject=_("single sign-on needs attention"),
        text=[connection.degraded_because, _("People are still let in through it.")],
    )


def _write_recovered(now: Situation) -> Letter | None:
    connection = _connection(now)
    if connection is None or connection.degraded_because:
        return None
    return _about(
        now,
        connection,
        subject=_("single sign-on is in order again"),
        text=[_("What needed attention is gone. There is nothing to do.")],
    )


def _write_missing(now: Situation) -> Letter | None:
    domain = Domain.objects.filter(pk=to.subject_of(now.event)).first()
    if domain is None or domain.standing is not DomainStanding.MISSING:
        return None
    return _of_domain(
        now,
        domain,
        subject=_("the DNS record is missing"),
        text=[
            _("The TXT record that proves this domain is no longer in the DNS. Put it back."),
            _("The domain counts until %(at)s. After that nobody new is let in from there.")
            % {"at": utc(domain.counts_until)},
        ],
    )


def _write_lost(now: Situation) -> Letter | None:
    domain = Domain.objects.filter(pk=to.subject_of(now.event)).first()
    if domain is None or domain.standing is not DomainStanding.LOST:
        return None
    return _of_domain(
        now,
        domain,
        subject=_("the domain is no longer proven"),
        text=[
            _(
                "Its TXT record was gone for 72 hours. Nobody new is let in from there, and "
                "addresses of it no longer lead to your identity provider."
            ),
            _("Put the record back, then check the domain again."),
        ],
    )


def _of_domain(now: Situation, domain: Domain, *, subject: str, text: Sequence[str]) -> Letter:
    return Letter(
        subject=f"{domain.name}: {subject}",
        text=text,
        facts=[(_("Domain"), domain.name), (_("Record"), domain.dns_record)],
        link=address_of("domain-list", now.slug),
        link_label=_("See your domains"),
    )


_managers = to.holders(Permission.SSO_MANAGE)
_everybody_near = to.both(_managers, to.fixed(to.SECURITY))
OCCASIONS = tuple(
    Occasion(letter=letter, names=frozenset({name}), choose=choose, write=write)
    for letter, name, choose, write in (
        (
            "certificate-ending",
            EventName.CONNECTION_CERTIFICATE_ENDING,
            _managers,
            _write_ending,
        ),
        ("sso-degraded", EventName.CONNECTION_DEGRADED, _managers, _write_degraded),
        ("sso-recovered", EventName.CONNECTION_RECOVERED, _managers, _write_recovered),
        ("domain-missing", EventName.DOMAIN_MISSING, _everybody_near, _write_missing),
        ("domain-lost", EventName.DOMAIN_LOST, _everybody_near, _write_lost),
    )
)
