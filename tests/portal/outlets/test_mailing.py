"""Who gets which mail, and that nobody gets one twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from pytest_django.fixtures import Settings

from audit.models import Event
from audit.names import EventName
from audit.sentences import sentence
from audit.tree import seal_pending
from portal.outlets.delivering import PAUSES, claim, deliver_due
from portal.outlets.models import LEASE, Cursor, Delivery
from portal.outlets.reading import read_on
from portal.outlets.tasks import bring_forward, send_mail, wake_mailers
from portal.queue.names import JobName
from tenants.actions.invitations import send_invitation
from tenants.actions.invited import cancel_invitation, resend_invitation
from tenants.clock import shifted
from tenants.links import Purpose, read_link
from tenants.models import Invitation, Membership, Organization
from tenants.permissions import BuiltInRole


@pytest.fixture
def invite(actor_of: Callable[..., Any], at: datetime) -> Callable[..., Invitation]:
    def one(by: Membership, email: str = "new@acme.test") -> Invitation:
        return send_invitation(
            actor=actor_of(by), at=at, email=email, role=BuiltInRole.VIEWER, name="Nia New"
        )

    return one


def link_in(message: EmailMultiAlternatives) -> str:
    start = reverse("invitation-accept", args=["x"])[:-2]
    line = next(line for line in message.body.splitlines() if start in line)
    return line.split(start, 1)[1].strip("/")


def test_an_invitation_is_mailed_once_with_a_link_that_opens(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    invitation = invite(ada)
    (message,) = post(organization)
    assert message.to == ["Nia New <new@acme.test>"]
    assert message.subject == "You are invited to Acme Health"
    assert "Ada Okafor invites you" in message.body
    link = read_link(Purpose.INVITATION, link_in(message))
    assert (link.row_id, link.version) == (invitation.pk, 1)
    assert post(organization) == []


def test_no_secret_stands_in_the_log(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    invite(ada)
    (message,) = post(organization)
    secret = link_in(message)
    for event in Event.objects.all():
        assert secret not in event.body + event.sealed + sentence(event)


def test_only_the_newest_link_is_mailed(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
    actor_of: Callable[..., Any],
    at: datetime,
) -> None:
    invitation = invite(ada)
    resend_invitation(invitation, actor=actor_of(ada), at=at)
    (message,) = post(organization)
    assert read_link(Purpose.INVITATION, link_in(message)).version == 2


def test_a_cancelled_invitation_is_not_mailed(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
    owed: Callable[..., Any],
    actor_of: Callable[..., Any],
    at: datetime,
) -> None:
    cancel_invitation(invite(ada), actor=actor_of(ada), at=at)
    assert post(organization) == []
    assert owed() == ["not_needed"]


def test_the_log_says_who_was_told(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    invite(ada)
    post(organization)
    sent = Event.objects.get(name=EventName.MAIL_SENT)
    assert sentence(sent) == "The mail “invitation” was sent to Nia New."
    assert "Nia" not in sent.body + sent.sealed


def test_killed_after_reading_the_letter_still_goes_out(
    organization: Organization, ada: Membership, invite: Callable[..., Any], at: datetime
) -> None:
    invite(ada)
    seal_pending(organization.pk)
    assert read_on(at=at) == 1
    assert read_on(at=at) == 0
    deliver_due()
    assert len(mail.outbox) == 1


def test_killed_while_sending_it_goes_out_again_as_the_same_mail(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    at: datetime,
    mailoutbox: list[EmailMultiAlternatives],
) -> None:
    invite(ada)
    seal_pending(organization.pk)
    read_on(at=at)
    delivery = Delivery.objects.get()
    assert claim(delivery, at=at)
    assert deliver_due() == 0
    with shifted(LEASE):
        assert deliver_due() == 1
        assert deliver_due() == 0
    assert mailoutbox[0].extra_headers["Message-ID"].startswith(f"<{delivery.pk.hex}@")


def test_a_letter_of_an_hour_ago_goes_out_after_the_clock_was_set_back(
    organization: Organization, ada: Membership, invite: Callable[..., Any], at: datetime
) -> None:
    """Claimed by a worker that died, by a clock that ran an hour ahead."""
    ahead = at + timedelta(hours=1)
    invite(ada)
    seal_pending(organization.pk)
    read_on(at=ahead)
    assert claim(Delivery.objects.get(), at=ahead)
    with shifted(LEASE):
        assert deliver_due() == 0
        bring_forward(at)
        assert deliver_due() == 1


def test_two_workers_send_one_mail(
    organization: Organization, ada: Membership, invite: Callable[..., Any], at: datetime
) -> None:
    invite(ada)
    seal_pending(organization.pk)
    read_on(at=at)
    mine, theirs = Delivery.objects.get(), Delivery.objects.get()
    assert claim(mine, at=at)
    assert not claim(theirs, at=at)


def test_reading_again_from_the_start_writes_nothing_twice(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    post: Callable[..., Any],
) -> None:
    invite(ada)
    assert len(post(organization)) == 1
    Cursor.objects.update(position=0)
    assert post(organization) == []


def test_a_failing_server_is_asked_again_then_the_letter_counts_as_failed(
    organization: Organization,
    ada: Membership,
    invite: Callable[..., Any],
    at: datetime,
    settings: Settings,
    owed: Callable[..., Any],
) -> None:
    settings.EMAIL_BACKEND = "tests.portal.outlets.broken.Backend"
    invite(ada)
    seal_pending(organization.pk)
    read_on(at=at)
    later = timedelta(0)
    for pause in PAUSES:
        with shifted(later):
            assert deliver_due() == 0
        assert owed() == ["waiting"]
        later += pause + timedelta(seconds=1)
    with shifted(later):
        deliver_due()
    assert owed() == ["failed"]
    failed = Event.objects.get(name=EventName.MAIL_FAILED)
    assert sentence(failed) == "The mail “invitation” could not be sent to Nia New."


def test_the_sweep_wakes_the_mailer_of_each_log_that_grew(
    organization: Organization, ada: Membership, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    jobs = []
    monkeypatch.setattr("portal.outlets.tasks.enqueue", lambda job, **ids: jobs.append((job, ids)))
    seal_pending(organization.pk)
    wake_mailers(at)
    assert jobs == [(JobName.MAIL_SEND, {"organization_id": organization.pk})]
    send_mail(organization_id=str(organization.pk))
    seal_pending(organization.pk)
    send_mail(organization_id=str(organization.pk))
    jobs.clear()
    wake_mailers(at)
    assert jobs == []


def test_names_cannot_add_headers(
    organization: Organization,
    ada: Membership,
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    ada.name = "Ada\nBcc: everybody@acme.test"
    send_invitation(
        actor=actor_of(ada), at=at, email="new@acme.test", role=BuiltInRole.VIEWER, name="N\nX: y"
    )
    (message,) = post(organization)
    assert "\nX: y" not in str(message.message()["To"])
    assert message.message()["Bcc"] is None
