"""Forms that take a list of people."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.people.sheets import MAX_BYTES
from portal.ui.forms import ActorForm


class ListForm(ActorForm):
    """A file, or the lines themselves."""

    max_bytes: ClassVar[int] = MAX_BYTES

    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        help_text=_("At most 2 MB and 10,000 lines."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste the lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("file")) == bool(data.get("text", "").strip()):
            raise ValidationError(_("Choose a file or paste lines, one of the two."))
        return data

    def raw(self) -> bytes:
        """What came, and one byte more than is read: whoever reads says that it is too large."""
        upload = self.cleaned_data["file"]
        if upload:
            read: bytes = upload.read(self.max_bytes + 1)
            return read
        text: str = self.cleaned_data["text"]
        return text.encode("utf-8", "surrogatepass")[: self.max_bytes + 1]


class ConfirmForm(ActorForm):
    only_good = forms.BooleanField(label=_("Leave out the lines with a problem"), required=False)
