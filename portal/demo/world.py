"""Who and what the demo shows: its organizations, people, teams and their share of the data."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tenants.permissions import BuiltInRole as Role

PASSWORD = "correct-horse-demo"  # noqa: S105  (known to everybody: the demo alone has it)
COOLING_OFF = timedelta(seconds=20)
VENDOR = "meridian"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in with a password and a code."""

    email: str
    name: str
    role: Role
    team: str = ""

    @property
    def secret(self) -> str:
        """The second factor's secret, the same on every machine."""
        digest = hashlib.sha1(f"gatehouse demo {self.email}".encode()).digest()  # noqa: S324
        return base64.b32encode(digest).decode("ascii")


@dataclass(frozen=True, slots=True)
class Firm:
    """An organization: its people (the first of a customer is the owner), teams and tables."""

    slug: str
    name: str
    people: tuple[Person, ...]
    integration: str = ""
    teams: Mapping[str, tuple[str, ...]] = ()  # type: ignore[assignment]


MERIDIAN = Firm(
    VENDOR,
    "Meridian Data",
    (
        Person("opal@meridian.test", "Opal Reyes", Role.OPERATOR),
        Person("sam@meridian.test", "Sam Whitfield", Role.SUPPORT_ENGINEER),
        Person("lea@meridian.test", "Lea Novak", Role.SUPPORT_LEAD),
        Person("vic@meridian.test", "Vic Anders", Role.VENDOR_AUDITOR),
    ),
)
ACME = Firm(
    "acme",
    "Acme Health",
    (
        Person("ada@acme.test", "Ada Okafor", Role.OWNER),
        Person("max@acme.test", "Max Lindqvist", Role.ADMIN),
        Person("sia@acme.test", "Sia Fernandes", Role.SECURITY_OFFICER),
        Person("eda@acme.test", "Eda Yilmaz", Role.EDITOR, "Finance"),
        Person("mia@acme.test", "Mia Tanaka", Role.VIEWER, "Growth"),
        Person("aud@acme.test", "Aud Nilsen", Role.AUDITOR),
        Person("cora@consult.test", "Cora Bell", Role.VIEWER, "Growth"),
    ),
    "Olist warehouse",
    {
        "Finance": ("fct_orders", "raw_order_payments", "stg_payments__payments", "raw_orders"),
        "Growth": ("dim_customers", "raw_customers", "raw_order_reviews", "dim_sellers"),
    },
)
GLOBEX = Firm(
    "globex",
    "Globex Retail",
    (
        Person("ned@globex.test", "Ned Carver", Role.OWNER),
        Person("gia@globex.test", "Gia Rossi", Role.ADMIN),
        Person("pia@globex.test", "Pia Weber", Role.VIEWER, "Merchandising"),
        Person("cora@consult.test", "Cora Bell", Role.VIEWER, "Merchandising"),
    ),
    "Retail models",
    {"Merchandising": ("dim_sellers", "raw_products", "stg_products__products")},
)
CUSTOMERS = (ACME, GLOBEX)
FIRMS = (ACME, GLOBEX, MERIDIAN)

# Left Acme before the demo begins: the first request shows a revocation with its proof.
LEAVER = Person("leo@acme.test", "Leo Marsh", Role.EDITOR, "Finance")


def person_of(email: str) -> Person | None:
    wanted = email.strip().lower()
    return next((one for firm in FIRMS for one in firm.people if one.email == wanted), None)
