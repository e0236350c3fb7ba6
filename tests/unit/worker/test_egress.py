"""Which addresses are public, and how a policy is written."""

from __future__ import annotations

import ipaddress

import pytest

from attune_common.hosting.outgoing.client import redirected
from attune_common.hosting.outgoing.egress import Egress, EgressDenied, is_public
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "168.63.129.16", "169.254.169.254", "172.16.0.1",
        "192.0.0.8", "192.168.0.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::a00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:a00:1::", "2001::1", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_a_policy_is_written_with_its_pairs() -> None:
    egress = Egress.parse("public:10.0.0.5:8080, DB.local ,*.intern")
    assert egress.policy == "public"
    assert egress.lists("10.0.0.5", 8080)
    assert not egress.lists("10.0.0.5", 80)
    assert egress.lists("db.LOCAL.", 5432)
    assert egress.lists("a.b.intern", 1)
    assert not egress.lists("intern", 1)
    assert Egress.parse("").policy == "public"
    with pytest.raises(ValueError, match="none of"):
        Egress.parse("everything")


async def test_an_allowlist_allows_nothing_else() -> None:
    with pytest.raises(EgressDenied, match="not on the list"):
        await Egress.parse("allowlist:a.example").addresses("b.example", 443)


def test_https_does_not_lead_to_http() -> None:
    with pytest.raises(RequestFailed, match="https to http"):
        redirected(HttpRequest("GET", "https://a.example/"), 302, "http://a.example/")


def test_a_307_keeps_method_and_body() -> None:
    moved = redirected(HttpRequest("POST", "https://a.example/x", body=b"b"), 307, "/y")
    assert (moved.method, moved.body, moved.url) == ("POST", b"b", "https://a.example/y")
