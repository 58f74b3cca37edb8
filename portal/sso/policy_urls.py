"""Addresses of the sign-in policy of a workspace, and of the way in when it has locked all out."""

from django.urls import URLPattern, path

from portal.sso.views import break_glass, enforcement, opening, policy

workspace_urls: list[URLPattern] = [
    path("sso/policy/", policy.policy_show, name="sign-in-policy"),
    path("sso/policy/change/", policy.policy_change, name="sign-in-policy-change"),
    path("sso/policy/rehearsal/", policy.rehearsal_show, name="sign-in-rehearsal"),
    path(
        "sso/policy/rehearsal/download/",
        policy.rehearsal_download,
        name="sign-in-rehearsal-download",
    ),
    path("sso/policy/enforce/", enforcement.enforcement_start, name="enforcement-start"),
    path("sso/policy/lift/", enforcement.enforcement_lift, name="enforcement-lift"),
    path("sso/break-glass/", break_glass.break_glass_show, name="break-glass-show"),
    path("sso/break-glass/name/", break_glass.break_glass_nominate, name="break-glass-nominate"),
    path("sso/break-glass/<uuid:pk>/code/", break_glass.break_glass_make, name="break-glass-make"),
    path(
        "sso/break-glass/<uuid:pk>/withdraw/",
        break_glass.break_glass_withdraw,
        name="break-glass-withdraw",
    ),
]
root_urls: list[URLPattern] = [
    path("sign-in/break-glass/", opening.break_glass_open, name="break-glass-open"),
]
