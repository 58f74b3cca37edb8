"""Addresses of cases and diagnostic access in a workspace."""

from django.urls import URLPattern, path

from portal.grants.views import bundles, cases, emergency, grants, measures, statements

workspace_urls: list[URLPattern] = [
    path("cases/", cases.case_list, name="case-list"),
    path("cases/new/", cases.case_open, name="case-open"),
    path("cases/<str:reference>/", cases.case_show, name="case-show"),
    path("cases/<str:reference>/attach/", cases.case_attach, name="case-attach"),
    path("cases/<str:reference>/bundle/", bundles.bundle_review, name="bundle-review"),
    path("cases/<str:reference>/bundle/make/", bundles.bundle_make, name="bundle-make"),
    path("cases/<str:reference>/bundle/send/", bundles.bundle_send, name="bundle-send"),
    path(
        "cases/<str:reference>/bundles/<uuid:bundle_id>/", bundles.bundle_show, name="bundle-show"
    ),
    path(
        "cases/<str:reference>/bundles/<uuid:bundle_id>.json",
        bundles.bundle_json,
        name="bundle-json",
    ),
    path("cases/<str:reference>/close/", cases.case_close, name="case-close"),
    path("access/", grants.grant_list, name="grant-list"),
    path("access/report/", measures.access_report, name="access-report"),
    path("access/report.csv", measures.access_report_csv, name="access-report-csv"),
    path("access/emergency/", emergency.emergency_show, name="emergency-show"),
    path("access/emergency/allow/", emergency.emergency_allow, name="emergency-allow"),
    path("access/emergency/withdraw/", emergency.emergency_withdraw, name="emergency-withdraw"),
    path("access/disputes/", statements.dispute_list, name="dispute-list"),
    path("access/disputes/<str:reference>/", statements.dispute_show, name="dispute-show"),
    path("access/disputes/<str:reference>/close/", statements.dispute_close, name="dispute-close"),
    path("access/<str:reference>/", grants.grant_show, name="grant-show"),
    path("access/<str:reference>/approve/", grants.grant_approve, name="grant-approve"),
    path("access/<str:reference>/deny/", grants.grant_deny, name="grant-deny"),
    path("access/<str:reference>/narrow/", grants.grant_narrow, name="grant-narrow"),
    path("access/<str:reference>/revoke/", grants.grant_revoke, name="grant-revoke"),
    path("access/<str:reference>/live/", grants.grant_live, name="grant-live"),
    path("access/<str:reference>/log/", statements.record_list, name="record-list"),
    path("access/<str:reference>/statement.csv", statements.statement_csv, name="statement-csv"),
    path("access/<str:reference>/statement.json", statements.statement_json, name="statement-json"),
    path(
        "access/<str:reference>/log/<uuid:record_id>/dispute/",
        statements.dispute_open,
        name="dispute-open",
    ),
]
