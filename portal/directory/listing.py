"""One page of users or groups: filtered, counted, and with what hangs on each in one query."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from portal.directory.models import DirectoryGroup, DirectoryPlace, DirectoryUser
from portal.directory.scim.documents import LARGEST_PAGE, list_of
from portal.directory.scim.errors import bad_value
from portal.directory.scim.filtering import GROUPS, USERS, condition_of
from portal.directory.scim.shaping import Projection, group_resource, user_resource

USUAL_PAGE = 100
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Query:
    """What a list is asked for."""

    filter: str
    start: int
    count: int
    projection: Projection


def query_of(asked: Mapping[str, Any]) -> Query:
    """From parameters of the address, or from the body of a search. Raises ScimError."""
    return Query(
        filter=str(asked.get("filter") or ""),
        start=max(_number(asked, "startIndex", 1), 1),
        count=min(max(_number(asked, "count", USUAL_PAGE), 0), LARGEST_PAGE),
        projection=projection_of(asked),
    )


def projection_of(asked: Mapping[str, Any]) -> Projection:
    return Projection(_joined(asked.get("attributes")), _joined(asked.get("excludedAttributes")))


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _number(asked: Mapping[str, Any], name: str, default: int) -> int:
    text = str(asked.get(name, default)).strip()
    if not text.lstrip("-").isdecimal() or len(text) > LONGEST_NUMBER:
        raise bad_value(f"“{name}” must be a whole number.")
    return int(text)


def page_of_users(query: Query) -> dict[str, Any]:
    rows = DirectoryUser.objects.all()
    if query.filter:
        rows = rows.filter(condition_of(query.filter, USERS))
    shown = _sliced(rows, query)
    groups = groups_of([user.pk for user in shown]) if query.projection.wants("groups") else {}
    resources = [
        query.projection.of(user_resource(user, groups.get(user.pk, []))) for user in shown
    ]
    return list_of(resources, total=rows.count(), start=query.start)


def page_of_groups(query: Query) -> dict[str, Any]:
    rows = DirectoryGroup.objects.all()
    if query.filter:
        rows = rows.filter(condition_of(query.filter, GROUPS))
    shown = _sliced(rows, query)
    wants = query.projection.wants("members")
    members = members_of([group.pk for group in shown]) if wants else {}
    resources = [
        query.projection.of(group_resource(group, members.get(group.pk, []))) for group in shown
    ]
    return list_of(resources, total=rows.count(), start=query.start)


def _sliced(rows: "QuerySet[Any]", query: Query) -> list[Any]:
    if query.count == 0:
        return []
    first = query.start - 1
    return list(rows.order_by("id")[first : first + query.count])


def groups_of(users: Collection[UUID]) -> Mapping[UUID, list[tuple[UUID, str]]]:
    """The groups of each user, by name."""
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    rows = DirectoryPlace.objects.filter(user__in=users).order_by("group__display_name")
    for user, group, name in rows.values_list("user", "group", "group__display_name"):
        found[user].append((group, name))
    return found


def members_of(groups: Collection[UUID]) -> Mapping[UUID, list[UUID]]:
    """The members of each group, in the order they came."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = DirectoryPlace.objects.filter(group__in=groups).order_by("id")
    for group, user in rows.values_list("group", "user"):
        found[group].append(user)
    return found
