"""What becomes of one thing that somebody owned, decided when their access is taken."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.tickets.models.ticket import Ticket
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class Disposal(TenantModel):
    data_class = DataClass.REQUESTS

    class Thing(models.TextChoices):
        INTEGRATION = "integration", _("Integration")
        SERVICE_ACCOUNT = "service_account", _("Service account")

    class Do(models.TextChoices):
        HAND_OVER = "hand_over", _("Hand over")
        PAUSE = "pause", _("Pause")
        DELETE = "delete", _("Delete, by a request of its own")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    thing = models.CharField(max_length=16, choices=Thing)
    thing_id = models.UUIDField()
    do = models.CharField(max_length=16, choices=Do)
    # A member by id; empty means an owner of the workspace.
    successor_id = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("ticket", "thing_id", name="disposal_thing_once")]

    def __str__(self) -> str:
        return f"{self.do} {self.thing_id}"
