"""The strict look at a SAML response before any library judges it: one assertion, plainly built.

What passes is signed in the one permitted way, so that nothing a stranger can send makes the
signature library transform, fetch or count. An encrypted assertion is opened by us, and what was
inside is looked at exactly as if it had come in the clear.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.encryption_shape import read_encrypted
from portal.sso.saml.markup import decoded, parsed
from portal.sso.saml.names import DS, SAML, SAMLP
from portal.sso.saml.opening import Opened, OwnKey, open_assertion
from portal.sso.saml.signature_shape import check_signature

_RESPONSE = ("Issuer", "Signature?", "Status", "Assertion")
_SEALED = ("Issuer", "Signature?", "Status", "EncryptedAssertion")
_ASSERTION = (
    "Issuer",
    "Signature?",
    "Subject",
    "Conditions",
    "AuthnStatement",
    "AttributeStatement?",
)
_NAMESPACE_OF = {"Signature": DS}

Keys = Callable[[], tuple[OwnKey, ...]]


def no_keys() -> tuple[OwnKey, ...]:
    """Of a connection that has none: what is encrypted stays closed."""
    return ()


@dataclass(frozen=True)
class GuardedResponse:
    """A response of permitted structure; nothing in it is proven yet."""

    # As it came: a signature of the whole response covers this.
    sent: etree._Element
    # With its assertion in the clear; the same as `sent` when nothing was encrypted.
    response: etree._Element
    assertion: etree._Element
    opened: Opened | None = None

    @property
    def signs_assertion(self) -> bool:
        return self.assertion.find(f"{{{DS}}}Signature") is not None


def guard(encoded: str, keys: Keys = no_keys) -> GuardedResponse:
    """Refuse anything but one plainly built response. Raises SignInRefused.

    `keys` is asked for our own keys only when the assertion is encrypted.
    """
    root = parsed(decoded(encoded))
    if root.tag != f"{{{SAMLP}}}Response":
        raise SignInRefused(Reason.WRONG_STRUCTURE, expected="Response", received=_local(root))
    if root.find(f"{{{SAML}}}EncryptedAssertion") is not None:
        return _guard_encrypted(root, keys)
    return GuardedResponse(root, root, _check_plain(root, is_covered=False))


def _check_plain(root: etree._Element, *, is_covered: bool) -> etree._Element:
    """The assertion, which is signed itself unless a signature of the whole covers it."""
    assertion = _only_assertion(root)
    _check_children(root, _RESPONSE)
    _check_children(assertion, _ASSERTION)
    if assertion.find(f"{{{DS}}}Signature") is None and not is_covered:
        raise SignInRefused(Reason.UNSIGNED)
    for signature in root.iter("{*}Signature"):
        check_signature(signature, allowed_parents=(root, assertion))
    return assertion


def _only_assertion(root: etree._Element) -> etree._Element:
    _refuse_encrypted_parts(root)
    found = list(root.iter("{*}Assertion"))
    if len(found) != 1 or found[0].getparent() is not root:
        status = root.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode")
        if not found and status is not None:
            raise SignInRefused(Reason.NOT_SUCCESS, received=str(status.get("Value", "")))
        raise SignInRefused(
            Reason.WRONG_STRUCTURE, expected="one assertion", received=str(len(found))
        )
    return found[0]


def _refuse_encrypted_parts(root: etree._Element) -> None:
    part = next(root.iter("{*}EncryptedAssertion", "{*}EncryptedID", "{*}EncryptedAttribute"), None)
    if part is not None:
        raise SignInRefused(
            Reason.ENCRYPTED, expected="the whole assertion encrypted", received=_local(part)
        )


def _guard_encrypted(root: etree._Element, keys: Keys) -> GuardedResponse:
    """Shape first, then our key, then the same look at what was inside."""
    _check_children(root, _SEALED)
    for signature in root.iter("{*}Signature"):
        check_signature(signature, allowed_parents=(root,))
    sealed = root[-1]
    opened = open_assertion(read_encrypted(sealed), keys())
    try:
        return _guard_opened(root, opened)
    except SignInRefused as refusal:
        raise opened.as_far_as_told(refusal) from refusal


def _guard_opened(root: etree._Element, opened: Opened) -> GuardedResponse:
    whole = copy.deepcopy(root)
    whole.replace(whole[-1], _element_in(opened.plain, whole[-1]))
    # Written and read anew: the parser that every later step relies on sees one document.
    whole = parsed(etree.tostring(whole, encoding="UTF-8", xml_declaration=False))
    # Anybody can encrypt for us, our certificate is public: it is the signature that counts, on
    # the assertion inside or on the response around the ciphertext.
    is_covered = whole.find(f"{{{DS}}}Signature") is not None
    assertion = _check_plain(whole, is_covered=is_covered)
    return GuardedResponse(root, whole, assertion, opened)


def _element_in(plain: bytes, place: etree._Element) -> etree._Element:
    """The one element in `plain`, with the prefixes that are known at its place."""
    prefixes = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{_quoted(uri)}"'
        for prefix, uri in place.nsmap.items()
    )
    holder = parsed(b"<holder%s>%s</holder>" % (prefixes.encode(), plain))
    texts = (holder.text, *(child.tail for child in holder))
    if len(holder) != 1 or any(text and text.strip() for text in texts):
        raise SignInRefused(
            Reason.WRONG_STRUCTURE, expected="one encrypted assertion", received=str(len(holder))
        )
    element = holder[0]
    element.tail = None
    return element


def _quoted(uri: str) -> str:
    return uri.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _check_children(parent: etree._Element, order: tuple[str, ...]) -> None:
    """Exactly these children, in this order; a question mark makes one optional."""
    names = [_local(child) for child in parent]
    required = [name for name in order if not name.endswith("?")]
    present = [name.rstrip("?") for name in order if name.rstrip("?") in names]
    if names != present or any(name not in names for name in required):
        raise SignInRefused(
            Reason.WRONG_STRUCTURE,
            expected=f"{_local(parent)}: {' '.join(order)}",
            received=" ".join(names[:12]),
        )
    _check_namespaces(parent)


def _check_namespaces(parent: etree._Element) -> None:
    for child in parent:
        if etree.QName(child).namespace not in (SAML, SAMLP, _NAMESPACE_OF.get(_local(child))):
            raise SignInRefused(Reason.WRONG_STRUCTURE, received=str(child.tag))


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
