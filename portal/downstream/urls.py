"""Addresses of downstream systems, and of their acknowledgements."""

from django.urls import URLPattern, path

from portal.downstream.views import acknowledging, screens

workspace_urls: list[URLPattern] = [
    path("downstream-systems/", screens.connector_list, name="connector-list"),
    path("downstream-systems/new/", screens.connector_new, name="connector-new"),
    path("downstream-systems/<uuid:pk>/", screens.connector_show, name="connector-show"),
    path("downstream-systems/<uuid:pk>/change/", screens.connector_change, name="connector-change"),
    path("downstream-systems/<uuid:pk>/secret/", screens.connector_rotate, name="connector-rotate"),
    path("downstream-systems/<uuid:pk>/switch/", screens.connector_switch, name="connector-switch"),
    path("downstream-systems/<uuid:pk>/remove/", screens.connector_remove, name="connector-remove"),
]
root_urls: list[URLPattern] = [
    path(
        "acknowledge/<str:signed>/",
        acknowledging.callback_acknowledge,
        name="callback-acknowledge",
    ),
]
