"""For the screens: the worker of the fulfilment tests, and a caller of the API."""

from tests.portal.fulfilment.conftest import Work, integration, make_integration, work
from tests.portal.rest.conftest import caller_of, fresh_limits

__all__ = ["Work", "caller_of", "fresh_limits", "integration", "make_integration", "work"]
