"""What the catalogue adds to the registries of the layers below."""

from importlib import import_module

import_module("portal.catalog.tasks")
