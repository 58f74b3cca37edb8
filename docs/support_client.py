"""An example client of the support API, in one file and with the standard library alone.

    export GATEHOUSE_URL=https://portal.example.com GATEHOUSE_TOKEN=...
    python support_client.py cases
    python support_client.py open-case acme "Imports fail"
    python support_client.py request acme CASE-101 INTEGRATION-ID --why "..." --days 7
    python support_client.py poll GRANT-ID --until active
    python support_client.py read GRANT-ID
    python support_client.py withdraw GRANT-ID

The token is one's own: customer data is read as a person, never as a service. Everything that
`read` prints is shown to the customer at once. There is nothing to subscribe to: state is polled.
"""

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

SECONDS = 30
DECIDED = {"active", "denied", "lapsed", "revoked", "ended", "withdrawn", "vendor_rejected"}


class Refused(Exception):
    """The API said no; the text is its own, for people (RFC 9457)."""


class Support:
    """The calls of support tooling, each answered with parsed JSON."""

    def __init__(self, base: str, token: str) -> None:
        if urlsplit(base).scheme not in {"http", "https"}:
            raise ValueError("GATEHOUSE_URL has to begin with https://")
        self.base, self.token = base.rstrip("/"), token

    def cases(self) -> Iterator[dict[str, Any]]:
        """Open cases of all customers, with the integrations that each has attached."""
        return self.pages("/api/v1/support/cases?status=open")

    def open_case(self, organization: str, title: str) -> dict[str, Any]:
        """What it is about is attached by the customer alone."""
        return self.call("POST", "cases", body={"organization": organization, "title": title})

    def request(self, **facts: Any) -> dict[str, Any]:
        """Ask for access. A lead of yours decides first, then the customer."""
        return self.call("POST", "grants", body=facts)

    def grant(self, grant_id: str) -> dict[str, Any]:
        return self.call("GET", f"grants/{grant_id}")

    def wait(self, grant_id: str, *, until: str, every: float, timeout: float) -> dict[str, Any]:
        """Poll until the request has this state, or one that no answer follows."""
        deadline = time.monotonic() + timeout
        while True:
            grant = self.grant(grant_id)
            if grant["status"] == until or grant["status"] in DECIDED:
                return grant
            if time.monotonic() >= deadline:
                raise Refused(f"Still {grant['status']} after {timeout:g} seconds.")
            time.sleep(every)

    def read(self, grant_id: str) -> Iterator[dict[str, Any]]:
        """Every resource in scope, page by page; each one is shown to the customer."""
        return self.pages(f"/api/v1/support/grants/{grant_id}/resources")

    def withdraw(self, grant_id: str) -> dict[str, Any]:
        """Take one's own request back, in the version that was read last."""
        version = self.grant(grant_id)["version"]
        headers = {"If-Match": f'"{version}"'}
        return self.call("POST", f"grants/{grant_id}/withdraw", body={}, headers=headers)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        while path:
            page = self.send("GET", path)
            yield from page["results"]
            after = urlsplit(page["next"] or "")
            path = f"{after.path}?{after.query}" if after.path else ""

    def call(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        return self.send(method, f"/api/v1/support/{path}", body=body, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        asked = Request(  # noqa: S310 - the scheme was looked at above
            self.base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/json",
                **({} if body is None else {"Content-Type": "application/json"}),
                # Sent again after a broken connection, the call is not carried out twice.
                **({"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}),
                **(headers or {}),
            },
        )
        try:
            with urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                raise Refused(_said(error)) from error


def _said(error: HTTPError) -> str:
    try:
        problem = json.load(error)
    except ValueError:
        return f"{error.code} {error.reason}"
    fields = json.dumps(problem["errors"]) if problem.get("errors") else ""
    return f"{error.code} {problem.get('detail') or problem.get('title', '')} {fields}".strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Diagnostic access from the command line.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("cases", help="open cases of all customers")
    opening = verbs.add_parser("open-case", help="open a case at a customer")
    opening.add_argument("organization")
    opening.add_argument("title")
    asking = verbs.add_parser("request", help="ask for diagnostic access")
    asking.add_argument("organization")
    asking.add_argument("case", help="such as CASE-101")
    asking.add_argument("integration", nargs="*", help="ids of integrations of the case")
    asking.add_argument("--why", required=True, help="the customer reads it word by word")
    asking.add_argument("--reason", default="customer_support")
    asking.add_argument("--may", nargs="+", default=["status", "metadata"])
    asking.add_argument("--days", type=int, choices=(1, 7, 21), default=1)
    polling = verbs.add_parser("poll", help="wait for a state")
    polling.add_argument("grant")
    polling.add_argument("--until", default="active")
    polling.add_argument("--every", type=float, default=10)
    polling.add_argument("--timeout", type=float, default=72 * 3600)
    for verb, says in (("read", "list the resources in scope"), ("withdraw", "take it back")):
        verbs.add_parser(verb, help=says).add_argument("grant")
    return parser


def _answers(support: Support, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if given.verb == "cases":
        yield from support.cases()
    elif given.verb == "open-case":
        yield support.open_case(given.organization, given.title)
    elif given.verb == "request":
        yield support.request(
            organization=given.organization,
            case=given.case,
            reason_code=given.reason,
            justification=given.why,
            capabilities=given.may,
            integrations=given.integration,
            duration_seconds=given.days * 86400,
        )
    elif given.verb == "poll":
        yield support.wait(given.grant, until=given.until, every=given.every, timeout=given.timeout)
    elif given.verb == "read":
        yield from support.read(given.grant)
    else:
        yield support.withdraw(given.grant)


def main() -> int:
    given = _parser().parse_args()
    support = Support(os.environ["GATEHOUSE_URL"], os.environ["GATEHOUSE_TOKEN"])
    try:
        for answer in _answers(support, given):
            sys.stdout.write(json.dumps(answer) + "\n")
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
