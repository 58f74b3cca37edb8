"""No spelling of an inner address gets past the guard (security.md W1)."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from portal.outbound.addresses import Address, AddressRefused, check, is_public

PUBLIC = ip_address("93.184.216.34")


def public(_host: str, _port: int) -> Sequence[Address]:
    return [PUBLIC]


REFUSED_URLS = [
    "",
    "example.com",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://@example.com/",
    "https://example.com:80/",
    "https://example.com:8080/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com /",
    "https://example.com/\r\nHost: evil",
    "https://exa\tmple.com/",
    "https://localhost/",
    "https://localhost.:443/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.5/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://[fe80::1%25eth0]/",
    "https://①②⑦.⓪.⓪.①/",
    "https://" + "a" * 2100 + ".com/",
    "https://intranet/",
    "https://exam_ple..com/",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check(url, resolve=public)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1", "0.0.0.0"],
)
def test_one_inner_answer_among_public_ones_is_enough_to_refuse(address: str) -> None:
    with pytest.raises(AddressRefused):
        check("https://example.com/", resolve=lambda _h, _p: [PUBLIC, ip_address(address)])


def test_a_name_that_cannot_be_found_is_refused() -> None:
    def unknown(_host: str, _port: int) -> Sequence[Address]:
        raise socket.gaierror

    with pytest.raises(AddressRefused, match="cannot be found"):
        check("https://nowhere.example.com/", resolve=unknown)
    with pytest.raises(AddressRefused, match="cannot be found"):
        check("https://empty.example.com/", resolve=lambda _h, _p: [])


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "header"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://EXAMPLE.com:8443/a?b=c#d", "example.com", 8443, "/a?b=c", "example.com:8443"),
        ("https://93.184.216.34/x", "93.184.216.34", 443, "/x", "93.184.216.34"),
    ],
)
def test_a_public_address_is_kept_as_it_was_checked(
    url: str, host: str, port: int, target: str, header: str
) -> None:
    found = check(url, resolve=public)
    assert (found.host, found.port, found.target, found.host_header) == (host, port, target, header)
    assert found.addresses == (PUBLIC,)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "8.8.8.8"])
def test_public_addresses_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))
