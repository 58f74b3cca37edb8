"""How an organization wants its directory treated."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.directory.rules import BRAKE_PERCENT
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class DirectorySettings(TenantModel):
    """The brake's limit; made when it is first changed."""

    data_class = DataClass.SIGN_IN

    brake_percent = models.PositiveSmallIntegerField(
        _("hold a sync that removes more than"),
        default=BRAKE_PERCENT,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization"], name="directory_settings_once"),
        ]

    def __str__(self) -> str:
        return f"{self.brake_percent} %"

    def audit_target(self) -> Target:
        return Target(kind="directory", id=self.pk, label="directory")
