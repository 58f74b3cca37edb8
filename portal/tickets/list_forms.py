"""What the list of requests is narrowed by, and the name under which somebody keeps it."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from portal.tickets.listing import ORDER_LABELS, VIEWS, TicketFilter
from portal.tickets.models.saved import LONGEST_NAME, LONGEST_QUERY
from portal.tickets.rules import Kind, Scope, Status
from portal.tickets.sources import known_sources
from portal.ui.forms import ActorForm, FilterForm

# At the calendar's ends the day after, and the same day in another zone, is no date any more.
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(9998, 12, 31)
_FIRST: Final = frozenset({"q", "view", "kind", "status", "sort"})
_LONGEST: Final = 100


class TicketFilterForm(FilterForm):
    """Read from the address, so that a filtered page can be kept and sent to a colleague."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=_LONGEST,
        widget=forms.SearchInput(attrs={"placeholder": _("Number, name or reason")}),
    )
    view = forms.ChoiceField(label=_("Clock"), required=False)
    kind = forms.ChoiceField(label=_("What"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False)
    scope = forms.ChoiceField(label=_("Scope"), required=False)
    person = forms.CharField(label=_("About whom"), required=False, max_length=_LONGEST)
    requester = forms.CharField(label=_("Filed by"), required=False, max_length=_LONGEST)
    source = forms.ChoiceField(label=_("Filed through"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(ORDER_LABELS.items()))

    def __init__(self, *args: Any, zone: tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone
        self.auto_id = "filter_%s"
        self.offer("view", list(VIEWS.items()))
        self.offer("kind", list(Kind.choices))
        self.offer("status", list(Status.choices))
        self.offer("scope", list(Scope.choices))
        self.offer("source", list(known_sources().items()))
        # `from` is a word of Python and the right word in an address.
        for name, label in (("from", _("Received from")), ("to", _("Received until"))):
            self.fields[name] = forms.DateField(
                label=label,
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}),
                validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            )
        self.order_fields([*(n for n in self.fields if n != "sort"), "sort"])

    @property
    def first(self) -> list[forms.BoundField]:
        """What is nearly always asked; the rest is folded away."""
        return [field for field in self if field.name in _FIRST]

    @property
    def more(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in _FIRST]

    @property
    def is_unfolded(self) -> bool:
        return any(field.value() or field.errors for field in self.more)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and last and last < first:
            self.add_error("to", _("This day is before the first one."))
        return values

    def chosen(self) -> TicketFilter | None:
        """None when one of the filters is not known. The days are those of who asks."""
        values = self.wanted()
        if values is None:
            return None
        plain = {name: value for name, value in values.items() if name not in ("from", "to")}
        since, until = period(values["from"], values["to"], self.zone)
        return TicketFilter(**plain, since=since, until=until)

    def query(self) -> str:
        """The filter as the end of an address, in one spelling."""
        values = self.wanted() or {}
        return urlencode([(name, str(value)) for name, value in values.items() if value])


Instants = tuple[datetime | None, datetime | None]


def period(first: date | None, last: date | None, zone: tzinfo) -> Instants:
    """The instants between which whole days lie; the second one is not in it."""
    return (
        datetime.combine(first, time.min, zone) if first else None,
        datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
    )


class SavedFilterForm(ActorForm):
    """The name, and the filter as it stands in the address."""

    name = forms.CharField(label=_("Keep this filter as"), max_length=LONGEST_NAME)
    filter = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_QUERY)
