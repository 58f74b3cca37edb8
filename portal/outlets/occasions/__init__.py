"""Which events lead to which letters, and to whom."""

from portal.outlets.occasions import (
    access,
    account,
    arriving,
    directory,
    disputes,
    emergency,
    emergency_access,
    entering,
    leaving,
    requests,
    setup,
    signing_in,
    tokens,
)
from portal.outlets.occasions.base import Occasion

OCCASIONS: tuple[Occasion, ...] = (
    *entering.OCCASIONS,
    *account.OCCASIONS,
    *arriving.OCCASIONS,
    *leaving.OCCASIONS,
    *tokens.OCCASIONS,
    *requests.OCCASIONS,
    *access.OCCASIONS,
    *disputes.OCCASIONS,
    *emergency.OCCASIONS,
    *emergency_access.OCCASIONS,
    *setup.OCCASIONS,
    *signing_in.OCCASIONS,
    *directory.OCCASIONS,
)
BY_LETTER = {occasion.letter: occasion for occasion in OCCASIONS}
NAMES = frozenset(name for occasion in OCCASIONS for name in occasion.names)
