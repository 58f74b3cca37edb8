"""Somebody at the foreign IdP without a browser: follows its redirects and fills in its forms."""

from dataclasses import dataclass
from http.cookiejar import CookieJar
from ssl import SSLContext
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

from lxml import html

from tests.foreign.identity_provider import PASSWORD


@dataclass(frozen=True)
class Form:
    """A form on a page: where it goes, and with what."""

    action: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Shown:
    """A page of the IdP as it was answered."""

    url: str
    status: int
    text: str

    def form(self, field: str) -> Form:
        """The form that has this field."""
        page = html.fromstring(self.text)
        found = [form for form in page.forms if field in form.fields]
        assert len(found) == 1, self.words()
        fields = {name: value or "" for name, value in found[0].form_values()}
        return Form(urljoin(self.url, found[0].action or ""), fields)

    def words(self) -> str:
        return " ".join(html.fromstring(self.text).text_content().split())


class PersonAtIdp:
    """Keeps the IdP's cookies, as one browser does."""

    def __init__(self, trusting: SSLContext) -> None:
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=trusting))

    def open(self, url: str, fields: dict[str, str] | None = None) -> Shown:
        data = urlencode(fields).encode() if fields is not None else None
        assert url.startswith("https://127.0.0.1:"), url
        where = Request(url, data)  # noqa: S310  (looked at above)
        try:
            with self.opener.open(where, timeout=20) as answer:
                return Shown(answer.url, answer.status, answer.read().decode())
        except HTTPError as error:
            return Shown(url, error.code, error.read().decode())

    def sign_in(self, asked: Shown, uid: str, password: str = PASSWORD) -> Shown:
        """Fill in the password form; the answer is the page that posts back to Gatehouse."""
        form = asked.form("username")
        return self.open(form.action, {**form.fields, "username": uid, "password": password})
