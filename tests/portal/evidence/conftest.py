"""A log with a few people's doings in it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from audit.identifiers import new_id
from audit.names import EventName
from audit.recorder import Target, record
from tenants.access import Actor
from tenants.models import Membership


@pytest.fixture
def tell(actor_of: Callable[..., Actor]) -> Callable[..., UUID]:
    """Record an event as this member."""

    def one(
        member: Membership,
        name: EventName = EventName.TEAM_CREATED,
        label: str = "Finance",
        **more: Any,
    ) -> UUID:
        reference = more.pop("reference", "")
        about = more.pop("about", None)
        target = (
            Target("member", about.pk, label=str(about), reference=reference, person=about.pk)
            if about
            else Target("team", new_id(), label=label, reference=reference)
        )
        with transaction.atomic():
            return record(name, actor=actor_of(member), target=target, **more)

    return one
