"""A revocation from the containment to the proof of no access."""

import pytest

from portal.tickets.actions import file_revocation
from portal.tickets.models import Finding
from portal.tickets.rules import Status
from tenants.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_is_cut_off_and_every_credential_is_refused(
    ada, mia, actor_of, client_of, at, work
) -> None:
    browser = client_of(mia)
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    assert ticket.status == Status.COMPLETED
    mia.refresh_from_db()
    assert mia.status == Membership.Status.REVOKED
    findings = Finding.objects.filter(ticket=ticket)
    assert {finding.kind for finding in findings} == {"session", "password"}
    assert {finding.answer for finding in findings} == {"refused"}
    assert browser.get("/o/acme/requests/").status_code in {302, 404}
