"""What goes wrong, second by second. Each yields while it lasts, so that the stack is tended."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from tests.chaos import clock
from tests.chaos.stack import Stack

Trouble = Callable[[Stack, float], Iterator[None]]
# How often a worker is killed, on average.
KILL_EVERY = 2.0


def kill(stack: Stack, seconds: float) -> Iterator[None]:
    """Workers and the processes they forked are killed with SIGKILL."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield from _wait(stack.random.uniform(0.2, KILL_EVERY * 2 - 0.2))
        stack.kill_one()


def refuse(stack: Stack, seconds: float) -> Iterator[None]:
    """Nothing listens at the broker's address; its messages are gone afterwards."""
    stack.redis.end()
    yield from _wait(seconds)
    stack.redis.start()


def hang(stack: Stack, seconds: float) -> Iterator[None]:
    """The broker takes connections and never answers."""
    stack.redis.freeze()
    yield from _wait(seconds)
    stack.redis.thaw()


def restart_database(stack: Stack, seconds: float) -> Iterator[None]:
    """Three times, in the middle of everything."""
    for _time in range(3):
        yield from _wait(seconds / 4)
        stack.database.restart()
    yield from _wait(seconds / 4)


def jump(stack: Stack, seconds: float) -> Iterator[None]:
    """A day and two hours ahead, an hour back, and once more over the same hour."""
    hours = (26, 25, 26, 25)
    for shift in hours:
        yield from _wait(seconds / (len(hours) + 1))
        clock.jump(stack.shift + timedelta(hours=shift))
    stack.shift += timedelta(hours=hours[-1])
    yield from _wait(seconds / (len(hours) + 1))


def together(stack: Stack, seconds: float) -> Iterator[None]:
    """Killed workers the whole time; the broker, the database and the clock one after another."""
    killing = kill(stack, seconds)
    for trouble in (refuse, restart_database, hang, jump):
        for _moment in trouble(stack, seconds / 4):
            next(killing, None)
            yield


TROUBLES: dict[str, Trouble] = {
    "kill": kill,
    "refuse": refuse,
    "hang": hang,
    "database": restart_database,
    "clock": jump,
    "together": together,
}


def _wait(seconds: float) -> Iterator[None]:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
