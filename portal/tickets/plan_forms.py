"""The form that says, thing by thing, what becomes of what somebody owns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from portal.tickets.disposing import MAY_DO, NEEDS, Choice, Do, Thing, owned_by, successors
from tenants.access import Actor
from tenants.models import Membership
from tenants.permissions import Permission

# More is handed over on the page made for it; what is not shown goes to an owner.
MOST: Final = 50
MOST_SUCCESSORS: Final = 200

Options = list[tuple[str, str | Promise]]


class PlanForm(forms.Form):
    def __init__(
        self, *args: Any, member: Membership, actor: Actor, at: datetime, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.things: dict[str, tuple[str, UUID]] = {}
        for thing in Thing:
            if actor.may(NEEDS[thing]):
                self._add(thing, member, actor=actor, at=at)

    def _add(self, thing: str, member: Membership, *, actor: Actor, at: datetime) -> None:
        rows = owned_by(member, thing)
        seen = rows & rows.model.objects.visible_to(actor)
        if not (owned := list(seen[:MOST])):
            return
        able = successors(member, thing, at=at) & Membership.objects.visible_to(actor)
        people = list(able.order_by("name", "id")[:MOST_SUCCESSORS])
        for row in owned:
            name = f"{thing}-{row.pk}"
            self.things[name] = (thing, row.pk)
            self.fields[name] = forms.ChoiceField(
                label=str(row), required=False, choices=_options(thing, people, actor=actor)
            )

    def plan(self) -> list[Choice]:
        return list(self._choices())

    def _choices(self) -> Iterator[Choice]:
        for name, (thing, pk) in self.things.items():
            do, _colon, successor = self.cleaned_data[name].partition(":")
            if do:
                yield Choice(thing, pk, do, UUID(successor) if successor else None)


def _options(thing: str, people: Sequence[Membership], *, actor: Actor) -> Options:
    """What is done if nothing is chosen stands first."""
    if thing == Thing.SERVICE_ACCOUNT:
        options: Options = [("", _("Stays stopped until somebody answers for it"))]
    else:
        options = [("", _("Hand over to an owner"))]
    if Do.PAUSE in MAY_DO[thing]:
        options.append((Do.PAUSE.value, _("Pause it, and hand it over later")))
    if Do.DELETE in MAY_DO[thing] and actor.may(Permission.DELETION_FILE):
        options.append((Do.DELETE.value, _("Delete it, by a request with its own cooling-off")))
    to = [
        (f"{Do.HAND_OVER}:{one.pk}", _("Hand over to %(name)s") % {"name": one}) for one in people
    ]
    return [*options, *to]
