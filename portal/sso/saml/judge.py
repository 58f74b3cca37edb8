"""python3-saml as the judge of signatures and of the standard's own rules, kept fast."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import onelogin.saml2.xml_utils
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Judged
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from portal.sso.refusals import Reason, SignInRefused

_REASONS = {
    Judged.STATUS_CODE_IS_NOT_SUCCESS: Reason.NOT_SUCCESS,
    Judged.ASSERTION_TOO_EARLY: Reason.TOO_EARLY,
    Judged.ASSERTION_EXPIRED: Reason.EXPIRED,
    Judged.SESSION_EXPIRED: Reason.EXPIRED,
    Judged.WRONG_DESTINATION: Reason.DESTINATION,
    Judged.EMPTY_DESTINATION: Reason.DESTINATION,
    Judged.WRONG_AUDIENCE: Reason.AUDIENCE,
    Judged.WRONG_ISSUER: Reason.ISSUER,
    Judged.ISSUER_NOT_FOUND_IN_ASSERTION: Reason.ISSUER,
    Judged.WRONG_SUBJECTCONFIRMATION: Reason.CONFIRMATION,
    Judged.NO_SIGNED_ASSERTION: Reason.UNSIGNED,
    Judged.NO_SIGNATURE_FOUND: Reason.UNSIGNED,
    Judged.INVALID_SIGNATURE: Reason.SIGNATURE,
    Judged.NO_NAMEID: Reason.SUBJECT,
    Judged.EMPTY_NAMEID: Reason.SUBJECT,
    Judged.SP_NAME_QUALIFIER_NAME_MISMATCH: Reason.SUBJECT,
    Judged.DUPLICATED_ATTRIBUTE_NAME_FOUND: Reason.ATTRIBUTES,
}


@dataclass(frozen=True)
class Parties:
    """Both sides of a SAML connection, as values: the key of the settings cache."""

    entity_id: str
    acs_url: str
    idp_entity_id: str
    idp_sso_url: str
    certificates: tuple[str, ...]


def judge(encoded: str, parties: Parties) -> None:
    """Verify signature, times and addresses of a guarded response. Raises SignInRefused."""
    try:
        response = OneLogin_Saml2_Response(settings_of(parties), encoded)
        response.is_valid(_request_to(parties.acs_url), raise_exceptions=True)
    except Judged as verdict:
        reason = _REASONS.get(verdict.code, Reason.WRONG_STRUCTURE)
        said = "" if reason is Reason.SIGNATURE else str(verdict)
        raise SignInRefused(reason, received=said) from verdict
    except Exception as error:
        # The library and what it stands on raise many types on a stranger's document.
        raise SignInRefused(Reason.WRONG_STRUCTURE, received=type(error).__name__) from error


@lru_cache(maxsize=512)
def settings_of(parties: Parties) -> Any:
    """python3-saml's settings, built once for a connection as it is configured now."""
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": parties.entity_id,
                "assertionConsumerService": {
                    "url": parties.acs_url,
                    "binding": OneLogin_Saml2_Constants.BINDING_HTTP_POST,
                },
                "NameIDFormat": OneLogin_Saml2_Constants.NAMEID_UNSPECIFIED,
            },
            "idp": {
                "entityId": parties.idp_entity_id,
                "singleSignOnService": {
                    "url": parties.idp_sso_url,
                    "binding": OneLogin_Saml2_Constants.BINDING_HTTP_REDIRECT,
                },
                "x509certMulti": {"signing": list(parties.certificates)},
            },
            "security": {
                "wantAssertionsSigned": True,
                "wantNameId": True,
                "wantAttributeStatement": False,
                "rejectDeprecatedAlgorithm": True,
                "allowRepeatAttributeName": False,
                "requestedAuthnContext": False,
                "signatureAlgorithm": OneLogin_Saml2_Constants.RSA_SHA256,
                "digestAlgorithm": OneLogin_Saml2_Constants.SHA256,
                # Identity providers inside a company have names such as https://login/.
                "allowSingleLabelDomains": True,
            },
        }
    )


def _request_to(url: str) -> dict[str, Any]:
    """The request as python3-saml wants it, from our own address, never from the Host header."""
    parts = urlsplit(url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }


@cache
def _schema(name: str) -> etree.XMLSchema:
    folder = Path(onelogin.saml2.xml_utils.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(folder / name))


def _validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: ARG001, FBT001, FBT002
    return xml if _schema(schema).validate(xml) else "invalid_xml"


# The library compiles the protocol schema anew for each response, half of its whole time.
OneLogin_Saml2_XML.validate_xml = staticmethod(_validate_xml)
