"""Neighbors on a link, without an address, at BIRD: it knows herald by its address, or takes
whoever dials from the link."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.processes import run
from lab.rack import Rack
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS
from lab.waiting import wait_until

BIRD_SECONDS = 15.0


@dataclass
class Bird:
    """BIRD on a leaf; `neighbor` is its words for who that is."""

    rack: Rack
    neighbor: str
    bfd: bool = False

    def start(self) -> None:
        """It advertises itself on the link, and says what it hears by `birdc`."""
        leaf = self.rack.leaf
        config = self.rack.site.folder / "bird.conf"
        config.write_text(f"""
            log stderr all;
            router id {leaf.ipv4};
            protocol device {{ scan time 1; }}
            protocol radv {{
              interface "{leaf.interface}" {{ max ra interval 4; default lifetime 0; }};
            }}
            protocol bfd {{
              interface "{leaf.interface}" {{ interval 100 ms; }};
            }}
            protocol bgp leaf {{
              local as {ROUTER_AS};
              interface "{leaf.interface}";
              direct;
              connect delay time 1; connect retry time 1; error wait time 1, 1;
              {self.neighbor};
              bfd {"on" if self.bfd else "off"};
              ipv4 {{ import all; export none; extended next hop on; }};
              ipv6 {{ import all; export none; }};
            }}
            """)
        process = leaf.namespace.start(
            ["bird", "-f", "-c", config, "-s", self.socket, "-P", config.with_suffix(".pid")],
            config.with_suffix(".log"))
        wait_until("BIRD serves", lambda: process.running and "ready" in self.ask("show", "status"))

    @property
    def socket(self) -> Path:
        """Its control socket."""
        return self.rack.site.folder / "bird.ctl"

    def ask(self, *words: str) -> str:
        """What birdc answers."""
        return run("birdc", "-s", self.socket, *words, check=False).stdout

    def next_hops(self, prefix: str) -> list:
        """Of the routes to this prefix."""
        return re.findall(r"BGP\.next_hop: (.*)", self.ask("show", "route", prefix, "all"))


# Who BIRD speaks to: whoever dials from the link, or the node by its address, whom it dials.
BIRD_NEIGHBORS = {"range": "neighbor range fe80::/10 external; dynamic name \"dyn\"",
                  "address": "neighbor {address} as {herald_as}"}


@pytest.mark.parametrize("kind", BIRD_NEIGHBORS)
def test_prefixes_arrive(site, kind):
    """BIRD is found by its advertisements, too; it has both prefixes by way of the link."""
    rack = Rack(site, passive=kind == "address")
    address = rack.node_address()
    bird = Bird(rack, BIRD_NEIGHBORS[kind].format(address=address, herald_as=HERALD_AS))
    bird.start()
    rack.configure(listen=["::"])
    rack.herald.start()
    for prefix in (IPV4_PREFIX, IPV6_PREFIX):
        hops = wait_until(f"BIRD has {prefix}", lambda: bird.next_hops(prefix), BIRD_SECONDS)
        assert [address in hop.split() for hop in hops] == [True]
    assert rack.view()["address"] == f"{rack.router_address()}%{rack.leaf.node_interface}"


@pytest.mark.parametrize("strict", [False, True], ids=["lax", "strict"])
@pytest.mark.parametrize("kind", BIRD_NEIGHBORS)
def test_bfd(site, kind, strict):
    """Up, and the session with it; strict, too: BIRD begins BFD before it."""
    rack = Rack(site, passive=kind == "address",
                bfd={"min_tx": "100ms", "min_rx": "100ms", "multiplier": 5, "strict": strict})
    bird = Bird(rack, BIRD_NEIGHBORS[kind].format(address=rack.node_address(),
                                                  herald_as=HERALD_AS), bfd=True)
    bird.start()
    rack.configure(listen=["::"])
    rack.herald.start()
    for prefix in (IPV4_PREFIX, IPV6_PREFIX):
        wait_until(f"BIRD has {prefix}", lambda: bird.next_hops(prefix), BIRD_SECONDS)
    wait_until("BFD is Up", lambda: (rack.view()["bfd"] or {}).get("state") == "Up", BIRD_SECONDS)
