"""The moves of the engine: claim a step, go on with it, finish, fail, repair."""

from portal.fulfilment.actions.claiming import claim_step
from portal.fulfilment.actions.settling import LeaseLost, fail_step, release_step, settle_step

__all__ = ["LeaseLost", "claim_step", "fail_step", "release_step", "settle_step"]
