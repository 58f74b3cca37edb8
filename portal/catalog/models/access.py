"""What teams were given: whole integrations, and single resources."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.catalog.models.base import ByteOrdered, belongs
from portal.catalog.rules import LONGEST_NAME, Level
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class TeamAccess(TenantModel):
    """A team sees everything in an integration, what is imported later included."""

    data_class = DataClass.CATALOG

    team = models.ForeignKey("tenants.Team", on_delete=models.CASCADE, related_name="+")
    integration = belongs("catalog.Integration", db_index=False)
    level = models.CharField(max_length=8, choices=Level)

    class Meta:
        verbose_name_plural = _("access of teams to integrations")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "team", "integration"], name="team_access_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "integration", "id"], name="team_access_erasure"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.level} {self.integration_id}"


class TeamResourceAccess(TenantModel):
    """A team sees one resource. The name is repeated here, so that a page needs one index."""

    data_class = DataClass.CATALOG

    team = models.ForeignKey("tenants.Team", on_delete=models.CASCADE, related_name="+")
    integration = belongs("catalog.Integration", db_index=False)
    resource = belongs("catalog.Resource")
    sort_key = ByteOrdered(max_length=LONGEST_NAME)
    level = models.CharField(max_length=8, choices=Level)

    class Meta:
        verbose_name_plural = _("access of teams to resources")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "team", "resource"], name="team_resource_access_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "team", "sort_key", "resource"],
                name="team_resource_by_name",
            ),
            models.Index(
                fields=["organization", "integration", "id"], name="team_resource_erasure"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.level} {self.resource_id}"
