"""How soon a revocation holds under load, and how many requests workers carry out a second.

Run by hand where PostgreSQL's and Redis' programs are installed:
`python -m tests.chaos.speed [revocations] [calls per second] [requests]`. It starts an
installation of its own: PostgreSQL, Redis, three workers and the web server of two processes.

First: calls of the API come at a steady rate, while each second somebody is revoked by the page's
form; what counts is the time from sending the form until a call with the person's token,
sent after the answer, is refused. Then: the workers' time for filed requests against that for as
many tasks that do nothing, both waiting in the queue before the first worker starts.
"""

import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from uuid import UUID

from tests.chaos import servers
from tests.chaos.load import CALLERS, Line, loaded
from tests.chaos.stack import Stack, use_settings

REVOCATIONS, RATE, REQUESTS = 100, 200.0, 300
EVERY = 1.0
# A token may call ten times a second.
CALLS_EACH = 5.0
PERCENT_99 = 0.99
NOTHING = "celery.accumulate"  # a task of Celery's own that adds up its arguments: none
GIVEN_UP_AFTER = 300.0


def main(revocations: int, rate: float, requests: int) -> int:
    why = servers.missing()
    if why:
        print(f"This cannot run here: {why}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="gatehouse-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as somebody else
        stack = Stack(folder)
        try:
            stack.prepare()
            use_settings(stack)
            stack.start()
            stack.until_ready()
            measure_revocations(stack, revocations, rate)
            measure_throughput(stack, requests)
        finally:
            stack.end()
    return 0


def measure_revocations(stack: Stack, count: int, rate: float) -> None:
    from portal.demo.chaos import submitting  # noqa: PLC0415  (after the settings)
    from tenants.clock import now  # noqa: PLC0415

    organization = submitting.build_firm(now())
    callers = max(CALLERS, round(rate / CALLS_EACH))
    people = list(submitting.add_people(organization, callers + count))
    tokens = {person.pk: _token(person) for person in people}
    staying, leavers = people[:callers], [person.pk for person in people[callers:]]
    session = submitting.owner_session(organization)
    with loaded(stack.port, rate, [tokens[person.pk] for person in staying]) as load:
        times = []
        for pk in leavers:
            times.append(_revoked(stack.port, pk, session, tokens[pk]))
            time.sleep(max(0.0, EVERY - times[-1]))
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * PERCENT_99))]
    print(
        f"{count} revocations beside {load.rate:.0f} calls a second ({load.failures} failed,"
        f" median {load.median * 1000:.0f} ms): effective after {median(times):.3f} s"
        f" at the median, {p99:.3f} s at p99 (bar: 1 s)"
    )


def _token(person: object) -> str:
    """A token of the person's with the least right, made as the rehearsal makes its own."""
    from datetime import timedelta  # noqa: PLC0415

    from tenants.clock import now  # noqa: PLC0415
    from tenants.models import ApiToken  # noqa: PLC0415
    from tenants.permissions import Permission  # noqa: PLC0415
    from tenants.scoping import organization_scope  # noqa: PLC0415
    from tenants.tokens import make_token  # noqa: PLC0415

    made = make_token(ApiToken.Kind.PERSONAL)
    with organization_scope(person.organization_id):  # type: ignore[attr-defined]
        ApiToken.objects.create(
            kind=ApiToken.Kind.PERSONAL, name="benchmark", prefix=made.prefix, digest=made.digest,
            owner=person, scopes=[Permission.TEAM_VIEW], created_at=now(),
            expires_at=now() + timedelta(days=1),
        )  # fmt: skip
    return str(made.text)


def _revoked(port: int, person: UUID, session: str, token: str) -> float:
    """Seconds from sending the form until a call that began after the answer is refused."""
    from urllib.parse import urlencode  # noqa: PLC0415

    from tests.chaos.filing import PATH, request  # noqa: PLC0415

    with Line(port) as line:
        assert line.call(token) == 200
        begun = time.perf_counter()
        path = f"{PATH}?{urlencode({'member': person})}"
        answer = request(port, path, body=urlencode({"reason": "Benchmark"}), session=session)
        assert "/requests/REV-" in answer.location, answer
        while line.call(token) != 401:
            assert time.perf_counter() - begun < GIVEN_UP_AFTER
        return time.perf_counter() - begun


def measure_throughput(stack: Stack, count: int) -> None:
    from portal.demo.chaos import submitting  # noqa: PLC0415
    from portal.demo.chaos.judging import open_count  # noqa: PLC0415
    from portal.queue.names import Lane  # noqa: PLC0415
    from portal.queue.publishing import quick_connection  # noqa: PLC0415
    from tenants.clock import now  # noqa: PLC0415

    organization = submitting.build_firm(now())
    people = submitting.add_people(organization, count)
    with suppress(TimeoutError):
        _until(lambda: open_count(organization) == 0)
    _stop(stack)
    filed = len(list(submitting.file_for(organization, people)))
    ours = _timed(stack, lambda: open_count(organization) == 0, lambda: open_count(organization))
    _stop(stack)
    with quick_connection() as broker:
        from portal.celery import app  # noqa: PLC0415

        for _number in range(count):
            app.send_task(NOTHING, queue=str(Lane.SLA), ignore_result=True)
        client = broker.default_channel.client
        waiting = lambda: int(client.llen(str(Lane.SLA)))  # noqa: E731
        nothing = _timed(stack, lambda: waiting() == 0, waiting)
    print(
        f"{filed} revocations: {filed / ours:.0f} a second; tasks that do nothing:"
        f" {count / nothing:.0f} a second ({ours / nothing:.1f}x the time)"
    )


def _stop(stack: Stack) -> None:
    import signal  # noqa: PLC0415

    for part in stack.parts:
        if part.name != "web":
            part.signal(signal.SIGKILL)
            if part.process is not None:
                part.process.wait()
            part.process = None


def _timed(stack: Stack, is_done: object, left: object) -> float:
    """From the first that is taken to the last that is done: starting Python is not counted."""
    at_start = left()  # type: ignore[operator]
    stack.tend()
    _until(lambda: left() < at_start)  # type: ignore[operator]
    begun = time.perf_counter()
    _until(is_done)
    return time.perf_counter() - begun


def _until(condition: object) -> None:
    ends = time.monotonic() + GIVEN_UP_AFTER
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.02)


if __name__ == "__main__":
    given = [float(text) for text in sys.argv[1:4]]
    numbers = [*given, *[REVOCATIONS, RATE, REQUESTS][len(given) :]]
    sys.exit(main(int(numbers[0]), numbers[1], int(numbers[2])))
