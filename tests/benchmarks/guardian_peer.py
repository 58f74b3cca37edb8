"""django-guardian on the benchmark's rows: groups hold a permission on each resource.

Started by `tests.benchmarks.reach`; prints one line of JSON.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import django
from django.db import connection

ROUNDS, WARM_UP = 7, 1


def build(plan: dict[str, Any]) -> dict[str, Any]:
    """Rows as guardian's own bulk calls would write them; its people by what they are in."""
    from django.contrib.auth.models import Group, Permission, User  # noqa: PLC0415
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415
    from guardian.models import GroupObjectPermission  # noqa: PLC0415

    from tests.benchmarks.peer.models import Resource  # noqa: PLC0415

    kind = ContentType.objects.get_for_model(Resource)
    permission = Permission.objects.get(content_type=kind, codename="view_resource")
    rows = [Resource(id=pk, sort_key=pk) for pk in plan["resources"]]
    Resource.objects.bulk_create(rows, batch_size=2_000)
    given = {**plan["given"], "everything": plan["resources"]}
    groups = {name: Group.objects.create(name=name) for name in given}
    held = [
        GroupObjectPermission(
            group=groups[name], permission=permission, content_type=kind, object_pk=pk
        )
        for name, its in given.items()
        for pk in its
    ]
    GroupObjectPermission.objects.bulk_create(held, batch_size=2_000)
    found = {}
    for name, teams in plan["looked"].items():
        found[name] = User.objects.create(username=name)
        found[name].groups.set(groups[team] for team in (teams or ["everything"]))
    return found


def measured(user: Any, page: int) -> dict[str, Any]:
    from guardian.shortcuts import get_objects_for_user  # noqa: PLC0415

    spent = []
    for turn in range(WARM_UP + ROUNDS):
        begun = time.perf_counter()
        rows = get_objects_for_user(user, "peer.view_resource").order_by("sort_key", "id")[:page]
        seen = len(list(rows))
        if turn >= WARM_UP:
            spent.append((time.perf_counter() - begun) * 1_000)
    return {"ms": median(spent), "rows": seen}


def main(path: str) -> None:
    django.setup()
    plan = json.loads(Path(path).read_text(encoding="utf-8"))
    name = connection.creation.create_test_db(verbosity=0)
    try:
        users = build(plan)
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze" if connection.vendor == "postgresql" else "analyze")
        told = {called: measured(user, plan["page"]) for called, user in users.items()}
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
