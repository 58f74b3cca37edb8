"""Gives every Django form the portal's fields: label, help, error, all tied together."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext

from audit.refusals import Invalid
from tenants.access import Actor


class Renderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class GroupedChoices(forms.CheckboxSelectMultiple):
    """Many boxes to tick, under the headings that their choices are grouped by."""

    template_name = "components/grouped_choices.html"


class RefusableForm(forms.Form):
    """A form whose action may still refuse what the form let through."""

    def take(self, refusal: Invalid) -> None:
        """Show a refusal of the action beside the fields it is about."""
        for name, said in refusal.errors.items():
            self.add_error(name if name in self.fields else None, ValidationError(said))
        if not refusal.errors:
            self.add_error(None, refusal.message)


class ActorForm(RefusableForm):
    """A form filled in by somebody: what it offers depends on what they hold."""

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        self.actor = actor
        super().__init__(*args, **options)


class FilterForm(ActorForm):
    """What a list is narrowed by."""

    def wanted(self) -> dict[str, Any] | None:
        """None when a filter names something unknown: then none is meant, and never all."""
        return self.cleaned_data if self.is_valid() else None

    def offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type
        field.choices = [("", gettext("All")), *choices]
