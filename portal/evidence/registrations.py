"""What the audit log adds to the portal: navigation, the API noun, background work."""

from django.utils.translation import gettext_lazy as _

from portal.evidence import tasks  # noqa: F401  (registers the job and its sweeps)
from portal.evidence.api import EventViewSet, PeriodSampleViewSet, PeriodViewSet
from portal.evidence.searching import find_events
from portal.rest import routing
from portal.ui import navigation, searching
from portal.ui.navigation import NavItem
from tenants.permissions import Permission


def register() -> None:
    navigation.register(
        NavItem(
            section=_("Security"),
            label=_("Audit log"),
            url_name="event-list",
            icon="scroll-text",
            permission=Permission.AUDIT_VIEW,
            order=100,
        )
    )
    searching.register(
        searching.Provider(label=_("Audit log"), icon="scroll-text", order=90, search=find_events)
    )
    routing.register("events", EventViewSet, basename="api-event")
    routing.register_single(
        "evidence", PeriodViewSet, basename="api-evidence", verbs={"get": "retrieve"}
    )
    routing.register_single(
        "evidence/sample",
        PeriodSampleViewSet,
        basename="api-evidence-sample",
        verbs={"get": "retrieve"},
    )
