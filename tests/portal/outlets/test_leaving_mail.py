"""The letter about an access that ends soon."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr

import pytest

from portal.people.sweeps import notice_ends
from tenants.access import Actor
from tenants.actions.ends import set_access_end
from tenants.models import Membership

pytestmark = pytest.mark.django_db


def test_the_person_and_those_who_could_move_it_hear_of_the_end_once(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    sia: Membership,
    actor_of: Callable[..., Actor],
    post: Callable[..., list],
    at: datetime,
) -> None:
    set_access_end(mia, actor=actor_of(ada), at=at, ends_at=at + timedelta(days=3))
    post(ada.organization)

    notice_ends(at)
    letters = {parseaddr(mail.to[0])[1]: mail.subject for mail in post(ada.organization)}

    assert letters == {
        mia.email: "Your access to Acme Health ends soon",
        ada.email: "The access of Mia Castellan ends soon",
        max_.email: "The access of Mia Castellan ends soon",
    }
    notice_ends(at)
    assert post(ada.organization) == []


def test_an_end_that_was_lifted_since_is_not_announced(
    ada: Membership,
    mia: Membership,
    actor_of: Callable[..., Actor],
    post: Callable[..., list],
    at: datetime,
) -> None:
    set_access_end(mia, actor=actor_of(ada), at=at, ends_at=at + timedelta(days=3))
    notice_ends(at)
    set_access_end(mia, actor=actor_of(ada), at=at, ends_at=None)

    assert [mail for mail in post(ada.organization) if "ends soon" in mail.subject] == []
