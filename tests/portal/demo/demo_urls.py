"""The addresses of a running demo."""

from django.urls import path

from portal.demo.views import list_accounts
from tests.portal.sso import demo_urls

urlpatterns = [*demo_urls.urlpatterns, path("dev/accounts/", list_accounts, name="account-list")]
