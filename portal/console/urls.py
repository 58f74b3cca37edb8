"""Addresses of the vendor's console."""

from django.urls import URLPattern, path

from portal.console.views import (
    acting,
    bundles,
    cases,
    disputes,
    grants,
    measures,
    overview,
    report,
    steps,
    using,
    vendor,
)

_GRANT = "grants/<slug:slug>/<str:reference>/"
_INTEGRATION = f"{_GRANT}integrations/<uuid:integration_id>/"
_BUNDLE = "cases/<slug:slug>/<str:reference>/bundles/<uuid:bundle_id>/"
_DISPUTE = "disputes/<slug:slug>/<str:reference>/"

console_urls: list[URLPattern] = [
    path("", overview.console_home, name="console-home"),
    path("queue/", overview.envelope_list, name="envelope-list"),
    path("steps/", steps.vendor_step_list, name="vendor-step-list"),
    path("steps/<uuid:pk>/", steps.vendor_step_show, name="vendor-step-show"),
    path("steps/<uuid:pk>/take/", steps.vendor_step_take, name="vendor-step-take"),
    path("steps/<uuid:pk>/answer/", steps.vendor_step_answer, name="vendor-step-answer"),
    path("access-report/", measures.staff_access_report, name="staff-access-report"),
    path("access-report.csv", measures.staff_access_report_csv, name="staff-access-report-csv"),
    path("report/", report.envelope_report, name="envelope-report"),
    path("report.csv", report.envelope_report_csv, name="envelope-report-csv"),
    path("organizations/", overview.organization_list, name="organization-list"),
    path("organizations/new/", overview.organization_create, name="organization-create"),
    path("cases/", cases.staff_case_list, name="staff-case-list"),
    path("cases/new/", cases.staff_case_open, name="staff-case-open"),
    path("cases/<slug:slug>/<str:reference>/", cases.staff_case_show, name="staff-case-show"),
    path(
        "cases/<slug:slug>/<str:reference>/request/",
        cases.staff_grant_request,
        name="staff-grant-request",
    ),
    path(_BUNDLE, bundles.staff_bundle_show, name="staff-bundle-show"),
    path(f"{_BUNDLE}download/", bundles.staff_bundle_json, name="staff-bundle-json"),
    path("disputes/", disputes.staff_dispute_list, name="staff-dispute-list"),
    path(_DISPUTE, disputes.staff_dispute_show, name="staff-dispute-show"),
    path(f"{_DISPUTE}answer/", disputes.staff_dispute_answer, name="staff-dispute-answer"),
    path("rules/", vendor.support_rules_change, name="support-rules-change"),
    path("policy/", vendor.support_policy_show, name="support-policy-show"),
    path("grants/", grants.staff_grant_list, name="staff-grant-list"),
    path(_GRANT, grants.staff_grant_show, name="staff-grant-show"),
    path(f"{_GRANT}endorse/", grants.staff_grant_endorse, name="staff-grant-endorse"),
    path(f"{_GRANT}reject/", grants.staff_grant_reject, name="staff-grant-reject"),
    path(f"{_GRANT}withdraw/", grants.staff_grant_withdraw, name="staff-grant-withdraw"),
    path(f"{_GRANT}emergency/", grants.staff_grant_emergency, name="staff-grant-emergency"),
    path(f"{_GRANT}statement/", disputes.staff_statement, name="staff-statement"),
    path(f"{_GRANT}session/", using.session_open, name="support-session-open"),
    path(f"{_GRANT}session/close/", using.session_close, name="support-session-close"),
    path(f"{_GRANT}integrations/", using.staff_integration_list, name="staff-integration-list"),
    path(f"{_INTEGRATION}sync/", acting.staff_integration_sync, name="staff-integration-sync"),
    path(f"{_INTEGRATION}test/", acting.staff_integration_test, name="staff-integration-test"),
    path(
        f"{_INTEGRATION}settings/",
        acting.staff_integration_settings,
        name="staff-integration-settings",
    ),
    path(f"{_GRANT}resources/", using.staff_resource_list, name="staff-resource-list"),
    path(f"{_GRANT}resources.csv", using.staff_resource_export, name="staff-resource-export"),
    path(
        f"{_GRANT}resources/<uuid:resource_id>/",
        using.staff_resource_show,
        name="staff-resource-show",
    ),
]
