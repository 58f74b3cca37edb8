"""The embedded mode's post office: each mail is a file, shown under /dev/mail/."""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

SHOWN: Final = 200
_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


class FolderBackend(BaseEmailBackend):
    """One file for each Message-ID: a mail that is handed over twice is there once."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for mail in email_messages:
            message = mail.message()
            token = str(message["Message-ID"]).strip("<>").partition("@")[0]
            _write(token if _TOKEN.fullmatch(token) else secrets.token_hex(16), message.as_bytes())
        return len(email_messages)


@dataclass(frozen=True)
class KeptMail:
    """A mail in the folder, as the page shows it."""

    token: str
    subject: str
    to: str
    sender: str
    sent_at: datetime | None
    text: str


def kept_mails(text: str = "") -> list[KeptMail]:
    """The newest first; `text` narrows to mails that contain it."""
    paths = sorted(_folder().glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = (kept for path in paths if (kept := _read(path)) is not None)
    found = [
        mail for mail in mails if text.lower() in f"{mail.to} {mail.subject} {mail.text}".lower()
    ]
    return found[:SHOWN]


def kept_mail(token: str) -> KeptMail | None:
    return _read(_folder() / f"{token}.eml") if _TOKEN.fullmatch(token) else None


def _folder() -> Path:
    return Path(settings.MAIL_FOLDER)


def _write(token: str, content: bytes) -> None:
    """Whole or not at all: the page may be reading."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{token}.{os.getpid()}.{secrets.token_hex(4)}"
    draft.write_bytes(content)
    draft.replace(folder / f"{token}.eml")


def _read(path: Path) -> KeptMail | None:
    try:
        parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return None
    body = parsed.get_body(("plain",))
    return KeptMail(
        token=path.stem,
        subject=str(parsed["Subject"] or ""),
        to=str(parsed["To"] or ""),
        sender=str(parsed["From"] or ""),
        sent_at=_sent_at(str(parsed["Date"] or "")),
        text=str(body.get_content()) if body else "",
    )


def _sent_at(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None
