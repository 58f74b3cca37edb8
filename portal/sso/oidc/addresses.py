"""Which addresses of an OpenID provider may be used at all."""

from urllib.parse import urlsplit

from django.conf import settings

from portal.sso.saml.idp_metadata import names_a_host

MAX_ADDRESS = 500
WELL_KNOWN = "/.well-known/openid-configuration"


def is_usable(url: str) -> bool:
    """With https and a plain host: the browser is sent there, and our pages' policy names it."""
    if len(url) > MAX_ADDRESS or not url.isascii() or not url.isprintable() or " " in url:
        return False
    return names_a_host(url) and (urlsplit(url).scheme == "https" or is_our_own(url))


def is_issuer(url: str) -> bool:
    """An issuer has no query and no fragment, as OpenID Connect Discovery says."""
    return is_usable(url) and not (set("?#") & set(url))


def is_our_own(url: str) -> bool:
    """The demo's own provider, served by this very process on this machine; nowhere else."""
    if not settings.DEMO:
        return False
    parts, base = urlsplit(url), urlsplit(settings.BASE_URL)
    return (parts.scheme, parts.netloc) == (base.scheme, base.netloc)


def discovery_url(issuer: str) -> str:
    return issuer.rstrip("/") + WELL_KNOWN
