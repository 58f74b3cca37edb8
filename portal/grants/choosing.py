"""From what a form or a call names to the things a grant can cover."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.catalog.models import Integration, Resource
from portal.grants import rules
from portal.grants.models import Case, Grant
from portal.grants.rules import ScopeItem, ScopeKind
from tenants.access import Actor

# What a page can list; by the API any number of a workspace's resources can be named.
LISTED = 200


def attached(case: Case) -> tuple[ScopeItem, ...]:
    return tuple(row.as_scope() for row in case.integrations.order_by("label", "id"))


def widest_for(grant: Grant, actor: Actor) -> tuple[ScopeItem, ...]:
    """What the grant covers; where the choice is the customer's, the widest they can choose."""
    rows = tuple(row.as_scope() for row in grant.scope.order_by("label", "id"))
    return rows or attached(grant.case) or _everything(actor)


def chosen_integrations(case: Case, ids: Iterable[UUID]) -> tuple[ScopeItem, ...]:
    """The named integrations of a case. Raises Invalid for any other, existing or not."""
    offered = {item.object_id: item for item in attached(case)}
    return _picked(offered, list(ids))


def asked_scope(
    case: Case, *, integrations: Iterable[UUID], resources: Iterable[UUID]
) -> tuple[ScopeItem, ...]:
    """What a request names: whole integrations of the case, and single tables by their ids.

    An id that no attached integration holds is kept as it was typed, and opens nothing: support
    must not learn by asking which tables there are.
    """
    whole = chosen_integrations(case, integrations)
    wanted = list(dict.fromkeys(resources))
    if not wanted:
        return whole
    inside = [item.integration_id for item in attached(case)]
    if not inside:
        raise Invalid(
            _("The customer attached nothing: they choose when they approve."),
            errors={"resources": [_("Leave this empty.")]},
        )
    rows = Resource.objects.filter(pk__in=wanted, integration__in=inside)
    known = {row.pk: as_scope(row) for row in rows}
    return (*whole, *(known.get(pk) or rules.unknown_resource(pk) for pk in wanted))


def narrowable(grant: Grant, actor: Actor) -> QuerySet[Resource]:
    """The single resources a decision may be narrowed to."""
    widest = widest_for(grant, actor)
    whole = [i.object_id for i in widest if i.kind == ScopeKind.INTEGRATION]
    single = [i for i in widest if i.kind == ScopeKind.RESOURCE]
    # An id that was asked for, and lies in nothing of the case, is not offered.
    alone = Q(
        pk__in=[i.object_id for i in single], integration__in=[i.integration_id for i in single]
    )
    visible = Resource.objects.visible_to(actor)
    rows: QuerySet[Resource] = visible.filter(Q(integration__in=whole) | alone)
    return rows.order_by("sort_key", "id")


def narrowed_scope(
    grant: Grant, actor: Actor, *, integrations: Sequence[UUID], resources: Sequence[UUID]
) -> tuple[ScopeItem, ...]:
    """Whole integrations and single resources; of one with single ones, only those."""
    offered = {item.object_id: item for item in widest_for(grant, actor)}
    whole = _picked(offered, integrations)
    rows = {row.pk: as_scope(row) for row in narrowable(grant, actor).filter(pk__in=resources)}
    single = _picked(rows, resources)
    cut = {item.integration_id for item in single}
    return (*(item for item in whole if item.object_id not in cut), *single)


def _everything(actor: Actor) -> tuple[ScopeItem, ...]:
    """For a case without integrations the customer picks among all of the workspace's."""
    rows = Integration.objects.visible_to(actor)
    return tuple(
        ScopeItem(ScopeKind.INTEGRATION, row.pk, row.pk, row.name)
        for row in rows.order_by("name", "id")[:LISTED]
    )


def as_scope(row: Resource) -> ScopeItem:
    return ScopeItem(ScopeKind.RESOURCE, row.pk, row.integration_id, row.path)


def _picked(offered: dict[UUID, ScopeItem], ids: Sequence[UUID]) -> tuple[ScopeItem, ...]:
    if not set(ids) <= set(offered):
        raise Invalid(
            _("Something named here is not part of what was asked for."),
            errors={"scope": [_("Choose among what was asked for.")]},
        )
    return tuple(offered[each] for each in dict.fromkeys(ids))
