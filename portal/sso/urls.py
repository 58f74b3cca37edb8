"""Addresses of signing in, of one's account's security, and of single sign-on."""

from django.conf import settings
from django.urls import URLPattern, path, re_path

from portal.sso import connection_urls, mapping_urls, passkey_urls, policy_urls, watching_urls
from portal.sso.views import account, confirming, entrance, saml, starting
from portal.sso.views.openid import callback, vendor_callback

_sign_in: list[URLPattern] = [
    path("", entrance.sign_in, name="sign-in"),
    path("sign-in/choose/", entrance.sign_in_choose, name="sign-in-choose"),
    path("sign-in/password/", account.password, name="account_login"),
    path("sign-in/code/", account.code, name="mfa_authenticate"),
    path("sign-in/closed/", account.inactive, name="account_inactive"),
    path("sign-out/", entrance.sign_out, name="sign-out"),
    path("password/forgotten/", account.reset, name="account_reset_password"),
    path("password/forgotten/sent/", account.reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        account.reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("address/sent/", account.address_sent, name="account_email_verification_sent"),
    re_path(
        r"^address/confirm/(?P<key>[-:\w]+)/$",
        account.address_confirm,
        name="account_confirm_email",
    ),
    path("workspaces/", entrance.workspace_list, name="workspace-list"),
    path("workspaces/<slug:slug>/", confirming.workspace_enter, name="workspace-enter"),
]
_account: list[URLPattern] = [
    path("account/confirm/", confirming.account_confirm, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/email/", account.address_change, name="account_email"),
    path("account/second-factor/", account.second_factor, name="mfa_index"),
    path(
        "account/second-factor/app/",
        account.second_factor_activate,
        name="mfa_activate_totp",
    ),
    path(
        "account/second-factor/app/remove/",
        account.second_factor_deactivate,
        name="mfa_deactivate_totp",
    ),
    path(
        "account/second-factor/codes/",
        account.recovery_codes_show,
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/codes/new/",
        account.recovery_codes_generate,
        name="mfa_generate_recovery_codes",
    ),
]
_single_sign_on: list[URLPattern] = [
    path("sso/<uuid:connection_id>/start/", starting.start, name="sso-start"),
    path("sso/<uuid:connection_id>/acs/", saml.acs, name="sso-acs"),
    path("sso/<uuid:connection_id>/finish/", saml.finish, name="sso-finish"),
    path("sso/callback/", vendor_callback, name="sso-vendor-callback"),
    path("sso/<uuid:connection_id>/callback/", callback, name="sso-callback"),
    path("sso/<uuid:connection_id>/metadata/", saml.metadata, name="sso-metadata"),
]

root_urls: list[URLPattern] = [
    *passkey_urls.root_urls,
    *_sign_in,
    *_account,
    *_single_sign_on,
    *connection_urls.setup_urls,
    *policy_urls.root_urls,
]
if settings.DEMO:
    from portal.sso.development.urls import development_urls

    root_urls += development_urls

workspace_urls: list[URLPattern] = [
    *mapping_urls.workspace_urls,
    *policy_urls.workspace_urls,
    *connection_urls.workspace_urls,
    *watching_urls.workspace_urls,
    path("step-up/", confirming.step_up_show, name="step-up"),
]
console_urls: list[URLPattern] = [path("step-up/", confirming.step_up_show, name="step-up")]
