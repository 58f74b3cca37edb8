"""What is wrong with a connection that signs people in; nothing here reads the database."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.sso.models import Connection
from portal.sso.rolling import outlasting

# Three days of a week-end are not yet a reason to wake anybody.
METADATA_MAY_FAIL = timedelta(days=3)
NOTICE_DAYS = (60, 30, 14, 7, 1)


def trouble_with(connection: Connection, *, at: datetime) -> str:
    """The most pressing trouble in one sentence, the same as long as it is the same trouble."""
    if not connection.is_saml:
        return ""
    longest = outlasting(connection.certificates())
    if longest is not None and longest.expires_at <= at:
        return _("The identity provider's certificate ended on %(day)s. Add the new one.") % {
            "day": f"{longest.expires_at:%-d %b %Y}"
        }
    if connection.proposed_sso_url:
        return _("Its metadata names another sign-in address. Check and accept it.")
    since = connection.metadata_failing_since
    if since is not None and at >= since + METADATA_MAY_FAIL:
        return _("Its metadata could not be read for three days; a new certificate may be missed.")
    return ""


def notice_level(ends_at: datetime, *, at: datetime) -> int | None:
    """The notice that is due so long before the end; none after it, for then it is trouble."""
    left = ends_at - at
    due = [days for days in NOTICE_DAYS if left <= timedelta(days=days)]
    return min(due) if due and left > timedelta(0) else None
