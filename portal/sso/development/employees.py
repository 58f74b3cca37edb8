"""Who works at the demo's organizations, as their identity providers know them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Employee:
    key: str
    name: str
    email: str
    title: str

    @property
    def subject(self) -> str:
        """The lasting name that the identity provider gives this person."""
        return f"{self.key}-{self.email.rpartition('@')[2].split('.')[0]}-0001"


EMPLOYEES: dict[str, tuple[Employee, ...]] = {
    "acme": (
        Employee("erin", "Erin Malone", "erin@acme.test", "Analytics engineer"),
        Employee("omar", "Omar Haddad", "omar@acme.test", "Data steward"),
    ),
    "globex": (Employee("gus", "Gus Brandt", "gus@globex.test", "Data analyst"),),
}


def employee(slug: str, key: str) -> Employee | None:
    return next((one for one in EMPLOYEES.get(slug, ()) if one.key == key), None)


def other_slug(slug: str) -> str:
    """The demo's other organization, whose assertion must open nothing here."""
    return next(other for other in EMPLOYEES if other != slug)
