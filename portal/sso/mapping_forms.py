"""The form of a claim mapping: the claim, how far it decides, and a row for each rule."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.sso.actions.mapping import MAX_CLAIM, MAX_RULES, MappingFacts, RuleFacts
from portal.sso.mapping import MAX_VALUE
from portal.sso.models import ClaimMapping, ClaimRule
from tenants.access import Actor
from tenants.models import Role, Team
from tenants.naming import mappable, role_labels
from tenants.permissions import CUSTOMER_ROLES, VENDOR_ROLES, BuiltInRole

BLANK_ROWS = 3
MORE_ROWS = 10
_MODES: Mapping[str, Any] = {
    ClaimMapping.Decides.ROLE: (
        (
            "authoritative",
            _("It decides the role: who is in no mapped group gets the default role"),
        ),
        ("additive", _("It only raises the role, and people here decide otherwise")),
    ),
    ClaimMapping.Decides.TEAMS: (
        ("authoritative", _("It decides: people join and leave these teams with their groups")),
        ("additive", _("It only adds: people join, and leave by themselves")),
    ),
}


class MappingForm(forms.Form):
    claim = forms.CharField(
        label=_("Claim or attribute"),
        max_length=MAX_CLAIM,
        help_text=_("As your identity provider names it; capitals do not matter."),
        widget=forms.TextInput(
            attrs={"list": "claims", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    mode = forms.ChoiceField(label=_("How far it decides"), widget=forms.RadioSelect)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, target: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["mode"].choices = _MODES[target]  # type: ignore[attr-defined]


class RuleForm(forms.Form):
    """One row; both halves or none."""

    value = forms.CharField(
        label=_("Value"),
        required=False,
        max_length=MAX_VALUE,
        widget=forms.TextInput(
            attrs={"list": "values", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    choice = forms.ChoiceField(label=_("Stands for"), required=False)

    def __init__(self, *args: Any, choices: Iterable[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["choice"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(values.get("value")) != bool(values.get("choice")):
            missing = "choice" if values.get("value") else "value"
            self.add_error(missing, _("Give both, or leave the row empty."))
        return values


RuleRows = formset_factory(
    RuleForm, extra=0, max_num=MAX_RULES, validate_max=True, absolute_max=MAX_RULES + MORE_ROWS
)


class MappingEditor:
    """The form and its rows together."""

    def __init__(
        self,
        target: str,
        *,
        actor: Actor,
        row: ClaimMapping | None,
        data: QueryDict | None = None,
        suggested: Mapping[str, str] | None = None,
    ) -> None:
        self.target, self.row = target, row
        rules = list(ClaimRule.objects.filter(mapping=row).order_by("value")) if row else []
        self.form = MappingForm(data, target=target, initial=_initial(row, suggested or {}))
        options = {"choices": choices_for(target, actor=actor, rules=rules)}
        blank = [{"value": (suggested or {}).get("value", "")}, *({} for _ in range(BLANK_ROWS))]
        initial = [
            *({"value": r.value, "choice": r.role_name or str(r.team_id)} for r in rules),
            *blank,
        ]
        self.rows: BaseFormSet[RuleForm] = RuleRows(
            data, prefix="rule", form_kwargs=options, initial=None if data else initial
        )

    def is_valid(self) -> bool:
        # Both are asked, so that both show what is wrong.
        return all([self.form.is_valid(), self.rows.is_valid()])

    @property
    def version(self) -> int:
        return int(self.form.cleaned_data["version"])

    def facts(self) -> MappingFacts:
        """What was asked for; after `is_valid`."""
        rows = [row.cleaned_data for row in self.rows if row.cleaned_data.get("value")]
        return MappingFacts(
            target=self.target,
            claim=self.form.cleaned_data["claim"],
            is_authoritative=self.form.cleaned_data["mode"] == "authoritative",
            rules=[self._rule(row["value"], row["choice"]) for row in rows],
        )

    def _rule(self, value: str, choice: str) -> RuleFacts:
        if self.target == ClaimMapping.Decides.ROLE:
            return RuleFacts(value, role=choice)
        return RuleFacts(value, team_id=UUID(choice))


def _initial(row: ClaimMapping | None, suggested: Mapping[str, str]) -> dict[str, Any]:
    if row is None:
        claim = suggested.get("claim", "groups")
        return {"claim": claim, "mode": "authoritative", "version": 0}
    mode = "authoritative" if row.is_authoritative else "additive"
    return {"claim": row.claim, "mode": mode, "version": row.version}


def choices_for(target: str, *, actor: Actor, rules: Iterable[ClaimRule]) -> list[tuple[str, str]]:
    """What the actor may hand out, and what is in the rules already."""
    if target == ClaimMapping.Decides.TEAMS:
        teams = Team.objects.visible_to(actor).order_by("name").values_list("pk", "name")
        return [(str(pk), name) for pk, name in teams]
    used = {rule.role_name for rule in rules}
    kind = VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES
    built_in = [role.value for role in BuiltInRole if role in kind]
    made = [f"custom:{pk}" for pk in Role.objects.order_by("name").values_list("pk", flat=True)]
    may, labels = mappable([*built_in, *made]), role_labels()
    return [
        (name, labels[name])
        for name in [*built_in, *made]
        if name in may and (name in used or may[name] <= actor.permissions)
    ]


def with_more_rows(posted: QueryDict) -> QueryDict:
    """The same answers, with empty rows added."""
    data = posted.copy()
    present = data.get("rule-TOTAL_FORMS", "0")
    number = int(present) if present.isdecimal() and len(present) <= 4 else 0  # noqa: PLR2004
    data["rule-TOTAL_FORMS"] = str(min(number + MORE_ROWS, MAX_RULES))
    return data
