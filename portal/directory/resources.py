"""Users and Groups: each method of each address, from what was sent to the action for it."""

from typing import Any

from audit.refusals import StaleVersion
from portal.directory.actions import (
    change_group,
    change_user,
    create_group,
    delete_group,
    delete_user,
    provision_user,
)
from portal.directory.leaving import Departure
from portal.directory.listing import (
    groups_of,
    members_of,
    page_of_groups,
    page_of_users,
    projection_of,
    query_of,
)
from portal.directory.logging import Call
from portal.directory.models import DirectoryGroup, DirectoryUser
from portal.directory.scim.members import MemberChange, ids_of, told_apart
from portal.directory.scim.patching import Operation, operations_of, patched
from portal.directory.scim.reading import WantedGroup, tidied, wanted_group, wanted_user
from portal.directory.scim.schemas import MEMBERS, group_shape, user_shape
from portal.directory.scim.shaping import etag, group_resource, user_resource
from portal.directory.serving import Answer, NotHere, allow, identifier, register

SEARCH = ".search"
TRIES = 5
BUSY = "Others are changing this at the same moment. Try again."


def users(call: Call, rest: str) -> Answer:
    if rest == SEARCH:
        allow(call, "POST")
        return Answer(body=page_of_users(query_of(_object(call.body))))
    if not rest:
        allow(call, "GET", "POST")
        return _create_user(call) if call.method == "POST" else _list_users(call)
    user = DirectoryUser.objects.select_related("membership").filter(pk=identifier(rest)).first()
    if user is None:
        raise NotHere
    call.user = user
    allow(call, *_USER_METHODS)
    return _USER_METHODS[call.method](call, user)


def _list_users(call: Call) -> Answer:
    return Answer(body=page_of_users(query_of(call.query)))


def _create_user(call: Call) -> Answer:
    wanted = wanted_user(tidied(call.body, user_shape()))
    applied = provision_user(actor=call.actor, at=call.at, wanted=wanted, call_id=call.id)
    call.user = applied.user
    _note(call, applied.departure)
    return _show_user(call, applied.user, status=201)


def _get_user(call: Call, user: DirectoryUser) -> Answer:
    if _unchanged(call, user.version):
        return Answer(304, headers={"ETag": etag(user.version)})
    return _show_user(call, user)


def _put_user(call: Call, user: DirectoryUser) -> Answer:
    return _change_user(call, user, tidied(call.body, user_shape()))


def _patch_user(call: Call, user: DirectoryUser) -> Answer:
    """The present state, patched; what a patch leaves alone is sent along unchanged."""
    operations, shape = operations_of(call.body), user_shape()
    for _try in range(TRIES):
        after = patched({**user.attributes, "active": user.is_active}, operations, shape)
        said = tidied(after, shape)
        if not _speaks_of_active(operations):
            said.pop("active", None)
        elif "active" not in said:
            # Taken away, not said to be false: access stays, and answers leave it out.
            said["active"] = None
        try:
            return _change_user(call, user, said, read=user.version)
        except StaleVersion:
            # Somebody was quicker: who named no version has the patch put on top of theirs.
            if call.match:
                raise
            user.refresh_from_db()
    raise StaleVersion(BUSY)


def _speaks_of_active(operations: list[Operation]) -> bool:
    """A patch of the name alone must not take a held removal back."""
    return any(
        operation.path.lower().endswith("active")
        or (isinstance(operation.value, dict) and "active" in map(str.lower, operation.value))
        for operation in operations
    )


def _change_user(
    call: Call, user: DirectoryUser, document: dict[str, Any], *, read: int | None = None
) -> Answer:
    """`read`: the version that the document was made from, if it was."""
    applied = change_user(
        user,
        actor=call.actor,
        at=call.at,
        wanted=wanted_user(document),
        call_id=call.id,
        version=_expected(call, user.version) or read,
    )
    call.user = applied.user
    _note(call, applied.departure)
    return _show_user(call, applied.user)


def _delete_user(call: Call, user: DirectoryUser) -> Answer:
    departure = delete_user(
        user,
        actor=call.actor,
        at=call.at,
        call_id=call.id,
        version=_expected(call, user.version),
    )
    _note(call, departure)
    return Answer(204)


