"""What the directory adds to the registries of lower layers."""

from importlib import import_module

import_module("portal.directory.resources")
