"""What becomes of what somebody owned: chosen when access is taken, carried out by its step."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.test import Client

from audit.refusals import Invalid, NotPermitted
from portal.catalog.models import Integration
from portal.tickets.actions import file_revocation, reverse_revocation
from portal.tickets.disposing import Choice, Do, Thing
from portal.tickets.models import Disposal, Step, Ticket
from portal.tickets.rules import Kind, Status, StepStatus
from tenants.access import Actor
from tenants.actions.roles import create_role
from tenants.clock import now
from tenants.models import Membership, Organization, ServiceAccount
from tenants.permissions import BuiltInRole, Permission
from tests.cast import make_machine, make_member, make_token_text
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def three(mia: Membership) -> list[Integration]:
    return [make_integration(mia, now(), name=name, size=1) for name in ("Ask", "Bin", "Cat")]


@pytest.fixture
def machine(mia: Membership) -> ServiceAccount:
    return make_machine(mia, role="viewer")


def outcome() -> dict[str, int]:
    return dict(Step.objects.get(name="belongings").result)


def test_each_thing_goes_where_it_was_said(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    three: list[Integration],
    machine: ServiceAccount,
    actor_of: ActorOf,
    work: Work,
) -> None:
    ask, bin_, cat = three
    plan = [
        Choice(Thing.INTEGRATION, ask.pk, Do.HAND_OVER, max_.pk),
        Choice(Thing.INTEGRATION, bin_.pk, Do.PAUSE),
        Choice(Thing.INTEGRATION, cat.pk, Do.DELETE),
        Choice(Thing.SERVICE_ACCOUNT, machine.pk, Do.HAND_OVER, max_.pk),
    ]
    ticket = file_revocation(mia, actor=actor_of(ada), at=now(), plan=plan)
    assert Integration.objects.filter(owner=mia).count() == 3
    assert work(ticket).status == Status.COMPLETED
    assert outcome() == {
        "handed_over": 1,
        "paused": 1,
        "deletions_filed": 1,
        "accounts_handed_over": 1,
    }
    for row in (*three, machine):
        row.refresh_from_db()
    assert (ask.owner, machine.owner, bin_.is_paused) == (max_, max_, True)
    deletion = Ticket.objects.get(kind=Kind.DELETION)
    # Whoever wanted it gone cannot be its second person too.
    assert (deletion.subject_id, deletion.requester, deletion.source) == (cat.pk, ada, "revocation")


def test_without_a_plan_integrations_go_to_an_owner_and_machines_stay_stopped(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    three: list[Integration],
    machine: ServiceAccount,
    actor_of: ActorOf,
    work: Work,
) -> None:
    work(file_revocation(mia, actor=actor_of(max_), at=now()))
    assert outcome() == {"handed_over": 3}
    assert set(Integration.objects.values_list("owner_id", flat=True)) == {ada.pk}
    machine.refresh_from_db()
    assert machine.owner == mia


def test_a_successor_who_left_meanwhile_is_replaced_by_an_owner(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    three: list[Integration],
    actor_of: ActorOf,
    work: Work,
) -> None:
    plan = [Choice(Thing.INTEGRATION, three[0].pk, Do.HAND_OVER, max_.pk)]
    ticket = file_revocation(mia, actor=actor_of(ada), at=now(), plan=plan)
    file_revocation(max_, actor=actor_of(ada), at=now())
    work(ticket)
    assert set(Integration.objects.values_list("owner_id", flat=True)) == {ada.pk}


def test_a_plan_that_does_not_fit_files_nothing(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    aud: Membership,
    three: list[Integration],
    machine: ServiceAccount,
    organization: Organization,
    actor_of: ActorOf,
    work: Work,
) -> None:
    first = three[0].pk
    others = make_integration(max_, now(), name="Other", size=1)
    for choice in (
        Choice(Thing.INTEGRATION, first, Do.HAND_OVER, aud.pk),
        Choice(Thing.INTEGRATION, first, Do.HAND_OVER, mia.pk),
        Choice(Thing.INTEGRATION, others.pk, Do.PAUSE),
        Choice(Thing.SERVICE_ACCOUNT, machine.pk, Do.PAUSE),
    ):
        with pytest.raises(Invalid) as refusal:
            file_revocation(mia, actor=actor_of(ada), at=now(), plan=[choice])
        assert "plan" in refusal.value.errors
    granted = [Permission.MEMBER_VIEW, Permission.REVOCATION_FILE]
    role = create_role(actor=actor_of(ada), name="Leaver desk", permissions=granted)
    desk = make_member(organization, "Dana Desk", BuiltInRole.VIEWER)
    Membership.objects.filter(pk=desk.pk).update(custom_role=role)
    desk.refresh_from_db()
    pausing = [Choice(Thing.INTEGRATION, first, Do.PAUSE)]
    with pytest.raises(NotPermitted):
        file_revocation(mia, actor=actor_of(desk), at=now(), plan=pausing)
    assert not Ticket.objects.exists()
    assert not Disposal.objects.exists()
    mia.refresh_from_db()
    assert mia.is_active(at=now())

    # After the step has done its work there is nothing left to plan.
    done = file_revocation(mia, actor=actor_of(ada), at=now())
    Step.objects.filter(ticket=done, name="belongings").update(
        finished_at=now(), status=StepStatus.DONE
    )
    with pytest.raises(Invalid, match="does not fit"):
        file_revocation(mia, actor=actor_of(ada), at=now(), plan=pausing)


def test_taken_back_in_time_everything_stays_where_it_was(
    ada: Membership, mia: Membership, three: list[Integration], actor_of: ActorOf
) -> None:
    plan = [Choice(Thing.INTEGRATION, three[0].pk, Do.DELETE)]
    ticket = file_revocation(mia, actor=actor_of(ada), at=now(), plan=plan)
    reverse_revocation(ticket, actor=actor_of(ada), at=now())
    assert Integration.objects.filter(owner=mia).count() == 3
    assert Ticket.objects.count() == 1


def test_chosen_on_the_page_and_over_the_api(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    three: list[Integration],
    machine: ServiceAccount,
    client_of: ClientOf,
) -> None:
    browser, where = client_of(ada), f"/o/acme/requests/revoke/?member={mia.pk}"
    shown = browser.get(where).text
    for words in ("What becomes of what they own", "Pause it", f"Hand over to {max_}"):
        assert words in shown
    assert browser.post(where, {f"integration-{three[0].pk}": "burn"}).status_code == 422
    said = {
        f"integration-{three[0].pk}": f"hand_over:{max_.pk}",
        f"service_account-{machine.pk}": f"hand_over:{ada.pk}",
    }
    after = browser.post(where, said, follow=True).text
    assert f"Hand over to {max_}" in after
    assert Disposal.objects.count() == 2

    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ada)}"})
    api = "/api/v1/tickets/revocations"
    owned = {"thing": "integration", "id": str(three[1].pk), "do": "pause"}
    body = {"member": str(mia.pk), "plan": [owned]}
    assert caller.post(api, body, content_type="application/json").status_code == 201
    assert Disposal.objects.get(do="pause").thing_id == three[1].pk
    for wrong in (
        {"member": str(mia.pk), "plan": [{**owned, "do": "burn"}]},
        {"member": str(mia.pk), "plan": [{**owned, "to": str(mia.pk), "do": "hand_over"}]},
        {"service_account": str(machine.pk), "plan": [owned]},
    ):
        answer = caller.post(api, wrong, content_type="application/json")
        assert (answer.status_code, "plan" in answer.text) == (422, True)


def test_nobody_deletes_by_the_request_of_another_and_is_then_its_second_person(
    ada: Membership,
    mia: Membership,
    max_: Membership,
    three: list[Integration],
    actor_of: ActorOf,
) -> None:
    file_revocation(mia, actor=actor_of(ada), at=now())

    for do, refused in ((Do.DELETE, True), (Do.PAUSE, False)):
        plan = [Choice(Thing.INTEGRATION, three[0].pk, do)]
        with pytest.raises(NotPermitted) if refused else nullcontext():
            file_revocation(mia, actor=actor_of(max_), at=now(), plan=plan)

    assert Disposal.objects.get().do == Do.PAUSE
