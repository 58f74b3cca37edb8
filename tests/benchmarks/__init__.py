"""Measurements to be run by hand; each prints ratios of one run, and none is an assertion in CI."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
