"""By which addresses other computers of the same network reach this one."""

from __future__ import annotations

import ipaddress
import re
import socket

import psutil

_VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vbox")
_NAME = re.compile(
    r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*", re.ASCII | re.IGNORECASE
)
MAX_NAME = 253


def lan_addresses() -> list[str]:
    """This computer's private IPv4 addresses, those of its network cards that are up; not of containers' and virtual machines' bridges."""
    states = psutil.net_if_stats()
    found = [
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        if name in states and states[name].isup and not name.lower().startswith(_VIRTUAL)
        for address in addresses
        if address.family == socket.AF_INET
    ]
    return [one for one in dict.fromkeys(found) if _in_a_network(one)]


def _in_a_network(address: str) -> bool:
    there = ipaddress.IPv4Address(address)
    return there.is_private and not there.is_loopback and not there.is_link_local


def check_host(name: str) -> str:
    """A computer's name or address as it stands in an address, IPv6 in brackets.

    Raises:
        ValueError: it is neither a name nor an address.
    """
    bare = name.strip().strip("[]")
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        if len(bare) > MAX_NAME or not _NAME.fullmatch(bare):
            raise ValueError(
                f"'{name:.60}' is no name or address of a computer: give one such as 192.168.1.20 or class-pc."
            ) from None
        return bare
    return f"[{bare}]" if version == 6 else bare
