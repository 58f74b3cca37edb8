"""What cases and grants decline, in words that say what to do next."""

from typing import Self

from django.utils.translation import gettext as _

from audit.refusals import NotFound, NotPermitted, Refusal


class IllegalMove(Refusal):
    code = "illegal-state"

    @classmethod
    def between(cls, reference: str, state: str, to: str) -> Self:
        return cls(
            _("%(reference)s is “%(state)s”, so it cannot become “%(to)s”. Reload the page.")
            % {"reference": reference, "state": state, "to": to}
        )


class GrantNotPending(Refusal):
    code = "grant-not-pending"


class CaseClosed(Refusal):
    code = "case-closed"


class GrantAlreadyOpen(Refusal):
    code = "grant-already-open"


class AlreadyDisputed(Refusal):
    code = "already-disputed"


class DisputeOpen(Refusal):
    code = "dispute-open"


class EmergencyOff(Refusal):
    """No owner allowed it in advance, or not for this."""

    code = "emergency-off"


class EmergencyOn(Refusal):
    code = "emergency-on"


class BundleSent(Refusal):
    code = "bundle-sent"


class SamePerson(NotPermitted):
    code = "same-person"


class StaffNotReady(NotPermitted):
    """The vendor's own rules keep this person from asking; the customer is not bothered."""

    code = "staff-not-ready"


class NotInPool(NotPermitted):
    code = "not-in-pool"


class WorkspaceCloses(Refusal):
    code = "workspace-closing"


class OwnerNeeded(NotPermitted):
    code = "owner-needed"


class NoAccess(NotFound):
    """The one answer of the reading door, whatever the reason: nothing can be told apart."""

    def __init__(self) -> None:
        super().__init__(_("There is nothing here that an active grant lets you see."))


class NotApproved(NotPermitted):
    """An active grant that lets its holder look, and not do this."""

    code = "capability-not-approved"


class NameRefused(Refusal):
    code = "name-refused"


class SessionNeeded(Refusal):
    code = "support-session-needed"
