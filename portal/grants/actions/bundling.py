"""A diagnosis bundle: made by the customer, reviewed, signed and sent; opened by the vendor."""

import json
from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from audit.signing import sign
from portal.grants.diagnosis import document_of, lines_of
from portal.grants.models import Bundle, BundleOpening, Case
from portal.grants.refusals import BundleSent, CaseClosed
from portal.grants.staff import is_machine
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission


@action(Permission.CASE_OPEN)
def make_bundle(case: Case, *, actor: Actor, at: datetime) -> Bundle:
    """Write down what a bundle of this case would say. Nobody but the customer sees a draft."""
    case = Case.objects.locked(case.pk)
    _require(case, actor)
    if not case.integrations.exists():
        raise Invalid(_("Attach the integrations that it is about first."))
    Bundle.objects.filter(case=case, sent_at__isnull=True).delete()
    bundle: Bundle = Bundle.objects.create(
        case=case,
        made_at=at,
        made_by_id=actor.id,
        made_by_name=actor.name,
        lines=lines_of(case, actor),
    )
    record(EventName.BUNDLE_MADE, actor=actor, target=bundle, lines=len(bundle.lines))
    return bundle


@action(Permission.CASE_OPEN, step_up=True)
def send_bundle(
    bundle: Bundle, *, actor: Actor, at: datetime, leave_out: Collection[int] = ()
) -> Bundle:
    """Sign the reviewed lines and send them with the case. They can never be changed again."""
    bundle = Bundle.objects.locked(bundle.pk)
    _require(bundle.case, actor)
    if bundle.is_sent:
        raise BundleSent(_("This bundle was sent already. Make a new one to send more."))
    kept = [line for place, line in enumerate(bundle.lines) if place not in set(leave_out)]
    if not kept:
        raise Invalid(_("Nothing would be left to send."), errors={"leave_out": [_("Keep some.")]})
    document = sign(document_of(bundle, kept, at=at))
    bundle.document = json.dumps(document, ensure_ascii=False, sort_keys=True)
    bundle.lines = kept
    bundle.sent_at, bundle.sent_by_id, bundle.sent_by_name = at, actor.id, actor.name
    bundle.save(update_fields=["document", "lines", "sent_at", "sent_by_id", "sent_by_name"])
    record(EventName.BUNDLE_SENT, actor=actor, target=bundle, lines=len(kept))
    return bundle


@action(Permission.CASE_VIEW)
def open_bundle(bundle: Bundle, *, actor: Actor, at: datetime, route: str) -> Bundle:
    """Read a sent bundle as the vendor's staff; the customer sees who and when."""
    bundle = Bundle.objects.locked(bundle.pk)
    if actor.kind != ActorKind.STAFF or is_machine(actor) or not bundle.is_sent:
        raise NotPermitted(_("Only the vendor's staff open a bundle that was sent to them."))
    assert actor.id  # noqa: S101 - of a person, always
    BundleOpening.objects.create(
        bundle=bundle, at=at, staff_id=actor.id, staff_name=actor.name, route=route[:100]
    )
    record(EventName.BUNDLE_OPENED, actor=actor, target=bundle, route=route)
    return bundle


def _require(case: Case, actor: Actor) -> None:
    if actor.kind == ActorKind.STAFF:
        raise NotPermitted(_("Only the customer makes and sends a bundle."))
    if not case.is_open:
        raise CaseClosed(_("%(case)s is closed.") % {"case": case.reference})
