"""Which lines of a bundle are sent along."""

from typing import Any

from django import forms


class BundleForm(forms.Form):
    """What is not ticked is left out."""

    keep = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: Any, lines: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        field = self.fields["keep"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(place), str(place)) for place in range(lines)]

    def left_out(self) -> list[int]:
        kept = set(self.cleaned_data["keep"])
        return [place for place in range(self.lines) if place not in kept]
