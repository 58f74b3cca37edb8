"""What the rules made of one sign-in: every check, and the first that failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise

from portal.sso.identity import Identity
from portal.sso.oidc.applications import Application
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.verdicts import Check


@dataclass(frozen=True, slots=True)
class Asked:
    """What this sign-in was started with, against which its token is held."""

    application: Application
    nonce: str
    at: datetime
    # For a step-up: when a new sign-in was asked for.
    fresh_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, and the reason for turning the person away if it failed."""

    reason: Reason
    check: Check


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings in order; an identity only where none of them failed."""

    findings: tuple[Finding, ...]
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identity: Identity | None = None
    # The provider says that there are groups, and not which.
    groups_left_out: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(finding.check for finding in self.findings)

    def require(self) -> Identity:
        """Raises SignInRefused for the first rule that was broken."""
        for finding in self.findings:
            if not finding.check.passed:
                raise SignInRefused(
                    finding.reason,
                    expected=finding.check.expected,
                    received=finding.check.received,
                    checks=self.checks,
                    claims=self.claims,
                )
        if self.identity is None:
            raise SignInRefused(Reason.TOKEN, checks=self.checks, claims=self.claims)
        return self.identity


def found(
    reason: Reason,
    rule: str | Promise,
    *,
    passed: bool,
    expected: str | Promise = "",
    received: str | Promise = "",
    fix: str | Promise = "",
) -> Finding:
    """A fix is advice for a failure only."""
    check = Check(str(rule), passed, str(expected), str(received), "" if passed else str(fix))
    return Finding(reason, check)


def refused(rule: str | Promise, refusal: SignInRefused, *, fix: str | Promise) -> Finding:
    """A step that came to nothing, as a finding."""
    return found(
        refusal.reason,
        rule,
        passed=False,
        expected=refusal.expected,
        received=refusal.received or refusal.message,
        fix=fix,
    )
