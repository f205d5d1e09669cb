"""Which addresses an endpoint may live at: the public internet, or one's own network if said so.

`ipaddress.is_private` misses shared space, benchmarks, NAT64 and more, so the registries of the
IANA stand here: of IPv4 what is special is refused, of IPv6 only global unicast is let through,
and what wraps an IPv4 address (mapped, NAT64, 6to4, Teredo) is refused as a whole.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_SPECIAL_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_GLOBAL_6: Final = IPv6Network("2000::/3")
_SPECIAL_6: Final = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
# What --inside permits besides: never link-local, where clouds hand out their credentials.
_INSIDE_4: Final = tuple(
    IPv4Network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_INSIDE_6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))


def permitted(address: str, *, inside: bool) -> bool:
    """Tell whether an endpoint may be reached at this address, as the resolver wrote it."""
    try:
        read = ip_address(address)
    except ValueError:
        return False
    match read:
        case IPv4Address():
            own = inside and any(read in network for network in _INSIDE_4)
            return own or not any(read in network for network in _SPECIAL_4)
        case IPv6Address():
            own = inside and any(read in network for network in _INSIDE_6)
            return own or (read in _GLOBAL_6 and not any(read in network for network in _SPECIAL_6))
