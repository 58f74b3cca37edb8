"""How often one may call: fixed windows counted in the shared cache, told in RateLimit headers."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from audit.refusals import TooMany


@dataclass(frozen=True)
class Limit:
    name: str
    setting: str
    default: int
    window: int = 60

    @property
    def quota(self) -> int:
        return int(getattr(settings, self.setting, self.default))


@dataclass(frozen=True)
class Budget:
    """What is left of a limit in the running window."""

    limit: Limit
    remaining: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        name, quota, window = self.limit.name, self.limit.quota, self.limit.window
        return {
            "RateLimit-Policy": f'"{name}";q={quota};w={window}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.resets_in}',
        }


class LimitReached(TooMany):
    def __init__(self, budget: Budget) -> None:
        super().__init__(
            _("Too many calls. Try again in %(seconds)d seconds.") % {"seconds": budget.resets_in}
        )
        self.budget = budget


CALLS = Limit("calls", "API_CALLS_PER_MINUTE", 600)
# Counted by address and for wrong tokens only: a valid token from the same address still works.
FAILURES = Limit("failed-tokens", "API_FAILURES_PER_MINUTE", 60)


def spend(limit: Limit, subject: str, *, at: datetime) -> Budget:
    """Count one call of `subject`. Raises LimitReached when the window's quota is used up."""
    slot, passed = divmod(int(at.timestamp()), limit.window)
    digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    used = _count(f"rate:{limit.name}:{digest}:{slot}", limit.window)
    budget = Budget(limit, max(limit.quota - used, 0), limit.window - passed)
    if used > limit.quota:
        raise LimitReached(budget)
    return budget


def _count(key: str, window: int) -> int:
    """One more in the window; the first one there begins it."""
    try:
        return cache.incr(key)
    except ValueError:
        cache.add(key, 0, timeout=window * 2)
    try:
        return cache.incr(key)
    except ValueError:
        # Evicted between the two calls: start the window again rather than refuse.
        cache.set(key, 1, timeout=window * 2)
        return 1
