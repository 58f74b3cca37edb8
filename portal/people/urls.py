"""Addresses of people: in a workspace, in the console, and of one's own account."""

from django.urls import URLPattern, path

from portal.people.views import (
    account,
    bulk,
    imports,
    invitations,
    invited,
    joining,
    leavers,
    members,
    ownership,
    roles,
    settings,
    standing,
    team_ending,
    team_people,
    team_rights,
    teams,
    tokens,
)
from portal.people.views import service_accounts as machines

_members: list[URLPattern] = [
    path("members/", members.member_list, name="member-list"),
    path("members/bulk/", bulk.member_bulk, name="member-bulk"),
    path("members/export/", members.member_export, name="member-export"),
    path("members/leavers/", leavers.member_leavers, name="member-leavers"),
    path("members/<uuid:pk>/", members.member_show, name="member-show"),
    path("members/<uuid:pk>/role/", members.member_role_change, name="member-role-change"),
    path("members/<uuid:pk>/hand-over/", ownership.member_hand_over, name="member-hand-over"),
    path("members/<uuid:pk>/suspend/", standing.member_suspend, name="member-suspend"),
    path("members/<uuid:pk>/reinstate/", standing.member_reinstate, name="member-reinstate"),
    path("members/<uuid:pk>/end/", standing.member_end, name="member-end"),
    path("invitations/", invitations.invitation_list, name="invitation-list"),
    path("invitations/bulk/", invited.invitation_bulk, name="invitation-bulk"),
    path("invitations/new/", invitations.invitation_new, name="invitation-new"),
    path("invitations/import/", imports.invitation_import, name="invitation-import"),
    path(
        "invitations/import/<uuid:pk>/",
        imports.invitation_import_check,
        name="invitation-import-check",
    ),
    path(
        "invitations/import/<uuid:pk>/report/",
        imports.invitation_import_report,
        name="invitation-import-report",
    ),
    path("invitations/<uuid:pk>/resend/", invitations.invitation_resend, name="invitation-resend"),
    path("invitations/<uuid:pk>/cancel/", invitations.invitation_cancel, name="invitation-cancel"),
]
_teams: list[URLPattern] = [
    path("teams/", teams.team_list, name="team-list"),
    path("teams/new/", teams.team_new, name="team-new"),
    path("teams/<uuid:pk>/", teams.team_show, name="team-show"),
    path("teams/<uuid:pk>/change/", teams.team_change, name="team-change"),
    path("teams/<uuid:pk>/delete/", teams.team_delete, name="team-delete"),
    path("teams/<uuid:pk>/join/", teams.team_join, name="team-join"),
    path("teams/<uuid:pk>/leave/", teams.team_leave, name="team-leave"),
    path("teams/<uuid:pk>/revoke/", team_ending.team_revoke, name="team-revoke"),
    path("teams/<uuid:pk>/people/", team_people.team_people, name="team-people"),
    path(
        "teams/<uuid:pk>/people/remove/", team_people.team_people_remove, name="team-people-remove"
    ),
    path(
        "teams/<uuid:pk>/permissions/", team_rights.team_permissions_change, name="team-permissions"
    ),
    path("teams/<uuid:pk>/access/", team_rights.team_access, name="team-access"),
    path(
        "teams/<uuid:pk>/members/<uuid:member>/lead/",
        teams.team_member_lead,
        name="team-member-lead",
    ),
]
_settings: list[URLPattern] = [
    path("roles/", roles.role_list, name="role-list"),
    path("roles/new/", roles.role_new, name="role-new"),
    path("roles/<uuid:pk>/", roles.role_show, name="role-show"),
    path("roles/<uuid:pk>/change/", roles.role_change, name="role-change"),
    path("roles/<uuid:pk>/delete/", roles.role_delete, name="role-delete"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/new/", tokens.token_new, name="token-new"),
    path("tokens/<uuid:pk>/rotate/", tokens.token_rotate, name="token-rotate"),
    path("tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("settings/", settings.policy_show, name="policy-show"),
    path("settings/change/", settings.policy_change, name="policy-change"),
]

_machines: list[URLPattern] = [
    path("service-accounts/", machines.service_account_list, name="service-account-list"),
    path("service-accounts/new/", machines.service_account_new, name="service-account-new"),
    path("service-accounts/<uuid:pk>/", machines.service_account_show, name="service-account-show"),
    path(
        "service-accounts/<uuid:pk>/change/",
        machines.service_account_change,
        name="service-account-change",
    ),
    path(
        "service-accounts/<uuid:pk>/suspend/",
        machines.service_account_suspend,
        name="service-account-suspend",
    ),
    path(
        "service-accounts/<uuid:pk>/reinstate/",
        machines.service_account_reinstate,
        name="service-account-reinstate",
    ),
    path(
        "service-accounts/<uuid:pk>/delete/",
        machines.service_account_delete,
        name="service-account-delete",
    ),
    path(
        "service-accounts/<uuid:pk>/tokens/new/",
        machines.service_account_token_new,
        name="service-account-token-new",
    ),
]

workspace_urls: list[URLPattern] = [*_members, *_teams, *_settings, *_machines]
console_urls: list[URLPattern] = [
    path("members/", members.console_member_list, name="console-member-list"),
    path("tokens/", tokens.console_token_list, name="console-token-list"),
]
root_urls: list[URLPattern] = [
    path("account/", account.account_show, name="account-show"),
    path("account/devices/", account.device_list, name="device-list"),
    path("account/devices/end-all/", account.device_end_all, name="device-end-all"),
    path("account/devices/end-others/", account.device_end_others, name="device-end-others"),
    path("account/devices/<uuid:pk>/end/", account.device_end, name="device-end"),
    path("invitations/<str:signed>/", joining.invitation_accept, name="invitation-accept"),
]
