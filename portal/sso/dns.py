"""Looks up what a domain says about itself."""

import dns.exception
import dns.resolver

TIMEOUT_SECONDS = 4.0


def text_records(domain: str) -> list[str]:
    """The domain's TXT records; none when it has no answer in time."""
    try:
        answer = dns.resolver.resolve(domain, "TXT", lifetime=TIMEOUT_SECONDS)
    except dns.exception.DNSException:
        return []
    return [b"".join(record.strings).decode("ascii", "replace") for record in answer]
