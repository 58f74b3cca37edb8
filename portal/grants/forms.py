"""What people type about cases and diagnostic access, checked for shape only."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.catalog.models import Integration
from portal.grants import rules
from portal.grants.actions.cases import CaseFacts
from portal.grants.rules import Capability, ReasonCode, ScopeItem
from portal.ui.durations import rounded

LENGTHS = (timedelta(hours=1), timedelta(hours=8), *rules.OFFERED)


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, object]]) -> None:
    """Give a choice field what it may choose among."""
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = [(key, str(label)) for key, label in choices]


def _ids(values: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(UUID(value) for value in values)


class StartField(forms.DateTimeField):
    """An instant as a browser's field writes it, in UTC."""

    def __init__(self, **options: Any) -> None:
        written = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        super().__init__(widget=written, input_formats=formats, **options)

    def clean(self, value: Any) -> datetime | None:
        chosen: datetime | None = super().clean(value)
        return chosen.replace(tzinfo=UTC) if chosen and chosen.tzinfo is None else chosen


class CaseForm(forms.Form):
    title = forms.CharField(
        label=_("What is wrong"), max_length=200, help_text=_("One line, as in a subject.")
    )
    description = forms.CharField(
        label=_("What happened, and what you expected"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("No data and no secrets, please: support reads this."),
    )
    integrations = forms.MultipleChoiceField(
        label=_("Integrations it is about"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Support can never ask to see more than what you tick here."),
    )
    external_reference = forms.CharField(
        label=_("Your own reference"), required=False, max_length=100
    )
    link = forms.URLField(
        label=_("Link to it"), required=False, max_length=500, assume_scheme="https"
    )

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "integrations", [(str(row.pk), row.name) for row in integrations])

    def facts(self) -> CaseFacts:
        data = self.cleaned_data
        return CaseFacts(
            title=data["title"],
            description=data["description"],
            external_reference=data["external_reference"],
            link=data["link"],
        )

    def integration_ids(self) -> tuple[UUID, ...]:
        return _ids(self.cleaned_data["integrations"])


class AttachForm(forms.Form):
    integrations = forms.MultipleChoiceField(
        label=_("Integrations"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "integrations", [(str(row.pk), row.name) for row in integrations])

    def integration_ids(self) -> tuple[UUID, ...]:
        return _ids(self.cleaned_data["integrations"])


class RequestForm(forms.Form):
    """A support engineer's request, in words the customer will read."""

    reason_code = forms.ChoiceField(label=_("Reason"), choices=ReasonCode.choices)
    justification = forms.CharField(
        label=_("Why you need it"),
        min_length=rules.JUSTIFICATION_SHORTEST,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The customer reads this word by word."),
    )
    bundle_gap = forms.CharField(
        label=_("What their diagnosis does not tell you"),
        min_length=rules.JUSTIFICATION_SHORTEST,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("They sent one with this case. Look at it first; they read your answer."),
    )
    capabilities = forms.MultipleChoiceField(
        label=_("What you need to do"),
        choices=Capability.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    integrations = forms.MultipleChoiceField(
        label=_("In which integrations"), required=False, widget=forms.CheckboxSelectMultiple
    )
    resources = forms.CharField(
        label=_("Only single tables, by their ids"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("As the customer gave them, one on each line. Then untick the integrations."),
    )
    duration = forms.ChoiceField(label=_("For how long"))
    starts_at = StartField(
        label=_("Start later"),
        required=False,
        help_text=_("In UTC. The 21 days count from the approval all the same."),
    )
    previous = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, scope: Iterable[ScopeItem], has_bundle: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "duration", _lengths(rules.OFFERED))
        if not has_bundle:
            self.fields.pop("bundle_gap")
        offered = [(str(item.object_id), item.label) for item in scope]
        offer(self, "integrations", offered)
        if len(offered) == 1:
            self.fields["integrations"].initial = [offered[0][0]]
        if not offered:
            self.fields["integrations"].help_text = _(
                "The customer attached none: they choose when they approve."
            )
            self.fields.pop("resources")

    def clean_resources(self) -> list[UUID]:
        words = self.cleaned_data["resources"].replace(",", " ").split()
        try:
            return [UUID(word) for word in words]
        except ValueError:
            raise forms.ValidationError(_("Write ids, one on each line.")) from None

    def length(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["duration"]))

    def integration_ids(self) -> tuple[UUID, ...]:
        return _ids(self.cleaned_data["integrations"])


class ApprovalForm(forms.Form):
    """The customer's answer: everything that was asked for is ticked, and can only be unticked."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    capabilities = forms.MultipleChoiceField(
        label=_("What they may do"), widget=forms.CheckboxSelectMultiple
    )
    integrations = forms.MultipleChoiceField(
        label=_("In which integrations"), required=False, widget=forms.CheckboxSelectMultiple
    )
    resources = forms.MultipleChoiceField(
        label=_("Only these tables"), required=False, widget=forms.CheckboxSelectMultiple
    )
    duration = forms.ChoiceField(label=_("For how long"))
    starts_at = StartField(
        label=_("Start later"),
        required=False,
        help_text=_("In UTC. The 21 days count from your approval all the same."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1000)

    def __init__(
        self,
        *args: Any,
        capabilities: Iterable[str],
        scope: Iterable[ScopeItem],
        resources: Iterable[tuple[str, str]],
        longest: timedelta,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        held = set(capabilities)
        offer(self, "capabilities", [(c, c.label) for c in Capability if c in held])
        offer(self, "integrations", [(str(i.object_id), i.label) for i in scope])
        offer(self, "resources", list(resources))
        shorter = [length for length in LENGTHS if length < longest]
        offer(self, "duration", _lengths([*shorter, longest]))

    def length(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["duration"]))

    def integration_ids(self) -> tuple[UUID, ...]:
        return _ids(self.cleaned_data["integrations"])

    def resource_ids(self) -> tuple[UUID, ...]:
        return _ids(self.cleaned_data["resources"])


class NoteForm(forms.Form):
    """A decision that needs no terms."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    note = forms.CharField(label=_("Note"), required=False, max_length=1000)


def _lengths(lengths: Iterable[timedelta]) -> list[tuple[str, str]]:
    return [(str(int(each.total_seconds())), rounded(each)) for each in lengths]
