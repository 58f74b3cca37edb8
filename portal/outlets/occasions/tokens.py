"""The letter about a token that ends soon, to the person whose it is or who answers for it."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.models import ApiToken


def _token(event: Event) -> ApiToken | None:
    rows = ApiToken.objects.select_related("owner", "service_account__owner")
    return rows.filter(pk=to.subject_of(event)).first()


def _holder(event: Event, at: datetime) -> Sequence[str]:
    token = _token(event)
    if token is None or not token.holder_stands(at=at):
        return []
    return to.person(token.answering.pk)


def _write(now: Situation) -> Letter | None:
    """Nothing, when it was replaced or revoked since."""
    token = _token(now.event)
    if token is None or token.rotated_at is not None or not token.is_usable(at=now.at):
        return None
    account = token.service_account
    facts = [(_("Token"), str(token)), (_("Ends"), utc(token.expires_at))]
    if account is not None:
        facts.insert(0, (_("Service account"), account.name))
    return Letter(
        subject=_("The API token %(name)s ends soon") % {"name": token.name},
        text=[
            _("a token that you answer for ends in a week or less; programs that use it stop."),
            _("Replace it: you get a new one, and the old one works on while you change over."),
        ],
        facts=facts,
        link=address_of("token-rotate", now.slug, token.pk),
        link_label=_("Replace the token"),
    )


OCCASIONS = (
    Occasion(
        letter="token-ends",
        names=frozenset({EventName.TOKEN_END_NOTICED}),
        choose=_holder,
        write=_write,
    ),
)
