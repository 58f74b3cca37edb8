"""What holds of diagnostic access whatever is asked, decided and used, in whatever order."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from audit.models import Event
from audit.names import EventName
from audit.refusals import Refusal
from portal.grants import rules
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant, deny_grant, narrow_grant, revoke_grant
from portal.grants.actions.requests import (
    endorse_grant,
    reject_grant,
    request_grant,
    withdraw_grant,
)
from portal.grants.actions.sessions import open_support_session
from portal.grants.actions.settling import settle_grants
from portal.grants.door import open_door
from portal.grants.models import Grant, GrantDecision, SupportSession
from portal.grants.rules import Capability, GrantStatus
from portal.grants.staff import as_staff
from portal.grants.terms import Consent
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope, system_scope
from tests.cast import make_member, make_organization
from tests.portal.grants.conftest import make_integration, wish
from tests.stateful import Workspace, run, tried

NUMBERS = st.integers(min_value=0, max_value=9)
DAYS = st.sampled_from((1, 7, 21))
# Each is one change that a person or the clock made to a grant; its version counts them.
CHANGES = (
    EventName.GRANT_ENDORSED,
    EventName.GRANT_APPROVED,
    EventName.GRANT_AGREED,
    EventName.GRANT_NARROWED,
    EventName.GRANT_DENIED,
    EventName.GRANT_LAPSED,
    EventName.GRANT_REVOKED,
    EventName.GRANT_EXPIRED,
    EventName.GRANT_CANCELLED,
    EventName.GRANT_WITHDRAWN,
    EventName.GRANT_REJECTED,
    EventName.GRANT_TAMPERED,
)


class Access(Workspace):
    """One case, two of the vendor's staff who ask, a lead, and two who decide."""

    @initialize()
    def begin(self) -> None:
        with self.at_work():
            with system_scope("the vendor of the examples before"):
                vendor = Organization.objects.filter(kind="vendor").first()
            vendor = vendor or make_organization("meridian", kind="vendor")
            with organization_scope(vendor.pk):
                self.staff = [
                    Membership.objects.filter(email=f"{name.lower()}@meridian.test").first()
                    or make_member(vendor, f"{name} Reyes", role)
                    for name, role in (
                        ("Sam", BuiltInRole.SUPPORT_ENGINEER),
                        ("Lea", BuiltInRole.SUPPORT_LEAD),
                    )
                ]
            self.sia = self.member("Sia Fernandes", BuiltInRole.SECURITY_OFFICER)
            integration = make_integration("Shop", now())
            self.case = open_case(
                CaseFacts("Imports fail"),
                actor=self.actor(self.sia),
                at=now(),
                integration_ids=[integration.pk],
            )

    @rule(who=NUMBERS, days=DAYS)
    def request(self, who: int, days: int) -> None:
        with self.at_work():
            scope = tuple(row.as_scope() for row in self.case.integrations.all())
            asked = wish(scope=scope, duration=timedelta(days=days))
            actor = self._visitor(who)
            tried(lambda: request_grant(self.case, actor=actor, at=now(), wish=asked))

    @precondition(lambda self: Grant.objects.exists())
    @rule(
        which=NUMBERS,
        who=NUMBERS,
        verb=st.sampled_from((endorse_grant, reject_grant, withdraw_grant)),
    )
    def vendor_decides(self, which: int, who: int, verb: Any) -> None:
        with self.at_work():
            self._decide(which, lambda grant: verb(grant, actor=self._visitor(who), at=now()))

    @precondition(lambda self: Grant.objects.exists())
    @rule(
        which=NUMBERS, who=NUMBERS, verb=st.sampled_from((approve_grant, narrow_grant)), days=DAYS
    )
    def customer_agrees(self, which: int, who: int, verb: Any, days: int) -> None:
        with self.at_work():
            consent = Consent(duration=timedelta(days=days))
            actor = self._decider(who)
            self._decide(which, lambda grant: verb(grant, actor=actor, at=now(), consent=consent))

    @precondition(lambda self: Grant.objects.exists())
    @rule(which=NUMBERS, who=NUMBERS, verb=st.sampled_from((deny_grant, revoke_grant)))
    def customer_refuses(self, which: int, who: int, verb: Any) -> None:
        with self.at_work():
            self._decide(which, lambda grant: verb(grant, actor=self._decider(who), at=now()))

    @precondition(lambda self: Grant.objects.exists())
    @rule(which=NUMBERS, who=NUMBERS)
    def use(self, which: int, who: int) -> None:
        """Opening a session and reading work exactly while the grant is active, for its holder."""
        with self.at_work():
            grant, actor = self._grant(which), self._visitor(who)
            may = grant.active(now()) and grant.staff_id == actor.id
            opened = tried(lambda: open_support_session(grant, actor=actor, at=now()))
            assert bool(opened) == may
            assert bool(tried(lambda: _read(grant, actor))) == may

    @rule(by=st.sampled_from((60, 3600, 73 * 3600, 86400, 8 * 86400, 22 * 86400)))
    def time_passes(self, by: int) -> None:
        self.hours += timedelta(seconds=by)

    @rule()
    def settle(self) -> None:
        """As often as one likes: the second time there is nothing to write down."""
        with self.at_work():
            settle_grants(actor=system_actor(self.organization), at=now())
            before, events = self._rows(), Event.objects.count()
            settle_grants(actor=system_actor(self.organization), at=now())
            assert (self._rows(), Event.objects.count()) == (before, events)

    @invariant()
    def at_most_one_is_open_for_the_same(self) -> None:
        open_ = Grant.objects.filter(status__in=sorted(rules.OPEN))
        same = Counter(open_.values_list("staff_id", "scope_hash"))
        assert max(same.values(), default=0) <= 1

    @invariant()
    def every_change_is_in_the_log_once(self) -> None:
        for grant in Grant.objects.all():
            names = Counter(Event.objects.filter(target_id=grant.pk).values_list("name", flat=True))
            assert names[EventName.GRANT_REQUESTED] == 1
            assert sum(names[name.value] for name in CHANGES) == grant.version - 1, names

    @invariant()
    def nobody_agrees_to_their_own_request_and_none_lasts_longer_than_promised(self) -> None:
        for grant in Grant.objects.all():
            agreed = GrantDecision.objects.filter(grant=grant, verdict__in=("endorsed", "approved"))
            assert grant.staff_id not in set(agreed.values_list("by_id", flat=True))
            if grant.starts_at and grant.expires_at:
                assert grant.expires_at - grant.starts_at <= rules.LONGEST

    @invariant()
    def no_session_outlives_its_grant(self) -> None:
        over = Grant.objects.exclude(status__in=sorted(rules.OPEN))
        assert not SupportSession.objects.filter(grant__in=over, closed_at__isnull=True).exists()
        ended = Grant.objects.filter(status=GrantStatus.REVOKED)
        assert not any(grant.active(grant.revoked_at) for grant in ended)

    def _decide(self, which: int, decide: Any) -> None:
        grant = self._grant(which)
        before = self._rows()
        try:
            decide(grant)
        except Refusal:
            assert self._rows() == before

    def _grant(self, which: int) -> Grant:
        grants = list(Grant.objects.order_by("id"))
        return grants[which % len(grants)]

    def _rows(self) -> list[Any]:
        return list(Grant.objects.order_by("id").values_list("id", "status", "version"))

    def _visitor(self, who: int) -> Actor:
        member = self.staff[who % 2]
        with organization_scope(member.organization_id):
            actor = self.actor(member)
        return as_staff(actor, self.organization)

    def _decider(self, who: int) -> Actor:
        return self.actor((self.sia, self.ada)[who % 2])


def _read(grant: Grant, actor: Actor) -> bool:
    door = open_door(
        grant.pk, visitor=actor, at=now(), capability=Capability.STATUS, route="grant-read"
    )
    with door:
        return True


@pytest.mark.django_db(transaction=True)
def test_the_invariants_of_access() -> None:
    run(Access, thorough=False)


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_the_invariants_of_access_at_length() -> None:
    run(Access, thorough=True)
