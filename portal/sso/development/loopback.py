"""The one exception to the guarded client: the demo asks its own provider on this machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from portal.outbound.addresses import AddressRefused
from portal.outbound.client import Answer, FetchFailed


def fetch_own(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit_bytes: int = 1024 * 1024,
    timeout: float = 10.0,
) -> Answer:
    """One request to this very installation, in the demo. Raises AddressRefused or FetchFailed.

    The settings let the demo run on loopback only, so nothing but loopback is reached.
    """
    parts, base = urlsplit(url), urlsplit(settings.BASE_URL)
    is_own = (parts.scheme, parts.netloc) == ("http", base.netloc) and base.scheme == "http"
    if not settings.DEMO or not is_own:
        raise AddressRefused(_("Only the demo may call itself."))
    pool = HTTPConnectionPool(str(base.hostname), base.port or 80, timeout=Timeout(timeout))
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        with pool:
            answer = pool.request(
                method,
                target,
                body=body,
                headers=dict(headers or {}),
                redirect=False,
                retries=False,
                preload_content=False,
            )
            received = answer.read(limit_bytes + 1)
            answer.close()
    except (HTTPError, OSError) as error:
        raise FetchFailed(_("The demo's own identity provider did not answer.")) from error
    if len(received) > limit_bytes:
        raise FetchFailed(_("The answer is larger than %d bytes.") % limit_bytes)
    return Answer(answer.status, dict(answer.headers.items()), received)
