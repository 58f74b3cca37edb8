"""Security mail about a person's own account."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.names import EventName
from audit.recorder import record
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member


def tell(member: Membership, actor_of: Callable[..., Any], name: EventName, **more: Any) -> None:
    with organization_scope(member.organization_id), transaction.atomic():
        record(name, actor=actor_of(member), target=member, **more)


def test_a_changed_password_is_told_to_the_person_once(
    organization: Organization,
    other_organization: Organization,
    ada: Membership,
    actor_of: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    twin = make_member(other_organization, "Ada Okafor", BuiltInRole.VIEWER)
    with organization_scope(other_organization.pk):
        Membership.objects.filter(pk=twin.pk).update(user=ada.user)
    for member in (ada, twin):
        tell(member, actor_of, EventName.PASSWORD_CHANGED)
    mails = post(organization) + post(other_organization)
    assert [message.subject for message in mails] == ["Your password was changed"]
    assert "127.0.0.1" in mails[0].body


def test_a_changed_address_is_told_to_the_old_one_too(
    organization: Organization,
    ada: Membership,
    actor_of: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    tell(ada, actor_of, EventName.ADDRESS_CHANGED, private={"before": "old@acme.test"})
    addresses = sorted(message.to[0] for message in post(organization))
    assert addresses == ["Ada Okafor <ada@acme.test>", "old@acme.test"]


def test_somebody_whose_access_is_blocked_gets_no_more_mail(
    organization: Organization,
    ada: Membership,
    mia: Membership,
    actor_of: Callable[..., Any],
    post: Callable[..., Any],
    at: datetime,
) -> None:
    tell(mia, actor_of, EventName.PASSWORD_CHANGED)
    mia.contain(at=at)
    mia.save()
    assert post(organization) == []
