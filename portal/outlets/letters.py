"""A letter: its parts, and the mail that is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formataddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail says. `facts` are pairs for a small table; `link` is one thing to do."""

    subject: str
    text: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    link: str = ""
    link_label: str = ""
    closing: str = ""


@dataclass(frozen=True)
class Recipient:
    address: str
    name: str = ""
    # Whose key seals the name in the log's own record of the mail.
    person: UUID | None = None
    # Vendor staff are sent to the console, never to the workspace.
    is_staff: bool = False


def mail_of(letter: Letter, to: Recipient, *, workspace: str, token: str) -> EmailMultiAlternatives:
    """The mail, with a Message-ID made of `token`: sent twice, it is still one mail."""
    context = {"letter": letter, "to": to, "workspace": workspace}
    # Line breaks in a name must not become headers.
    subject = " ".join(letter.subject.split())
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("mail/letter.txt", context),
        to=[formataddr((" ".join(to.name.split()), to.address))],
        headers={
            "Message-ID": f"<{token}@{host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("mail/letter.html", context), "text/html")
    return mail


def host() -> str:
    return str(settings.BASE_URL).split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0]


def address_of(name: str, *args: object) -> str:
    """The absolute address of a page."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"
