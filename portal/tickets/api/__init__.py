"""Everything about requests over the API."""

from portal.rest.routing import register
from portal.tickets.api.filters import SavedFilterViewSet
from portal.tickets.api.tickets import TicketViewSet

register("tickets", TicketViewSet, basename="api-ticket")
register("ticket-filters", SavedFilterViewSet, basename="api-ticket-filter")
