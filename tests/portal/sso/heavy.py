"""Documents made to cost time or memory; most are signed with the right key."""

from lxml import etree

from portal.sso.development.responses import build_response, encode, sign_assertion
from portal.sso.saml.names import DS, EXC_C14N, SAML
from tests.portal.sso import forging as f
from tests.portal.sso.conftest import Idp
from tests.portal.sso.encrypting import Recipe, encrypt, our_certificate, with_ciphertext


def heavy_documents(idp: Idp) -> dict[str, str]:
    """Name -> what is posted."""
    response = f.text(idp.response())
    return {
        "XSLT bomb": encode(f.xslt_bomb(idp, "_r")),
        "XSLT bomb, encrypted": encrypt(f.xslt_bomb(idp, "_r"), our_certificate(idp)),
        "entity bomb": f.coded(_entities() + response),
        "2,000 references": encode(_references(idp, 2_000)),
        "namespaces": encode(_namespaces(idp, 190, 1_500)),
        "inclusive prefixes": encode(_prefixes(idp, 20_000)),
        "deep": f.coded("<a>" * 30_000 + "</a>" * 30_000),
        "elements": f.coded("<a>" + "<b/>" * 60_000 + "</a>"),
        "attributes": f.coded("<a " + " ".join(f'b{n}="c"' for n in range(20_000)) + "/>"),
        "declarations": f.coded("<a " + " ".join(f'xmlns:b{n}="c:d"' for n in range(9_000)) + "/>"),
        "long value": encode(idp.response(name="n" * 240_000)),
        "address for a pattern": encode(idp.response(email="a" * 120_000 + "@" + "a." * 60_000)),
        "many values": encode(f.with_groups(idp, "_r", [f"group {n}" for n in range(1_800)])),
        "5 MB": "A" * 5_000_000,
        "5 MB of line breaks": "\r\n" * 2_500_000,
        "just under, not XML": f.coded(b"<" * 262_000),
        "a byte over": f.coded(b"<a>" + b"x" * 262_144 + b"</a>"),
        "large ciphertext": with_ciphertext(
            idp.response(), our_certificate(idp), b"<a>" + b"x" * 130_000 + b"</a>", Recipe()
        ),
        "honest": encode(idp.response()),
    }


def _entities() -> str:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE r [<!ENTITY e0 "lol">{lines}]>'


def _references(idp: Idp, number: int) -> etree._Element:
    response = f.reread(idp.response())
    info = response.find(f".//{{{DS}}}SignedInfo")
    assert info is not None
    one = etree.tostring(info[-1])
    for _ in range(number):
        info.append(etree.fromstring(one))
    return response


def _namespaces(idp: Idp, number: int, elements: int) -> etree._Element:
    """What canonicalisation must carry through every element."""
    declared = " ".join(f'xmlns:n{n}="urn:n:{n}"' for n in range(number))
    inside = "".join(f"<n{n % number}:x/>" for n in range(elements))
    built = build_response(idp.statement())
    context = built.find(f".//{{{SAML}}}AuthnContext")
    assert context is not None
    name = "s:AuthnContextDecl"
    context.append(etree.fromstring(f'<{name} xmlns:s="{SAML}" {declared}>{inside}</{name}>'))
    sign_assertion(built, idp.key)
    return built


def _prefixes(idp: Idp, number: int) -> etree._Element:
    """A list of prefixes that canonicalisation must look for in every element."""
    response = f.reread(idp.response())
    step = response.findall(f".//{{{DS}}}Transform")[-1]
    prefixes = " ".join(f"p{n}" for n in range(number))
    etree.SubElement(step, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=prefixes)
    return response
