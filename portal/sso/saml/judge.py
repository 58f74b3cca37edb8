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
from portal.sso.saml.guard import GuardedResponse
from portal.sso.saml.names import SAML

PROTOCOL_SCHEMA = "saml-schema-protocol-2.0.xsd"
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
    Judged.NO_SIGNED_MESSAGE: Reason.UNSIGNED,
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
    # Whether a response that answers no request of ours may sign somebody in.
    accepts_unsolicited: bool = False


class _GuardedByUs(OneLogin_Saml2_Response):  # type: ignore[misc]
    """The library's rules over the very elements that the guard has read, opened by our key.

    What is verified is then what is read: there is no second parse that could see otherwise.
    """

    def __init__(self, settings: Any, guarded: GuardedResponse) -> None:
        self._settings = settings
        self._error = None
        self.document = guarded.sent
        self.encrypted = guarded.opened is not None
        self.decrypted_document = guarded.response if self.encrypted else None
        self.valid_scd_not_on_or_after = None


def judge(guarded: GuardedResponse, parties: Parties) -> None:
    """Verify signature, times and addresses of a guarded response. Raises SignInRefused."""
    try:
        settings = settings_of(parties, signs_assertion=guarded.signs_assertion)
        response = _GuardedByUs(settings, guarded)
        response.is_valid(_request_to(parties.acs_url), raise_exceptions=True)
    except Judged as verdict:
        reason = _REASONS.get(verdict.code, Reason.WRONG_STRUCTURE)
        said = "" if reason is Reason.SIGNATURE else str(verdict)
        raise SignInRefused(reason, received=said) from verdict
    except Exception as error:
        # The library and what it stands on raise many types on a stranger's document.
        raise SignInRefused(Reason.WRONG_STRUCTURE, received=type(error).__name__) from error


@lru_cache(maxsize=512)
def settings_of(parties: Parties, *, signs_assertion: bool) -> Any:
    """python3-saml's settings, built once for a connection as it is configured now.

    The assertion must be signed; within an encrypted one, a signature over the whole will do.
    """
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
                "wantAssertionsSigned": signs_assertion,
                "wantMessagesSigned": not signs_assertion,
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


def fits_schema(document: etree._Element, schema: str = PROTOCOL_SCHEMA) -> bool:
    """Whether the standard's schema allows it."""
    # Ciphertext was held to a stricter shape by us, and the schema knows no XML Encryption 1.1;
    # the same response is looked at again with its assertion opened.
    if document.find(f"{{{SAML}}}EncryptedAssertion") is not None:
        return True
    return bool(_schema(schema).validate(document))


@cache
def _schema(name: str) -> etree.XMLSchema:
    folder = Path(onelogin.saml2.xml_utils.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(folder / name))


def _validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: ARG001, FBT001, FBT002
    return xml if fits_schema(xml, schema) else "invalid_xml"


# The library compiles the protocol schema anew for each response, half of its whole time.
OneLogin_Saml2_XML.validate_xml = staticmethod(_validate_xml)
