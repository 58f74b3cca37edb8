"""The shared cache when Redis does not answer: counted in this process instead, never a failure."""

import time
from typing import Any, Final

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# As long as the broker's: a server that hangs is not waited for with every call.
REST_SECONDS: Final = 30.0
# A limit counted here is one for each process: looser than the shared one, and still a limit.
_local = LocMemCache("gatehouse-without-redis", {})


class _Breaker:
    """Shared by the threads of a process; each of them has a cache object of its own."""

    rests_until = 0.0


class SteadyRedisCache(RedisCache):
    """Everything kept here is a count or a copy: what Redis lost or did not get is made again."""

    def _either(self, name: str, *args: Any, **options: Any) -> Any:
        if time.monotonic() >= _Breaker.rests_until:
            try:
                return getattr(super(), name)(*args, **options)
            except (RedisError, OSError):
                _Breaker.rests_until = time.monotonic() + REST_SECONDS
        return getattr(_local, name)(*args, **options)

    def add(self, *args: Any, **options: Any) -> Any:
        return self._either("add", *args, **options)

    def get(self, *args: Any, **options: Any) -> Any:
        return self._either("get", *args, **options)

    def set(self, *args: Any, **options: Any) -> Any:
        return self._either("set", *args, **options)

    def touch(self, *args: Any, **options: Any) -> Any:
        return self._either("touch", *args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        return self._either("delete", *args, **options)

    def get_many(self, *args: Any, **options: Any) -> Any:
        return self._either("get_many", *args, **options)

    def set_many(self, *args: Any, **options: Any) -> Any:
        return self._either("set_many", *args, **options)

    def delete_many(self, *args: Any, **options: Any) -> Any:
        return self._either("delete_many", *args, **options)

    def has_key(self, *args: Any, **options: Any) -> Any:
        return self._either("has_key", *args, **options)

    def incr(self, *args: Any, **options: Any) -> Any:
        return self._either("incr", *args, **options)

    def clear(self) -> Any:
        return self._either("clear")


def forget() -> None:
    """As a process that has just begun."""
    _Breaker.rests_until = 0.0
    _local.clear()
