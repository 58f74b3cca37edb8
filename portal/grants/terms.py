"""The terms of a request and of a decision, and whether they may be had."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.grants import rules
from portal.grants.rules import Capability, ReasonCode, ScopeItem, ScopeKind


@dataclass(frozen=True, slots=True)
class Wish:
    """What a support engineer asks for."""

    reason_code: str
    justification: str
    duration: timedelta
    capabilities: tuple[str, ...]
    scope: tuple[ScopeItem, ...] = ()
    starts_at: datetime | None = None
    bundle_gap: str = ""

    def check(self, widest: Sequence[ScopeItem], *, at: datetime, has_bundle: bool = False) -> None:
        """Raises Invalid with every field that cannot be had."""
        wrong: dict[str, list[str]] = {}
        _check_reason(self, wrong)
        if has_bundle and len(self.bundle_gap.strip()) < rules.JUSTIFICATION_SHORTEST:
            wrong["bundle_gap"] = [
                _(
                    "The customer sent a diagnosis with this case. Say in at least 20 characters "
                    "what it does not tell you."
                )
            ]
        _check_capabilities(self.capabilities, wrong)
        _check_duration(self.duration, rules.LONGEST, wrong)
        _check_scope(self.scope, widest, wrong)
        if self.scope and _only_tables(self.scope) and rules.ACTING & set(self.capabilities):
            wrong["capabilities"] = [
                _("Running and changing something needs a whole integration: name one as well.")
            ]
        if widest and not self.scope:
            wrong["scope"] = [_("Name at least one integration of the case.")]
        if self.starts_at is not None and not at <= self.starts_at < at + rules.LONGEST:
            wrong["starts_at"] = [_("The start must lie within the next 21 days.")]
        _raise(wrong)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the customer grants of it: the same or less. Empty means as asked."""

    duration: timedelta | None = None
    capabilities: tuple[str, ...] | None = None
    scope: tuple[ScopeItem, ...] | None = None
    starts_at: datetime | None = None
    note: str = field(default="")


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms after a decision, complete."""

    duration: timedelta
    capabilities: tuple[str, ...]
    scope: tuple[ScopeItem, ...]


def as_ticked(consent: Consent, asked: Sequence[str]) -> Consent:
    """An approval that names no capabilities lets see what was asked for, and do nothing."""
    if consent.capabilities is not None:
        return consent
    return replace(consent, capabilities=tuple(c for c in asked if c not in rules.ACTING))


def agree(asked: Agreed, consent: Consent, widest: Sequence[ScopeItem]) -> Agreed:
    """Unite a request with the customer's answer. Raises Invalid for anything wider."""
    wrong: dict[str, list[str]] = {}
    duration = asked.duration
    if consent.duration is not None:
        duration = consent.duration
        _check_duration(duration, asked.duration, wrong)
    chosen = asked.capabilities if consent.capabilities is None else consent.capabilities
    _check_capabilities(chosen, wrong)
    if not set(chosen) <= set(asked.capabilities):
        wrong["capabilities"] = [_("An approval can only narrow what was asked for.")]
    scope = asked.scope if consent.scope is None else consent.scope
    _check_scope(scope, asked.scope or widest, wrong)
    if not scope:
        wrong["scope"] = [_("Choose at least one integration that may be read.")]
    _raise(wrong)
    # What no integration is left for would open nothing: it is not granted.
    kept = set(chosen) - rules.ACTING if _only_tables(scope) else set(chosen)
    return Agreed(duration, tuple(sorted(kept)), scope)


def _check_reason(wish: Wish, wrong: dict[str, list[str]]) -> None:
    if wish.reason_code not in ReasonCode.values:
        wrong["reason_code"] = [_("Choose one of the reasons.")]
    if len(wish.justification.strip()) < rules.JUSTIFICATION_SHORTEST:
        wrong["justification"] = [
            _("Tell the customer in at least 20 characters why you need this.")
        ]


def _check_capabilities(chosen: Sequence[str], wrong: dict[str, list[str]]) -> None:
    if not chosen:
        wrong["capabilities"] = [_("Choose at least one thing to see.")]
    elif not set(chosen) <= set(Capability.values):
        wrong["capabilities"] = [_("Choose among the listed capabilities.")]
    elif any(rules.NEEDS.get(each, each) not in chosen for each in chosen):
        wrong["capabilities"] = [
            _("Running and changing need the status as well, and samples need the metadata.")
        ]


def _check_duration(duration: timedelta, most: timedelta, wrong: dict[str, list[str]]) -> None:
    if duration < rules.SHORTEST:
        wrong["duration"] = [_("One hour is the shortest time.")]
    elif duration > rules.LONGEST:
        wrong["duration"] = [_("21 days is the longest time.")]
    elif duration > most:
        wrong["duration"] = [_("An approval can only shorten what was asked for.")]


def _check_scope(
    scope: Sequence[ScopeItem], widest: Sequence[ScopeItem], wrong: dict[str, list[str]]
) -> None:
    if not all(rules.covered(item, widest) for item in scope):
        wrong["scope"] = [_("This lies outside what the customer attached to the case.")]


def _only_tables(scope: Sequence[ScopeItem]) -> bool:
    return not any(item.kind == ScopeKind.INTEGRATION for item in scope)


def _raise(wrong: dict[str, list[str]]) -> None:
    if wrong:
        raise Invalid(next(iter(wrong.values()))[0], errors=wrong)
