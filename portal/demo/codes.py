"""The second-factor codes of the demo's accounts, which their telephones would show."""

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from portal.demo.world import Person


def code_of(person: Person, *, ahead: int = 0) -> str:
    """The code of this half minute, or of one `ahead`. Each is accepted once."""
    counter = int(time.time()) // app_settings.TOTP_PERIOD + ahead
    return str(format_hotp_value(hotp_value(person.secret, counter)))
