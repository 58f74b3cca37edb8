"""Forms about a list of leavers."""

from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.people.ends import end_of_day
from portal.people.forms.imports import ListForm
from portal.people.leavers import LAYOUT, Leaver
from portal.ui.forms import ActorForm

# What a form carries along between the look and the yes; the list itself is kept nowhere.
MOST_CARRIED: Final = 20_000
LONGEST_REASON: Final = 500


class LeaversForm(ListForm):
    max_bytes: ClassVar[int] = LAYOUT.max_bytes

    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        help_text=_("At most 12 MB and 100,000 lines."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=_("Shown on each request, for example “leavers of March”."),
    )


class CarriedForm(ActorForm):
    """Who is filed for, the reason, and the digest of what was shown."""

    leavers = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=LONGEST_REASON)
    digest = forms.CharField(required=False, max_length=400)

    def clean_leavers(self) -> list[Leaver]:
        parts = str(self.cleaned_data["leavers"]).split(",")
        if len(parts) > MOST_CARRIED:
            raise ValidationError(_("These are too many. Take the list again."))
        try:
            found = [_leaver(part) for part in parts]
        except (ValueError, OverflowError) as wrong:
            raise ValidationError(_("This list is not usable. Take it again.")) from wrong
        return list({leaver.member_id: leaver for leaver in found}.values())

    def ahead(self, at: datetime) -> list[Leaver]:
        """A day that was to come and is over meanwhile means now."""
        leavers: list[Leaver] = self.cleaned_data["leavers"]
        return [x if x.ends_at is None or x.ends_at > at else Leaver(x.member_id) for x in leavers]


def carried(leavers: list[Leaver]) -> str:
    """`<id>` or `<id>@2027-03-31`, with commas."""
    return ",".join(_spelled(leaver) for leaver in leavers[:MOST_CARRIED])


def _spelled(leaver: Leaver) -> str:
    return (
        f"{leaver.member_id}@{leaver.ends_at:%Y-%m-%d}" if leaver.ends_at else str(leaver.member_id)
    )


def _leaver(part: str) -> Leaver:
    pk, _at, day = part.partition("@")
    ends_at: Any = None
    if day:
        ends_at = end_of_day(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).date())
    return Leaver(UUID(pk), ends_at)
