"""Many at once: run the same attempt in parallel threads, each with a connection of its own."""

import threading
from collections.abc import Callable
from uuid import UUID

from django.db import connection

from audit.refusals import Refusal
from tenants.scoping import organization_scope


def race(attempts: list[Callable[[], object]], *, organization_id: UUID) -> list[object]:
    """Results in the order of the attempts; a refusal stands as its own result."""
    start = threading.Barrier(len(attempts))
    results: list[object] = [None] * len(attempts)

    def run(index: int) -> None:
        try:
            start.wait()
            with organization_scope(organization_id):
                results[index] = attempts[index]()
        except Refusal as refusal:
            results[index] = refusal
        except Exception as failure:  # noqa: BLE001  (a thread's failure must reach the test)
            results[index] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
