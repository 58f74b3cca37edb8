"""The catalogue and the worker of the fulfilment tests, for the screens."""

from tests.portal.fulfilment.conftest import Work, integration, make_integration, work

__all__ = ["Work", "integration", "make_integration", "work"]
