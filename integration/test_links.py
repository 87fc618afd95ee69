"""Neighbors on a link, without an address, at FRR's `neighbor INTERFACE interface`."""

import json

import pytest

from lab.frr import Router
from lab.scenario import AT_ONCE
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS, settings
from lab.waiting import stays_true, wait_until

SERVICE = {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]}


class Rack:
    """A node between leaf switches that know it by its link alone, and herald on it."""

    def __init__(self, site, leaves=2, **neighbor):
        self.site, self.herald = site, site.herald()
        self.leaves = [site.add_leaf() for _ in range(leaves)]
        for leaf in self.leaves:
            for side, interface in ((site.node, leaf.node_interface),
                                    (leaf.namespace, leaf.interface)):
                for family in ("-4", "-6"):
                    side.run("ip", family, "address", "flush", "dev", interface, "scope", "global")
        self.neighbor = neighbor

    def start(self, **router):
        """Starts FRR on each leaf, and herald; returns when all have the prefixes."""
        for leaf in self.leaves:
            leaf.router = self.router(leaf, **router)
            leaf.router.start()
        self.configure()
        self.herald.start()
        self.wait_announced()
        return self

    def router(self, leaf, options=(), bfd=()):
        """FRR that peers over the link."""
        lines = [f"router bgp {ROUTER_AS}", f" bgp router-id {leaf.ipv4}",
                 " no bgp ebgp-requires-policy",
                 f" neighbor {leaf.interface} interface remote-as external",
                 *(f" neighbor {leaf.interface} {option}" for option in options)]
        for family in ("ipv4", "ipv6"):
            lines += [f" address-family {family} unicast",
                      f"  neighbor {leaf.interface} activate", " exit-address-family"]
        return Router(leaf.namespace, self.site.folder / leaf.name, ROUTER_AS, leaf.ipv4, [],
                      text="\n".join(lines) + "\n", bfd=bfd)

    def configure(self, **bgp):
        """A neighbor for each link."""
        self.herald.configure(settings(
            [{"interface": leaf.node_interface, "remote_as": "external", **self.neighbor}
             for leaf in self.leaves], [SERVICE], **bgp))

    def wait_announced(self, timeout=15.0):
        """Returns when every leaf has the prefixes."""
        for leaf in self.leaves:
            wait_until(f"{leaf.name} has the prefixes",
                       lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX), timeout)

    def view(self, leaf):
        """What herald says of the neighbor on this link."""
        return self.herald.get(f"/v1/neighbors/{leaf.node_interface}")


def link_local(namespace, interface):
    """The interface's link-local address."""
    return next(address for address in namespace.addresses(interface)
                if address.startswith("fe80"))


def test_prefixes_go_to_both_leaves_of_a_rack(site):
    """IPv4 and IPv6, both with the node's link-local address as the next hop (RFC 8950)."""
    rack = Rack(site).start()
    for leaf in rack.leaves:
        view = rack.view(leaf)
        there = link_local(leaf.namespace, leaf.interface)
        assert view["interface"] == leaf.node_interface
        assert view["address"] == f"{there}%{leaf.node_interface}"
        assert view["remote_as"] == ROUTER_AS
        routes = json.loads(leaf.namespace.run("ip", "-json", "route", "show",
                                               IPV4_PREFIX).stdout)
        here = link_local(site.node, leaf.node_interface)
        assert [(each["dev"], each["via"]["host"]) for each in routes] == [(leaf.interface, here)]
