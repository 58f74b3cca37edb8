"""Where the development identity provider answers; mounted in the demo only."""

from django.urls import URLPattern, path

from portal.sso.development import openid
from portal.sso.development.views import sign_in_at_idp

development_urls: list[URLPattern] = [
    path("dev/idp/<uuid:connection_id>/", sign_in_at_idp, name="development-idp"),
    path(
        "dev/openid/<path:path>/.well-known/openid-configuration",
        openid.discovery,
        name="development-openid-discovery",
    ),
    path("dev/openid/<path:path>/keys/", openid.keys, name="development-openid-keys"),
    path(
        "dev/openid/<path:path>/authorize/",
        openid.authorize,
        name="development-openid-authorize",
    ),
    path(
        "dev/openid/microsoft/<str:tenant_id>/adminconsent",
        openid.consent,
        name="development-openid-consent",
    ),
    path("dev/openid/<path:path>/token/", openid.token, name="development-openid-token"),
]
