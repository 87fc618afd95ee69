"""A node between leaf switches that know it by their links alone: no addresses are configured."""

import json
import re
from typing import Optional, Sequence

from lab.frr import Router
from lab.network import Link, Namespace
from lab.site import IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS, Leaf, Site, settings
from lab.waiting import wait_until

SERVICE = {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]}
NO_ROUTER = "no router has advertised itself on {}"


class Rack:
    """The node, its leaves with FRR's `neighbor INTERFACE interface`, and herald."""

    def __init__(self, site: Site, leaves: int = 1, **neighbor: object):
        self.site, self.herald, self.neighbor = site, site.herald(), neighbor
        # The kernel solicits routers for itself, else.
        site.node.run("sysctl", "-qw", "net.ipv6.conf.default.accept_ra=0")
        self.leaves = [self.add_leaf() for _ in range(leaves)]

    @property
    def leaf(self) -> Leaf:
        """The first one."""
        return self.leaves[0]

    def add_leaf(self) -> Leaf:
        """A leaf whose link has link-local addresses alone."""
        leaf = self.site.add_leaf()
        for side, interface in ((self.site.node, leaf.node_interface),
                                (leaf.namespace, leaf.interface)):
            for family in ("-4", "-6"):
                side.ip(family, "address", "flush", "dev", interface, "scope", "global")
        return leaf

    def start(self, options: Sequence[str] = (), bfd: Sequence[str] = (),
              **bgp: object) -> "Rack":
        """Starts FRR on each leaf, and herald; returns when all have the prefixes."""
        for leaf in self.leaves:
            self.start_router(leaf, options, bfd)
        self.configure(**bgp)
        self.herald.start()
        for leaf in self.leaves:
            self.wait_announced(leaf)
        return self

    def start_router(self, leaf: Leaf, options: Sequence[str] = (),
                     bfd: Sequence[str] = ()) -> None:
        """FRR that peers over the link; options are words after `neighbor INTERFACE`, and `bfd`
        lines of bfdd.conf."""
        options = ["interface remote-as external", "timers connect 1", *options]
        lines = [f"router bgp {ROUTER_AS}", f" bgp router-id {leaf.ipv4}",
                 " no bgp ebgp-requires-policy",
                 *(f" neighbor {leaf.interface} {option}" for option in options)]
        for family in ("ipv4", "ipv6"):
            lines += [f" address-family {family} unicast",
                      f"  neighbor {leaf.interface} activate", " exit-address-family"]
        leaf.router = Router(leaf.namespace, self.site.folder / leaf.name, ROUTER_AS, leaf.ipv4, [],
                             text="\n".join(lines) + "\n", bfd=bfd)
        leaf.router.start()

    def configure(self, others: Sequence[dict] = (), **bgp: object) -> None:
        """A neighbor for each link, and others."""
        self.herald.configure(settings(
            [*({"interface": leaf.node_interface, "remote_as": "external", "connect_retry": "1s",
                **self.neighbor} for leaf in self.leaves), *others], [SERVICE], **bgp))

    def wait_announced(self, leaf: Optional[Leaf] = None, timeout: float = 15.0) -> None:
        """Returns when the leaf has the prefixes."""
        of = leaf or self.leaf
        wait_until(f"{of.name} has the prefixes",
                   lambda: of.router.has(IPV4_PREFIX, IPV6_PREFIX), timeout)

    def wait_withdrawn(self, leaf: Optional[Leaf] = None, timeout: float = 5.0) -> None:
        """Returns when the leaf has neither prefix."""
        of = leaf or self.leaf
        wait_until(f"{of.name} has lost the prefixes",
                   lambda: of.router.has_none(IPV4_PREFIX, IPV6_PREFIX), timeout)

    def view(self, leaf: Optional[Leaf] = None) -> dict:
        """What herald says of the neighbor on this link."""
        return self.herald.get(f"/v1/neighbors/{(leaf or self.leaf).node_interface}")

    def wait_why_down(self, why: str, leaf: Optional[Leaf] = None) -> None:
        """Returns when that is why there is no session."""
        wait_until(why, lambda: self.view(leaf)["why_down"] == why)

    def sessions(self, leaf: Optional[Leaf] = None) -> int:
        """How often a session on this link has been Established, by herald's log."""
        name = (leaf or self.leaf).node_interface
        return len(re.findall(rf"is Established .*neighbor={name}\b",
                              self.herald.process.output()))

    def endings(self) -> list:
        """Why sessions have ended, or OPENs led to none, as herald's log has it."""
        return re.findall(r"(?:session ended|no session): (.*?) neighbor=",
                          self.herald.process.output())

    def node_address(self, leaf: Optional[Leaf] = None) -> str:
        """The node's link-local address on this link."""
        return link_local(self.site.node, (leaf or self.leaf).node_interface)

    def router_address(self, leaf: Optional[Leaf] = None) -> str:
        """The leaf's."""
        of = leaf or self.leaf
        return link_local(of.namespace, of.interface)

    def remove_link(self, leaf: Optional[Leaf] = None) -> None:
        """Takes both interfaces away."""
        of = leaf or self.leaf
        self.site.node.ip("link", "delete", of.node_interface)

    def bring_link_back(self, leaf: Optional[Leaf] = None) -> None:
        """Makes both interfaces again, with other indexes."""
        of = leaf or self.leaf
        of.link = Link(of.namespace, self.site.node)
        of.link.up()


def link_local(namespace: Namespace, interface: str) -> str:
    """The interface's first link-local address."""
    return next(address for address in namespace.addresses(interface)
                if address.startswith("fe80"))


def index_of(namespace: Namespace, interface: str) -> int:
    """The kernel's number of the interface."""
    shown = namespace.run("ip", "-json", "link", "show", "dev", interface).stdout
    return json.loads(shown)[0]["ifindex"]
