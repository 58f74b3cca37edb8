"""Refused sign-ins through a connection, for the history of the person they were made as."""

from collections.abc import Iterator

from portal.sso.models import SignInAttempt
from tenants.models import Membership
from tenants.sign_ins import RefusedSignIn


def refused_attempts(member: Membership, most: int) -> Iterator[RefusedSignIn]:
    rows = SignInAttempt.objects.filter(membership=member, is_test=False).exclude(reason="")
    for row in rows.select_related("connection").order_by("-id")[:most]:
        yield RefusedSignIn(
            at=row.at,
            how=row.connection.name,
            reason=row.get_reason_display(),
            reference=row.reference,
            address=row.address or "",
        )
