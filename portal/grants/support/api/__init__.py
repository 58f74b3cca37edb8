"""The staff's side of the API; each module registers its own addresses."""

from portal.grants.support.api import vendor
from portal.grants.support.api.grants import SupportViewSet

__all__ = ["SupportViewSet", "vendor"]
