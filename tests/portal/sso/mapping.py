"""Sign-ins that carry groups, and mappings made by the real action."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from portal.sso.actions.mapping import MappingFacts, RuleFacts, set_mapping
from portal.sso.development.responses import build_response, encode, sign_assertion
from portal.sso.models import ClaimMapping
from portal.sso.saml.names import SAML
from tenants.access import system_actor
from tenants.models import Team
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser, Idp

GROUPS = "groups"


def response_with(
    idp: Idp, request_id: str, groups: Iterable[str] | None, **changes: Any
) -> etree._Element:
    """Signed; None leaves the claim out, an empty list sends it empty."""
    built = build_response(idp.statement(request_id, **changes))
    if groups is not None:
        statement = built.find(f".//{{{SAML}}}AttributeStatement")
        assert statement is not None
        claim = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=GROUPS)
        for group in groups:
            etree.SubElement(claim, f"{{{SAML}}}AttributeValue").text = group
    sign_assertion(built, idp.key)
    return built


def arrive(browser: Browser, idp: Idp, groups: Iterable[str] | None, **changes: Any) -> Any:
    asked = browser.begin(idp)
    return browser.bring(idp, response_with(idp, asked.id, groups, **changes))


def post(browser: Browser, idp: Idp, response: etree._Element) -> Any:
    """The identity provider's own post, without the browser's next step."""
    return browser.post(
        f"/sso/{idp.connection.pk}/acs/",
        urlencode({"SAMLResponse": encode(response)}),
        content_type="application/x-www-form-urlencoded",
    )


def map_roles(idp: Idp, *, authoritative: bool = True, version: int = 0, **roles: str) -> None:
    """`map_roles(idp, Admins="admin")`."""
    rules = [RuleFacts(value, role=role) for value, role in roles.items()]
    _set(idp, "role", rules, authoritative=authoritative, version=version)


def map_teams(idp: Idp, *, authoritative: bool = True, version: int = 0, **teams: Team) -> None:
    rules = [RuleFacts(value, team_id=team.pk) for value, team in teams.items()]
    _set(idp, "teams", rules, authoritative=authoritative, version=version)


def _set(
    idp: Idp, target: str, rules: list[RuleFacts], *, authoritative: bool, version: int
) -> ClaimMapping:
    organization = idp.connection.organization
    with organization_scope(organization.pk):
        return set_mapping(
            idp.connection,
            actor=system_actor(organization),
            wanted=MappingFacts(target, "Groups", authoritative, rules),
            version=version,
        )
