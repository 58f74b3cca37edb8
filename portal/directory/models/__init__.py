"""What an identity provider pushed, how it may, and what was kept back."""

from portal.directory.models.calls import DirectoryCall
from portal.directory.models.holds import DirectoryHold, HeldChange
from portal.directory.models.people import (
    DirectoryAddress,
    DirectoryGroup,
    DirectoryPlace,
    DirectoryUser,
)
from portal.directory.models.settings import DirectorySettings
from portal.directory.models.tokens import DirectoryToken

__all__ = [
    "DirectoryAddress",
    "DirectoryCall",
    "DirectoryGroup",
    "DirectoryHold",
    "DirectoryPlace",
    "DirectorySettings",
    "DirectoryToken",
    "DirectoryUser",
    "HeldChange",
]
