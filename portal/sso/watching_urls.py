"""Addresses of what keeps watch over sign-in: attempts, domains, the health of a connection."""

from django.urls import URLPattern, path

from portal.sso.views import attempts, domains
from portal.sso.views.connections import health

workspace_urls: list[URLPattern] = [
    path("sso/attempts/", attempts.attempt_list, name="attempt-list"),
    path("sso/attempts/<slug:reference>/", attempts.attempt_show, name="attempt-show"),
    path("sso/domains/", domains.domain_list, name="domain-list"),
    path("sso/domains/claim/", domains.domain_claim, name="domain-claim"),
    path("sso/domains/<uuid:domain_id>/verify/", domains.domain_verify, name="domain-verify"),
    path("sso/domains/<uuid:domain_id>/remove/", domains.domain_remove, name="domain-remove"),
    path("sso/<uuid:connection_id>/health/", health.connection_health, name="connection-health"),
    path("sso/<uuid:connection_id>/refresh/", health.metadata_refresh, name="metadata-refresh"),
    path("sso/<uuid:connection_id>/address/", health.address_accept, name="address-accept"),
    path("sso/<uuid:connection_id>/contact/", health.contact_set, name="help-contact-set"),
]
