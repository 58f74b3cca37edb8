"""Files requests the way a person does: a form, posted over real HTTP, with its time taken."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from queue import Empty, Queue
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import Error, connection

from portal.demo.chaos.submitting import FIRM, owner_session
from tenants.models import Organization

PATIENCE = 30.0
CSRF = "c" * 32
AT_ONCE = 3
PATH = f"/o/{FIRM.slug}/requests/revoke/"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str = ""
    text: str = ""


@dataclass(slots=True)
class Filed:
    """What the server said, and how long it took."""

    seconds: list[float] = field(default_factory=list)
    acknowledged: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        ordered = sorted(self.seconds) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


class Filer:
    """A few people who file all of these revocations, evenly over the given time."""

    def __init__(self, port: int, organization: Organization) -> None:
        self.port, self.organization = port, organization
        self.filed = Filed()
        self._waiting: Queue[UUID] = Queue()
        self._session = owner_session(organization)
        self._renewing = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, people: list[UUID], *, over: float) -> None:
        for person in people:
            self._waiting.put(person)
        pause = over / max(len(people), 1) * AT_ONCE
        for _number in range(AT_ONCE):
            thread = threading.Thread(target=self._work, args=(pause,), daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def is_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, pause: float) -> None:
        try:
            while True:
                began = time.monotonic()
                self._file(self._waiting.get_nowait())
                time.sleep(max(0.0, pause - (time.monotonic() - began)))
        except Empty:
            return
        finally:
            connection.close()

    def _file(self, person: UUID) -> None:
        """Until it is acknowledged: a person who sees an error tries again."""
        for _attempt in range(60):
            session = self._session
            began = time.monotonic()
            answer = self._post(person, session)
            self.filed.seconds.append(time.monotonic() - began)
            if answer.status == 302 and f"/{FIRM.slug}/requests/REV-" in answer.location:
                self.filed.acknowledged += 1
                return
            if answer.status == 302:
                self._renew(session)
            else:
                self.filed.failures.append(f"{answer.status} {answer.text[:80]}")
            time.sleep(0.5)
        raise RuntimeError(f"Nobody acknowledged the request about {person}.")

    def _renew(self, old: str) -> None:
        """Signed out, or the step-up is over: prove oneself again."""
        with self._renewing:
            if self._session == old:
                try:
                    self._session = owner_session(self.organization)
                except Error:
                    connection.close()

    def _post(self, person: UUID, session: str) -> Answer:
        return request(
            self.port,
            f"{PATH}?{urlencode({'member': person})}",
            body=urlencode({"reason": "Rehearsal"}),
            session=session,
        )


def request(port: int, path: str, *, body: str | None = None, session: str = "") -> Answer:
    """599 where there was no answer."""
    host = f"localhost:{port}"
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: CSRF}
    headers = {
        "Host": host,
        "X-Forwarded-Proto": "https",
        "Referer": f"https://{host}{path}",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": CSRF,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        server.request("POST" if body is not None else "GET", path, body=body, headers=headers)
        answer = server.getresponse()
        text = answer.read(2000).decode(errors="replace")
        return Answer(answer.status, answer.headers.get("Location", ""), text)
    except (OSError, http.client.HTTPException) as error:
        return Answer(599, text=repr(error))
    finally:
        server.close()
