"""Where calls may go: the policy, one resolution per connection, and a check of every address it gave."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from attune_common.runtime.settings import Settings

Address = IPv4Address | IPv6Address

# What `is_global` lets through and no public service lives on.
_PRIVATE_ALL_THE_SAME = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # the host of an Azure machine
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carrier NAT, also metadata services
        "192.0.0.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # local-use NAT64
        "2001::/23",
        "fec0::/10",
        "5f00::/16",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")


class EgressDenied(Exception):
    """The policy does not let the call go there; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Egress:
    """`any`; `public`: public addresses and the pairs in `allowed`; `allowlist`: the pairs in `allowed` only.

    `allowed` holds `host:port` pairs, `host` with any port, and `*.domain` for all below a domain.
    """

    policy: str = "public"
    allowed: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Egress:
        """`any`, `public`, `allowlist`, the last two with pairs behind a colon: `public:10.0.0.5:8080,db.local`.

        An empty text is `public`. Errors: ValueError.
        """
        policy, _, rest = (text.strip() or "public").partition(":")
        if policy not in ("any", "public", "allowlist"):
            raise ValueError(f"egress {text!r} is none of any, public, allowlist")
        return cls(policy, frozenset(pair.strip().lower() for pair in rest.split(",") if pair.strip()))

    @classmethod
    def of(cls, settings: Settings) -> Egress:
        """`attune dev` may call whatever it likes, services only what is public, unless they are told otherwise."""
        return cls.parse(settings.egress or ("any" if settings.amqp_url.startswith("memory:") else "public"))

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of the host, all of them checked. Errors: EgressDenied, OSError when there are none."""
        listed = self.lists(host, port)
        if self.policy == "allowlist" and not listed:
            raise EgressDenied(f"{host}:{port} is not on the list of allowed hosts")
        found = await _resolve(host, port)
        if self.policy == "public" and not listed:
            for address in found:
                if not is_public(ipaddress.ip_address(address.split("%")[0])):
                    raise EgressDenied(f"{host} is {address}, which is no public address")
        return found

    def lists(self, host: str, port: int) -> bool:
        """Whether the pair is allowed by name."""
        name = host.lower().rstrip(".")
        domains = {"*." + name.split(".", depth)[depth] for depth in range(1, name.count(".") + 1)}
        names = {name, *domains}
        return any(entry in self.allowed or f"{entry}:{port}" in self.allowed for entry in names)


def is_public(address: Address) -> bool:
    """Whether the address is one of the open Internet, also when it hides an IPv4 address."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _PRIVATE_ALL_THE_SAME if network.version == address.version)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    if int(address) >> 32 == 0 and int(address) > 1:
        return IPv4Address(int(address))
    return None


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
