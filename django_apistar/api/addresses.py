"""Finds the network that counts as one client: an IPv4 address, or 64 bits of IPv6."""

import ipaddress
import re

# The last 32 bits are an IPv4 address: mapped (RFC 4291), translated (RFC 7915), NAT64 (RFC 6052).
_HOLD_IPV4 = tuple(
    ipaddress.IPv6Network(text) for text in ('::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96')
)
# NAT64 for local use (RFC 8215). The network chooses one of RFC 6052's five places for the IPv4
# address; with each of them an address is one IPv4 client.
_HOLD_IPV4_SOMEWHERE = ipaddress.IPv6Network('64:ff9b:1::/48')
_WITH_PORT = re.compile(r'\[([^\]]+)\](?::\d+)?|([\d.]+):\d+')


def get_network(address: str) -> str:
    """Return the network of *address*, REMOTE_ADDR, whose addresses one client can use.

    Drops the port that some proxies add. Returns what is no address unchanged.
    """
    match = _WITH_PORT.fullmatch(address)
    text = (match[1] or match[2]) if match else address
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return _get_ipv6_network(ipaddress.IPv6Address(parsed.packed))


def _get_ipv6_network(address: ipaddress.IPv6Address) -> str:
    if any(address in network for network in _HOLD_IPV4):
        return str(ipaddress.IPv4Address(address.packed[-4:]))
    if address in _HOLD_IPV4_SOMEWHERE:
        return str(address)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
