"""Signing in by password and code, as a person does it."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from tenants.models import Membership
from tests.cast import PASSWORD

SECRET = generate_totp_secret()


def code_of(secret: str, *, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def give_second_factor(member: Membership) -> None:
    TOTP.activate(member.user, SECRET)


def sign_in(client: Client, email: str, *, password: str = PASSWORD, goal: str = "") -> Any:
    first = client.post("/", {"email": email, "next": goal})
    return client.post(first["Location"], {"login": email, "password": password, "next": goal})
