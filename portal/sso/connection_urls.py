"""Addresses of setting up SSO connections: in a workspace, and behind a set-up link."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from portal.sso.views import setup, setup_links
from portal.sso.views.connections import keys, listing, showing, testing, wizard

View = Callable[..., HttpResponse]

# Served in both frames.
_shared: list[tuple[str, View, str]] = [
    ("new/", wizard.connection_new, "connection-new"),
    ("<uuid:connection_id>/", showing.connection_show, "connection-show"),
    ("<uuid:connection_id>/configure/", wizard.connection_configure, "connection-configure"),
    ("<uuid:connection_id>/rename/", showing.connection_rename, "connection-rename"),
    ("<uuid:connection_id>/options/", showing.connection_options, "connection-options"),
    ("<uuid:connection_id>/activate/", showing.connection_activate, "connection-activate"),
    ("<uuid:connection_id>/disable/", showing.connection_disable, "connection-disable"),
    ("<uuid:connection_id>/delete/", showing.connection_delete, "connection-delete"),
    ("<uuid:connection_id>/test/", testing.connection_test, "connection-test"),
    ("<uuid:connection_id>/test/begin/", testing.connection_test_begin, "connection-test-begin"),
    (
        "<uuid:connection_id>/test/<slug:reference>/",
        testing.connection_result,
        "connection-result",
    ),
    ("<uuid:connection_id>/certificates/", keys.certificate_list, "certificate-list"),
    ("<uuid:connection_id>/certificates/add/", keys.certificate_add, "certificate-add"),
    ("<uuid:connection_id>/certificates/remove/", keys.certificate_remove, "certificate-remove"),
    ("<uuid:connection_id>/keys/prepare/", keys.key_prepare, "key-prepare"),
    ("<uuid:connection_id>/keys/<uuid:key_id>/promote/", keys.key_promote, "key-promote"),
    ("<uuid:connection_id>/keys/<uuid:key_id>/retire/", keys.key_retire, "key-retire"),
]
_behind_link: list[tuple[str, View, str]] = [
    ("sso/", setup.setup_home, "connection-list"),
    *((f"sso/{rest}", view, name) for rest, view, name in _shared),
    ("domains/", setup.setup_domain_claim, "domain-claim"),
    ("domains/<uuid:domain_id>/verify/", setup.setup_domain_verify, "domain-verify"),
    ("finish/", setup.setup_finish, "finish"),
]

workspace_urls: list[URLPattern] = [
    path("sso/", listing.connection_list, name="connection-list"),
    *(path(f"sso/{rest}", view, name=name) for rest, view, name in _shared),
    path("sso/links/", setup_links.setup_link_list, name="setup-link-list"),
    path(
        "sso/links/<uuid:link_id>/revoke/",
        setup_links.setup_link_revoke,
        name="setup-link-revoke",
    ),
]
setup_urls: list[URLPattern] = [
    path(
        "sso/<uuid:connection_id>/results/<slug:reference>/",
        testing.result_show,
        name="sso-result",
    ),
    path("setup/<str:signed>/", setup.setup_open, name="setup-open"),
    *(
        path(f"setup/<str:signed>/{rest}", setup.behind_link(view), name=f"setup-{name}")
        for rest, view, name in _behind_link
    ),
]
