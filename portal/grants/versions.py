"""A decision is about the version its maker saw."""

from django.utils.translation import gettext as _

from audit.refusals import StaleVersion
from portal.grants.models import Grant


def check_version(grant: Grant, version: int | None) -> None:
    """Raises StaleVersion when somebody changed the grant since. None: no version was given."""
    if version is not None and version != grant.version:
        raise StaleVersion(
            _("%(grant)s has changed since you read it. Read it again before you decide.")
            % {"grant": grant.reference}
        )
