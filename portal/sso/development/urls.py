"""Where the development identity provider answers; mounted in the demo only."""

from django.urls import URLPattern, path

from portal.sso.development.views import sign_in_at_idp

development_urls: list[URLPattern] = [
    path("dev/idp/<uuid:connection_id>/", sign_in_at_idp, name="development-idp"),
]
