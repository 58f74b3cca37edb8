"""Addresses that exist in the demo only."""

from django.conf import settings
from django.urls import URLPattern, path

from portal.demo import views

root_urls: list[URLPattern] = (
    [path("dev/accounts/", views.list_accounts, name="account-list")] if settings.DEMO else []
)
