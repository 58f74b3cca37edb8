"""The staff's side of the API; each module registers its own addresses."""

from portal.grants.support.api import vendor
from portal.grants.support.api.grants import SupportViewSet, begin_session

__all__ = ["SupportViewSet", "begin_session", "vendor"]
