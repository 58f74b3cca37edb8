"""The demo's mailbox: every mail that was sent, with links that work."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from portal.outlets.folder import kept_mail, kept_mails
from portal.ui.needs import open_to_all
from portal.ui.pages import page

_REASON = "exists in the demo only, whose people and passwords are invented"


@open_to_all(reason=_REASON)
def mail_list(request: HttpRequest) -> HttpResponse:
    _refuse_outside_demo()
    text = request.GET.get("q", "")[:100]
    return page(request, "outlets/mails.html", {"mails": kept_mails(text), "text": text})


@open_to_all(reason=_REASON)
def mail_show(request: HttpRequest, token: str) -> HttpResponse:
    _refuse_outside_demo()
    mail = kept_mail(token)
    if mail is None:
        raise Http404
    return page(request, "outlets/mail.html", {"mail": mail})


def _refuse_outside_demo() -> None:
    if not settings.DEMO:
        raise Http404
