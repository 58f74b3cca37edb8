"""What the service says about itself: its abilities, resource types and schemas."""

from functools import cache
from typing import Any

from scim2_models import EnterpriseUser, Group, User

from portal.directory.scim.schemas import ENTERPRISE, GROUP, USER, definition_of

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
LARGEST_PAGE = 200
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def list_of(resources: list[dict[str, Any]], *, total: int, start: int = 1) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def service_provider_config(base: str) -> dict[str, Any]:
    """Only what works is called supported."""
    return {
        "schemas": [_CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Directory token",
                "description": "A token made in Gatehouse under Single sign-on, Directory.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    user = {
        **_resource_type(base, "User", USER),
        "schemaExtensions": [{"schema": ENTERPRISE, "required": False}],
    }
    return [user, _resource_type(base, "Group", GROUP)]


def _resource_type(base: str, name: str, schema: str) -> dict[str, Any]:
    return {
        "schemas": [_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "description": f"{name} pushed by the identity provider",
        "schema": schema,
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
    }


def schemas(base: str) -> list[dict[str, Any]]:
    return [
        {
            **document,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{document['id']}"},
        }
        for document in _definitions()
    ]


@cache
def _definitions() -> tuple[dict[str, Any], ...]:
    documents = [definition_of(model) for model in (User, EnterpriseUser, Group)]
    for document in documents:
        # Passwords are never taken over: people sign in at the identity provider.
        document["attributes"] = [
            _people_only(one) for one in document["attributes"] if one["name"] != "password"
        ]
    return tuple(documents)


def _people_only(attribute: dict[str, Any]) -> dict[str, Any]:
    """Members of a group are people; groups within groups are not kept."""
    if attribute["name"] != "members":
        return attribute
    parts = []
    for part in attribute["subAttributes"]:
        only = {"$ref": {"referenceTypes": ["User"]}, "type": {"canonicalValues": ["User"]}}
        if part["name"] != "display":
            parts.append({**part, **only.get(part["name"], {})})
    return {**attribute, "subAttributes": parts}
