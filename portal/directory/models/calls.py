"""What the identity provider asked and what became of it, for 30 days."""

from typing import ClassVar

from django.db import models

from portal.directory.rules import Outcome
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class DirectoryCall(TenantModel):
    """One SCIM call. `body` keeps the structure of what was sent; personal values are masked."""

    data_class = DataClass.SIGN_IN_LOG
    person_paths = ("member_id",)

    called_at = models.DateTimeField()
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=400)
    status = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    milliseconds = models.PositiveIntegerField()
    token_prefix = models.CharField(max_length=16)
    body = models.TextField(blank=True)
    detail = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    # Who it was about, by plain ids: the log outlives what it tells about.
    user_id = models.UUIDField(null=True, blank=True)
    group_id = models.UUIDField(null=True, blank=True)
    member_id = models.UUIDField(null=True, blank=True)
    label = models.CharField(max_length=320, blank=True)
    # The number of the request that this call filed.
    filed = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "member_id"], name="directory_call_member"),
            models.Index(fields=["organization", "filed"], name="directory_call_filed"),
            models.Index(
                models.F("organization"), models.F("id").desc(), name="directory_call_newest"
            ),
            models.Index(fields=["called_at"], name="directory_call_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
