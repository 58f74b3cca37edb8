"""Forms to connect a source: one for each kind. A password is typed in, and never shown again."""

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.refusals import Invalid
from portal.catalog.actions.integrations import LONGEST_NAME
from portal.catalog.connections import LONGEST_PASSWORD, TlsMode
from portal.catalog.rules import IntegrationKind
from portal.catalog.schedules import Every, Schedule, Weekday
from portal.ui.forms import RefusableForm

_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
LONGEST_LIST = 5000


class NamesField(forms.CharField):
    """Names on lines of their own; a name may hold spaces and commas."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, **_PLAIN})
        super().__init__(required=False, max_length=LONGEST_LIST, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = (super().to_python(value) or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def run_validators(self, value: Any) -> None:
        super().run_validators("\n".join(value))


class PlaceForm(RefusableForm):
    """What connects to nothing has no place."""

    def place(self) -> dict[str, Any]:
        return {}

    def password(self) -> str:
        return ""


class PostgresForm(PlaceForm):
    host = forms.CharField(label=_("Host"), max_length=253, widget=forms.TextInput(_PLAIN))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=5432)
    database = forms.CharField(label=_("Database"), max_length=63, widget=forms.TextInput(_PLAIN))
    user = forms.CharField(
        label=_("Login"),
        max_length=63,
        help_text=_("Best one of its own, that may do nothing but CONNECT and USAGE on schemas."),
        widget=forms.TextInput(_PLAIN),
    )
    secret = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=_("Kept encrypted, sent to this server alone, and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    sslmode = forms.ChoiceField(
        label=_("Encryption"), choices=TlsMode.choices, initial=TlsMode.VERIFY_FULL
    )
    schemas = NamesField(
        label=_("Only these schemas"), help_text=_("One on each line; empty reads all.")
    )
    without_schemas = NamesField(label=_("Without these schemas"), help_text=_("One on each line."))

    def place(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in _POSTGRES}

    def password(self) -> str:
        return str(self.cleaned_data["secret"])

    def take(self, refusal: Invalid) -> None:
        errors = {"secret" if n == "password" else n: said for n, said in refusal.errors.items()}
        super().take(Invalid(refusal.message, errors))


_POSTGRES = frozenset(PostgresForm.base_fields) - {"secret"}


class SqliteForm(PlaceForm):
    file = forms.CharField(
        label=_("File"),
        max_length=128,
        help_text=_("Its plain name, in the folder of this workspace on the server."),
        widget=forms.TextInput(_PLAIN),
    )

    def place(self) -> dict[str, Any]:
        return {"file": self.cleaned_data["file"]}


def place_lines(place: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A source's place in the words of its form, what is empty left out."""
    for name, field in {**PostgresForm.base_fields, **SqliteForm.base_fields}.items():
        value = place.get(name)
        if value:
            choices = dict(getattr(field, "choices", ()))
            said = ", ".join(value) if isinstance(value, list) else choices.get(value, value)
            yield str(field.label), str(said)


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("As your colleagues know the source, for example “Sales warehouse”."),
    )


class NewPostgresForm(PostgresForm):
    name = NameForm.base_fields["name"]
    field_order = ["name"]


class NewSqliteForm(SqliteForm):
    name = NameForm.base_fields["name"]
    field_order = ["name"]


class NewForm(PlaceForm):
    name = NameForm.base_fields["name"]


NEW_FORMS: Mapping[str, type[PlaceForm]] = {
    IntegrationKind.POSTGRESQL: NewPostgresForm,
    IntegrationKind.SQLITE: NewSqliteForm,
}
PLACE_FORMS: Mapping[str, type[PlaceForm]] = {
    IntegrationKind.POSTGRESQL: PostgresForm,
    IntegrationKind.SQLITE: SqliteForm,
}


def new_form(kind: str, *args: Any) -> PlaceForm:
    return NEW_FORMS.get(kind, NewForm)(*args)


class ScheduleForm(RefusableForm):
    every = forms.ChoiceField(label=_("Read"), choices=Every.choices)
    clock = forms.TimeField(
        label=_("At (UTC)"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S"],
        help_text=_("Of hourly and six-hourly runs only the minute counts."),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    weekday = forms.ChoiceField(
        label=_("On"),
        required=False,
        choices=Weekday.choices,
        help_text=_("For weekly runs."),
    )

    def schedule(self) -> Schedule:
        given = self.cleaned_data
        clock = (given["clock"] or time(0, 0)).replace(second=0)
        return Schedule(given["every"], clock, int(given["weekday"] or 0))
