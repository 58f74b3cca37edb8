"""The standing cast: people every test knows, made only as far as a test asks for them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.grants.models import Attestation, SupportRules
from tenants.access import Actor, system_actor
from tenants.actions.entries import open_entry
from tenants.actions.members import admit_member
from tenants.models import ApiToken, Entry, Membership, Organization, Policy, ServiceAccount
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import RequestFacts, actor_for_member
from tenants.scoping import organization_scope, system_scope
from tenants.tokens import make_token

PASSWORD = "correct-horse-tests"
FACTS = RequestFacts(request_id="test-request", address="127.0.0.1")


def make_organization(slug: str, *, name: str = "", kind: str = "customer") -> Organization:
    """An organization with its policy, and nobody in it."""
    with system_scope("create organization"):
        made = Organization.objects.create(
            slug=slug,
            name=name or slug.title(),
            kind=kind,
            security_contact=f"security@{slug}.test",
            created_at=timezone.now(),
        )
        with organization_scope(made.pk):
            Policy.objects.create()
    return made


def make_member(
    organization: Organization, name: str, role: str, *, source: str = "invitation"
) -> Membership:
    """`Ada Okafor` becomes ada@<slug>.test, with the tests' password."""
    email = f"{name.split(maxsplit=1)[0].lower()}@{organization.slug}.test"
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email, PASSWORD, name=name
    )
    with organization_scope(organization.pk):
        return admit_member(
            actor=system_actor(organization),
            at=timezone.now() - timedelta(days=1),
            user=user,
            name=name,
            email=email,
            role=role,
            source=source,
        )


def make_machine(owner: Membership, *, role: str, name: str = "Nightly import") -> ServiceAccount:
    """A service account that `owner` answers for, with a built-in role."""
    with organization_scope(owner.organization_id):
        made: ServiceAccount = ServiceAccount.objects.create(
            name=name, role=role, owner=owner, created_at=timezone.now()
        )
    return made


def open_session(
    client: Client,
    membership: Membership,
    *,
    at: datetime | None = None,
    method: str = Entry.Method.PASSWORD,
    stepped_up: bool = True,
) -> Entry:
    """Sign the client in and let it into the member's workspace."""
    if "_auth_user_id" not in client.session:
        client.force_login(membership.user)
    with organization_scope(membership.organization_id):
        return open_entry(
            membership,
            actor=actor_for_member(membership, facts=FACTS),
            at=at or timezone.now(),
            session_key=client.session.session_key,
            method=method,
            has_second_factor=True,
            is_fresh=stepped_up,
        )


def make_token_text(membership: Membership, *, machine: ServiceAccount | None = None) -> str:
    """A token of the member's that may all that they may, also where their role issues none.

    With `machine`, one of a service account they answer for.
    """
    kind = ApiToken.Kind.SERVICE if machine else ApiToken.Kind.PERSONAL
    at, made = timezone.now(), make_token(kind)
    with organization_scope(membership.organization_id):
        ApiToken.objects.create(
            kind=kind,
            service_account=machine,
            name="everything",
            prefix=made.prefix,
            digest=made.digest,
            owner=membership,
            scopes=sorted(Permission),
            created_at=at,
            expires_at=at + timedelta(hours=1),
        )
    return made.text


def make_ready(staff: Membership) -> Membership:
    """Staff who has confirmed the policy, works in Germany and, as a lead, checks requests."""
    with organization_scope(staff.organization_id):
        rules = SupportRules.objects.first() or SupportRules.objects.create(
            text="I look only for a case."
        )
        checks = Permission.GRANT_ENDORSE in staff.role_permissions()
        rules.pool, rules.countries = [*rules.pool, *[str(staff.pk)] * checks], ["DE"]
        rules.save()
        Attestation.objects.create(
            staff_id=staff.pk, text_version=rules.text_version, attested_at=staff.joined_at
        )
        Membership.objects.filter(pk=staff.pk).update(country="DE")
        staff.country = "DE"
    return staff


@pytest.fixture
def at() -> datetime:
    return timezone.now()


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    """Acme, with its scope open for the test."""
    made = make_organization("acme", name="Acme Health")
    with organization_scope(made.pk):
        yield made


@pytest.fixture
def other_organization(db: None) -> Organization:
    return make_organization("globex", name="Globex Retail")


@pytest.fixture
def vendor(db: None) -> Organization:
    return make_organization("meridian", name="Meridian Data", kind="vendor")


@pytest.fixture
def ada(organization: Organization) -> Membership:
    return make_member(organization, "Ada Okafor", BuiltInRole.OWNER)


@pytest.fixture
def max_(organization: Organization) -> Membership:
    return make_member(organization, "Max Lindqvist", BuiltInRole.ADMIN)


@pytest.fixture
def sia(organization: Organization) -> Membership:
    return make_member(organization, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER)


@pytest.fixture
def mia(organization: Organization) -> Membership:
    return make_member(organization, "Mia Castellan", BuiltInRole.VIEWER)


@pytest.fixture
def aud(organization: Organization) -> Membership:
    return make_member(organization, "Aud Bergman", BuiltInRole.AUDITOR)


@pytest.fixture
def ned(other_organization: Organization) -> Membership:
    """The outsider: owner, but of another organization."""
    return make_member(other_organization, "Ned Prakash", BuiltInRole.OWNER)


@pytest.fixture
def sam(vendor: Organization) -> Membership:
    return make_ready(make_member(vendor, "Sam Whitlock", BuiltInRole.SUPPORT_ENGINEER))


@pytest.fixture
def lea(vendor: Organization) -> Membership:
    return make_ready(make_member(vendor, "Lea Moreau", BuiltInRole.SUPPORT_LEAD))


@pytest.fixture
def opal(vendor: Organization) -> Membership:
    return make_member(vendor, "Opal Nakamura", BuiltInRole.OPERATOR)


@pytest.fixture
def actor_of() -> Callable[..., Actor]:
    """An actor as a fresh, stepped-up session would have it."""

    def build(membership: Membership, *, stepped_up: bool = True) -> Actor:
        with organization_scope(membership.organization_id):
            entry = Entry(
                membership=membership,
                method=Entry.Method.PASSWORD,
                has_second_factor=True,
                authenticated_at=timezone.now(),
                seen_at=timezone.now(),
                step_up_at=timezone.now() if stepped_up else None,
            )
            return actor_for_member(membership, entry=entry, facts=FACTS)

    return build


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """A browser that has signed in as this member, with a real session and a real entry."""

    def build(membership: Membership, **options: Any) -> Client:
        client = Client()
        open_session(client, membership, **options)
        return client

    return build
