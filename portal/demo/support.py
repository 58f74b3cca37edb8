"""The demo vendor's rules of support, confirmed by its staff."""

from datetime import datetime

from portal.demo.people import acting, member_of
from portal.demo.world import MERIDIAN
from portal.grants.actions.vendor import attest_policy, change_support_rules
from portal.grants.models import Attestation, SupportRules
from tenants.permissions import Permission

POLICY = (
    "I ask for access to a customer's workspace only for a case, and for as little as it takes. "
    "I look at nothing that the case does not need, and copy nothing out of the console. "
    "I end my support session when I am done."
)
COUNTRIES = ("DE", "FR", "NL")


def build_rules(at: datetime) -> None:
    """Within the vendor's scope. Safe to repeat."""
    operator, *staff = [member_of(person) for person in MERIDIAN.people]
    rights = {member: member.role_permissions() for member in staff}
    if not SupportRules.objects.exists():
        change_support_rules(
            actor=acting(operator, at=at),
            version=0,
            text=POLICY,
            pool=[member.pk for member in staff if Permission.GRANT_ENDORSE in rights[member]],
            countries=COUNTRIES,
        )
    for member in staff:
        asks = Permission.GRANT_REQUEST in rights[member]
        if asks and not Attestation.objects.filter(staff_id=member.pk).exists():
            attest_policy(actor=acting(member, at=at), at=at, text_version=1, country="DE")
