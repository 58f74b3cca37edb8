"""Work is asked for by name; every name has somebody who does it."""

from importlib import import_module

from portal.celery import app
from portal.queue.names import JobName
from tests.architecture.sources import modules, name_of


def test_every_job_name_is_a_registered_task() -> None:
    for path in modules():
        if path.name == "tasks.py":
            import_module(name_of(path).removesuffix(".py").replace("/", "."))

    assert {job.value for job in JobName} <= set(app.tasks)
