"""The system's Chromium, driven against a live server; a console error is a failure."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    sync_playwright,
)

from tenants.models import Membership
from tests.cast import open_session

# Playwright's loop runs in the test's thread; the server's queries run in another.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The OpenID provider of the tests, on this machine.
    "--host-resolver-rules=MAP op.test 127.0.0.1",
)


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), "")
    if not found and os.environ.get("CI") == "true":
        pytest.fail("The CI machine must have a Chromium: apt-get install chromium")
    if not found:
        pytest.skip("NO CHROMIUM HERE: the pages were not looked at. apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield started
        started.close()


@dataclass
class Window:
    """A browser window that remembers what its console complained about."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path, wait_until="load")
        return self.page

    def note(self, message: ConsoleMessage) -> None:
        """Only about our own pages: an identity provider's are its own business."""
        is_ours = str(message.location.get("url", "")).startswith(self.base)
        if is_ours and message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_error(self, error: Error) -> None:
        if self.page.url.startswith(self.base):
            self.complaints.append(str(error))


@pytest.fixture
def window(browser: Browser, live_server: Any) -> Iterator[Any]:
    """`window(member, theme="dark", width=390)`: a window, signed in when a member is given."""
    contexts: list[BrowserContext] = []

    def make(
        member: Membership | None = None, *, theme: str = "light", width: int = 1360
    ) -> Window:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale="en-GB",
            # An identity provider of the tests has a certificate that nobody knows.
            ignore_https_errors=True,
        )
        contexts.append(context)
        if member is not None:
            context.add_cookies([_cookie(member, live_server.url)])
        made = Window(context.new_page(), live_server.url)
        made.page.on("console", made.note)
        made.page.on("pageerror", made.note_error)
        return made

    yield make
    for context in contexts:
        context.close()


def _cookie(member: Membership, url: str) -> Any:
    client = Client()
    open_session(client, member)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}
