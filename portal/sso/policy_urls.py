"""Addresses of the sign-in policy of a workspace."""

from django.urls import URLPattern, path

from portal.sso.views import policy

workspace_urls: list[URLPattern] = [
    path("sso/policy/", policy.policy_show, name="sign-in-policy"),
    path("sso/policy/change/", policy.policy_change, name="sign-in-policy-change"),
    path("sso/policy/rehearsal/", policy.rehearsal_show, name="sign-in-rehearsal"),
    path(
        "sso/policy/rehearsal/download/",
        policy.rehearsal_download,
        name="sign-in-rehearsal-download",
    ),
]
