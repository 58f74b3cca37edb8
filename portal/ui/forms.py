"""Gives every Django form the portal's fields: label, help, error, all tied together."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

from audit.refusals import Invalid
from tenants.access import Actor


class Renderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


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
