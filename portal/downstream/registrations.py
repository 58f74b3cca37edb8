"""What downstream systems add to requests and to the side bar."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.downstream.carrying import carry_downstream
from portal.downstream.models import Connector
from portal.downstream.rules import FAMILY
from portal.fulfilment.work import Carrier, register_carrier
from portal.tickets.plans import Named, StepPlan, insert_step, register_family
from portal.tickets.rules import Kind, Status
from portal.ui import navigation
from portal.ui.navigation import NavItem
from tenants.permissions import Permission


def systems_to_tell(kind: str) -> list[Named]:
    rows = Connector.objects.told_of(kind).order_by("name", "id")
    return [(row.pk.hex, _("Downstream: %(name)s") % {"name": row.name}) for row in rows]


# Of a deletion they are told as it begins, while what goes still has a name.
for request_kind, phase, place in (
    (Kind.REVOCATION, Status.RUNNING, "proof"),
    (Kind.DELETION, Status.ERASING, "keys"),
):
    title = gettext_lazy("Tell the downstream systems")
    insert_step(request_kind, StepPlan(FAMILY, title, phase), before=place)
    register_carrier(request_kind, FAMILY, Carrier(carry_downstream, in_transaction=False))
register_family(FAMILY, systems_to_tell)
navigation.register(
    NavItem(
        section=gettext_lazy("Organization"),
        label=gettext_lazy("Downstream systems"),
        url_name="connector-list",
        icon="workflow",
        permission=Permission.POLICY_VIEW,
        order=645,
    )
)
