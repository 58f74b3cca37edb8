"""The namespaces and identifiers of SAML 2.0 and XML signatures that Gatehouse accepts."""

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
FORMAT_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
FORMAT_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
FORMAT_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SIGNATURE_ALGORITHMS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    for name in (
        "rsa-sha256",
        "rsa-sha384",
        "rsa-sha512",
        "ecdsa-sha256",
        "ecdsa-sha384",
        "ecdsa-sha512",
    )
)
DIGEST_ALGORITHMS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)

# How an assertion may be encrypted, the best first, and the bytes of the key. CBC is not
# authenticated: what stands behind it is that the assertion inside must be signed, and that a
# refusal does not say where it failed.
DATA_ALGORITHMS = {
    f"{XENC11}aes256-gcm": 32,
    f"{XENC11}aes128-gcm": 16,
    f"{XENC11}aes192-gcm": 24,
    f"{XENC}aes256-cbc": 32,
    f"{XENC}aes128-cbc": 16,
    f"{XENC}aes192-cbc": 24,
}
KEY_ALGORITHMS = (f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep")
# SHA-1 is the standard's default here, where collisions do not matter.
OAEP_DIGESTS = (
    SHA1,
    f"{XENC}sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    f"{XENC}sha512",
)
MASKS = tuple(f"{XENC11}mgf1{name}" for name in ("sha1", "sha256", "sha384", "sha512"))
# What our metadata offers; identity providers take the first they can.
PREFERRED_ENCRYPTIONS = (
    f"{XENC11}aes256-gcm",
    f"{XENC11}aes128-gcm",
    f"{XENC}aes256-cbc",
    f"{XENC}aes128-cbc",
    f"{XENC}rsa-oaep-mgf1p",
)

# What our metadata asks for: the name we read first of each kind, and whether we need it.
REQUESTED_ATTRIBUTES = (("email", True), ("displayName", False), ("groups", False))

EMAIL_ATTRIBUTES = frozenset(
    {
        "email",
        "mail",
        "emailaddress",
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    }
)
NAME_ATTRIBUTES = (
    "displayname",
    "name",
    "cn",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
)
