"""The OpenID providers of the demo: one for each organization, and stand-ins for the two giants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from django.conf import settings
from django.urls import reverse

from portal.sso.development.employees import EMPLOYEES, Employee

GOOGLE, MICROSOFT = "google", "microsoft"
CLIENT_ID, CLIENT_SECRET = "gatehouse", "development-only"


@dataclass(frozen=True)
class Realm:
    """Whom one provider knows, and in whose dialect it speaks of them."""

    path: str
    kind: str
    employees: tuple[Employee, ...]

    @property
    def issuer(self) -> str:
        return f"{settings.BASE_URL}/dev/openid/{self.path}"

    @property
    def key_name(self) -> str:
        return f"openid-{self.path.split('/')[0]}"

    def address(self, view: str) -> str:
        return settings.BASE_URL + reverse(f"development-openid-{view}", args=[self.path])

    def employee(self, key: str) -> Employee | None:
        return next((one for one in self.employees if one.key == key), None)

    def claims(self, employee: Employee) -> Mapping[str, Any]:
        domain = employee.email.rpartition("@")[2]
        if self.kind == MICROSOFT:
            return {
                "sub": f"pairwise-{employee.subject}",
                "oid": str(uuid5(NAMESPACE_DNS, employee.email)),
                "tid": tenant_id_of(domain),
                "preferred_username": employee.email,
                "name": employee.name,
            }
        about = {
            "sub": employee.subject,
            "email": employee.email,
            "email_verified": True,
            "name": employee.name,
        }
        return {**about, "hd": domain} if self.kind == GOOGLE else about


def tenant_id_of(domain: str) -> str:
    """The Microsoft tenant of a demo organization, the same on every machine."""
    return str(uuid5(NAMESPACE_DNS, domain))


def find_realm(path: str) -> Realm | None:
    if path == GOOGLE:
        return Realm(path, GOOGLE, tuple(one for some in EMPLOYEES.values() for one in some))
    for slug, employees in EMPLOYEES.items():
        if path == slug:
            return Realm(path, slug, employees)
        tenant_id = tenant_id_of(f"{slug}.test")
        if path in (f"{MICROSOFT}/{name}/v2.0" for name in (tenant_id, f"{slug}.test")):
            return Realm(f"{MICROSOFT}/{tenant_id}/v2.0", MICROSOFT, employees)
    return None
