"""Looks up what a domain says about itself, with a clear line between "no" and "no answer"."""

from dataclasses import dataclass
from functools import cache

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

PATIENCE = 4.0
PORT = 53
# A record that says the right thing is among the first hundreds, or nobody could read the rest.
MAX_RECORDS = 500


@dataclass(frozen=True, slots=True)
class TextRecords:
    """The TXT records of exactly the domain that was asked for.

    With a `failure` nothing is known. An alias has no records of its own: what stands at its
    target was written by whoever owns the target.
    """

    texts: frozenset[str] = frozenset()
    failure: str = ""
    alias_of: str = ""


def text_records(domain: str) -> TextRecords:
    """Ask the resolvers of the settings. Never raises."""
    try:
        answer = _resolver(tuple(settings.DNS_RESOLVERS)).resolve(
            f"{domain}.", "TXT", lifetime=PATIENCE, search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return TextRecords()
    except dns.exception.Timeout:
        return TextRecords(failure=_("The DNS did not answer in time."))
    except dns.resolver.NoNameservers:
        return TextRecords(failure=_("The DNS servers of the domain report a failure."))
    except dns.exception.DNSException:
        return TextRecords(failure=_("The DNS gave an answer that cannot be read."))
    if answer.canonical_name != answer.qname:
        return TextRecords(alias_of=answer.canonical_name.to_text(omit_final_dot=True))
    # One record may come in several strings of 255 bytes; together they are the text.
    joined = (b"".join(record.strings) for record in list(answer)[:MAX_RECORDS])
    return TextRecords(frozenset(text.decode("ascii", "replace") for text in joined))


@cache
def _resolver(addresses: tuple[str, ...]) -> dns.resolver.Resolver:
    """The machine's own when no addresses are given."""
    if not addresses:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [_nameserver(address) for address in addresses]
    return resolver


def _nameserver(address: str) -> dns.nameserver.Nameserver:
    """`192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:5353`."""
    host, colon, port = address.rpartition(":")
    if address.startswith("[") or (colon and ":" not in host):
        return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
    return dns.nameserver.Do53Nameserver(address, PORT)
