"""Names by which others reach this computer: its network cards' private addresses, and what may be typed."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import psutil
import pytest

from gan_core.config.addresses import check_host, lan_addresses


def test_addresses_of_cards_that_are_up_and_in_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = {
        "lo": ["127.0.0.1"], "eth0": ["192.168.1.20", "169.254.3.4", "8.8.8.8"], "wlan0": ["10.0.0.5"],
        "docker0": ["172.17.0.1"], "eth1": ["192.168.7.7"],
    }  # fmt: skip
    found = {
        name: [SimpleNamespace(family=socket.AF_INET, address=one) for one in there] for name, there in cards.items()
    }
    found["eth0"].append(SimpleNamespace(family=socket.AF_INET6, address="fe80::1"))
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: SimpleNamespace(isup=name != "eth1") for name in cards})
    assert lan_addresses() == ["192.168.1.20", "10.0.0.5"]


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (" class-pc.local ", "class-pc.local"),
        ("192.168.1.20", "192.168.1.20"),
        ("::1", "[::1]"),
        ("[fd00::2]", "[fd00::2]"),
    ],
)
def test_a_name_or_an_address_is_taken(typed: str, host: str) -> None:
    assert check_host(typed) == host


@pytest.mark.parametrize("typed", ["", "a b", "pc/x", "pc:80", "a@b", "-pc", "x" * 300, "1.2.3.4?x"])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no name or address of a computer"):
        check_host(typed)
