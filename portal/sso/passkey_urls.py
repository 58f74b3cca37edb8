"""Addresses of passkeys: signing in with one, and looking after one's own."""

from django.urls import URLPattern, path

from portal.sso.views import passkeys

root_urls: list[URLPattern] = [
    path("sign-in/passkey/", passkeys.passkey_sign_in, name="mfa_login_webauthn"),
    path("account/passkeys/", passkeys.passkey_list, name="mfa_list_webauthn"),
    path("account/passkeys/new/", passkeys.passkey_add, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/name/", passkeys.passkey_rename, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkeys.passkey_remove, name="mfa_remove_webauthn"),
]
