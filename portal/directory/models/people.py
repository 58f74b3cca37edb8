"""People as the identity provider describes them, and the member each of them is here."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import TenantModel


class DirectoryUser(TenantModel):
    """A SCIM user. `attributes` holds what was sent, as it was sent; columns serve look-ups."""

    data_class = DataClass.PEOPLE
    person_paths = ("membership_id",)

    user_name = models.CharField(max_length=320)
    user_name_key = models.CharField(max_length=320)
    external_id = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=320, blank=True)
    # The one of the sent addresses that lies in a proven domain: under it the person signs in.
    email = models.EmailField(max_length=254)
    attributes = models.JSONField(default=dict)
    is_active = models.BooleanField(_("active"), default=True)
    membership = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Was made active again while the request that revokes the old access was still at work.
    returning_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "user_name_key"], name="directory_user_name_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "email"], name="directory_user_email_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "external_id"], name="directory_user_external"),
            models.Index(fields=["organization", "membership"], name="directory_user_member"),
            models.Index(
                fields=["organization", "display_name", "id"], name="directory_user_by_name"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.user_name

    def audit_target(self) -> Target:
        """Sealed under the member, so that erasing the person erases this name too."""
        return Target(
            kind="directory_user",
            id=self.pk,
            label=str(self),
            person=self.membership_id or self.pk,
        )


class DirectoryAddress(TenantModel):
    """One e-mail address of a SCIM user, as identity providers look people up by it."""

    data_class = DataClass.PEOPLE
    person_paths = ("user__membership_id",)

    user = models.ForeignKey(DirectoryUser, on_delete=models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=40, blank=True)
    value_key = models.CharField(max_length=320)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "value_key"], name="directory_address_value"),
        ]

    def __str__(self) -> str:
        return self.value_key


class DirectoryGroup(TenantModel):
    """A SCIM group; an admin here decides what being in it means."""

    data_class = DataClass.PEOPLE

    display_name = models.CharField(max_length=320)
    display_name_key = models.CharField(max_length=320)
    external_id = models.CharField(max_length=320, blank=True)
    attributes = models.JSONField(default=dict)
    team = models.ForeignKey(
        "tenants.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("team"),
    )
    role = models.CharField(_("role"), max_length=40, blank=True)
    # In place of a built-in one.
    custom_role = models.ForeignKey(
        "tenants.Role", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "display_name_key"], name="directory_group_name_once"
            ),
            models.CheckConstraint(
                condition=Q(role="") | Q(custom_role__isnull=True), name="directory_group_one_role"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "external_id"], name="directory_group_external"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def role_name(self) -> str:
        """As forms name it; empty for none."""
        return f"custom:{self.custom_role_id}" if self.custom_role_id else self.role

    @property
    def role_label(self) -> str:
        if self.custom_role:
            return self.custom_role.name
        return str(BuiltInRole(self.role).label) if self.role else ""

    def audit_target(self) -> Target:
        return Target(kind="directory_group", id=self.pk, label=self.display_name)


class DirectoryPlace(TenantModel):
    """A person's place in a group."""

    data_class = DataClass.PEOPLE
    person_paths = ("user__membership_id",)

    group = models.ForeignKey(DirectoryGroup, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(DirectoryUser, on_delete=models.CASCADE, related_name="places")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "group", "user"], name="directory_place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"
