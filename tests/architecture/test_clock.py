"""The time comes from one module; nothing else reads a wall clock."""

import ast

from tests.architecture.sources import modules, name_of, tree

READERS = {
    "tenants/clock.py",  # the clock itself
    "audit/identifiers.py",  # a UUIDv7 carries its instant; below the clock's layer
    "audit/sealing.py",  # when a key was destroyed; below the clock's layer
    "portal/queue/beat.py",  # Celery schedules by this machine's clock, and a jump of it is noticed
    "portal/demo/codes.py",  # codes of the demo's second factors
    "portal/sso/development/keys.py",  # the demo provider's own certificate
    "portal/sso/entering.py",  # allauth stamps its sign-in with time.time()
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("timezone", "now"), ("time", "time")}


def test_only_the_clock_reads_the_wall_clock() -> None:
    readers = set()
    for path in modules():
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr) in CLOCKS
            ):
                readers.add(name_of(path))

    assert readers <= READERS
