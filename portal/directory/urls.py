"""Addresses of the SCIM endpoint and of the directory's screens."""

from django.urls import URLPattern, path

from portal.directory.views import calls, holds, overview, people, scim, tokens

root_urls: list[URLPattern] = [
    path("scim/v2", scim.scim_serve, name="scim-root"),
    path("scim/v2/", scim.scim_serve, name="scim-home"),
    path("scim/v2/<path:path>", scim.scim_serve, name="scim-serve"),
]
_people: list[URLPattern] = [
    path("directory/people/", people.directory_user_list, name="directory-user-list"),
    path("directory/groups/", people.directory_group_list, name="directory-group-list"),
    path("directory/groups/<uuid:pk>/", people.directory_group_show, name="directory-group-show"),
    path("directory/groups/<uuid:pk>/map/", people.directory_group_map, name="directory-group-map"),
]
_holds: list[URLPattern] = [
    path("directory/held/", holds.directory_hold_list, name="directory-hold-list"),
    path("directory/held/<uuid:pk>/", holds.directory_hold_show, name="directory-hold-show"),
    path(
        "directory/held/<uuid:pk>/release/",
        holds.directory_hold_release,
        name="directory-hold-release",
    ),
    path(
        "directory/held/<uuid:pk>/dismiss/",
        holds.directory_hold_dismiss,
        name="directory-hold-dismiss",
    ),
]
workspace_urls: list[URLPattern] = [
    path("directory/", overview.directory_show, name="directory-show"),
    path("directory/brake/", overview.brake_change, name="directory-brake-change"),
    path("directory/tokens/new/", tokens.directory_token_new, name="directory-token-new"),
    path(
        "directory/tokens/<uuid:pk>/revoke/",
        tokens.directory_token_revoke,
        name="directory-token-revoke",
    ),
    path("directory/calls/", calls.directory_call_list, name="directory-call-list"),
    path("directory/calls/<uuid:pk>/", calls.directory_call_show, name="directory-call-show"),
    *_people,
    *_holds,
]