def _show_user(call: Call, user: DirectoryUser, *, status: int = 200) -> Answer:
    projection = projection_of(call.query)
    groups = groups_of([user.pk]).get(user.pk, []) if projection.wants("groups") else []
    resource = user_resource(user, groups)
    headers = {"ETag": etag(user.version), "Location": resource["meta"]["location"]}
    return Answer(status, projection.of(resource), headers)


def groups(call: Call, rest: str) -> Answer:
    if rest == SEARCH:
        allow(call, "POST")
        return Answer(body=page_of_groups(query_of(_object(call.body))))
    if not rest:
        allow(call, "GET", "POST")
        return _create_group(call) if call.method == "POST" else _list_groups(call)
    group = DirectoryGroup.objects.select_related("team").filter(pk=identifier(rest)).first()
    if group is None:
        raise NotHere
    call.group = group
    allow(call, *_GROUP_METHODS)
    return _GROUP_METHODS[call.method](call, group)


def _list_groups(call: Call) -> Answer:
    return Answer(body=page_of_groups(query_of(call.query)))


def _create_group(call: Call) -> Answer:
    document = tidied(call.body, group_shape())
    members = ids_of(document.get(MEMBERS, []))
    call.group = create_group(
        actor=call.actor, at=call.at, wanted=wanted_group(document), members=members
    )
    return _show_group(call, call.group, status=201)


def _get_group(call: Call, group: DirectoryGroup) -> Answer:
    if _unchanged(call, group.version):
        return Answer(304, headers={"ETag": etag(group.version)})
    return _show_group(call, group)


def _put_group(call: Call, group: DirectoryGroup) -> Answer:
    """Who sends no members says nothing about them: nobody leaves."""
    document, change = tidied(call.body, group_shape()), MemberChange()
    if MEMBERS in document:
        change.replace(ids_of(document[MEMBERS]))
    version = _expected(call, group.version)
    changed = _change_group(call, group, change, wanted=wanted_group(document), version=version)
    return _show_group(call, changed)


def _patch_group(call: Call, group: DirectoryGroup) -> Answer:
    """No body unless one was asked for: five thousand members are not told back."""
    change, others = told_apart(operations_of(call.body))
    version, wanted = _expected(call, group.version), None
    if others:
        document = patched(group.attributes, others, group_shape())
        wanted, version = wanted_group(tidied(document, group_shape())), version or group.version
    changed = _change_group(call, group, change, wanted=wanted, version=version)
    if "attributes" in call.query or "excludedAttributes" in call.query:
        return _show_group(call, changed)
    return Answer(204, headers={"ETag": etag(changed.version)})


def _change_group(
    call: Call,
    group: DirectoryGroup,
    change: MemberChange,
    *,
    wanted: WantedGroup | None,
    version: int | None,
) -> DirectoryGroup:
    applied = change_group(
        group,
        actor=call.actor,
        at=call.at,
        call_id=call.id,
        change=change,
        wanted=wanted,
        version=version,
    )
    call.group, call.outcome = applied.group, applied.outcome
    return applied.group


def _delete_group(call: Call, group: DirectoryGroup) -> Answer:
    call.outcome = delete_group(
        group,
        actor=call.actor,
        at=call.at,
        call_id=call.id,
        version=_expected(call, group.version),
    )
    return Answer(204)


def _show_group(call: Call, group: DirectoryGroup, *, status: int = 200) -> Answer:
    projection = projection_of(call.query)
    members = members_of([group.pk]).get(group.pk, []) if projection.wants(MEMBERS) else []
    resource = group_resource(group, members)
    headers = {"ETag": etag(group.version), "Location": resource["meta"]["location"]}
    return Answer(status, projection.of(resource), headers)


def _note(call: Call, departure: Departure) -> None:
    call.outcome, call.filed = departure.outcome, departure.number


def _expected(call: Call, version: int) -> int | None:
    """The version that If-Match demands: ours when it names it, else one that never was."""
    if not call.match or call.match.strip() == "*":
        return None
    return version if _names(call.match, version) else -1


def _unchanged(call: Call, version: int) -> bool:
    return bool(call.none_match) and _names(call.none_match, version)


def _names(header: str, version: int) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return f'"{version}"' in tags


def _object(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {}


_USER_METHODS = {"GET": _get_user, "PUT": _put_user, "PATCH": _patch_user, "DELETE": _delete_user}
_GROUP_METHODS = {
    "GET": _get_group,
    "PUT": _put_group,
    "PATCH": _patch_group,
    "DELETE": _delete_group,
}
register("users", users)
register("groups", groups)
