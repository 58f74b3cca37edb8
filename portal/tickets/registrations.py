"""What requests add to the registries of the layers below."""

from importlib import import_module

import_module("portal.tickets.sweeps")
