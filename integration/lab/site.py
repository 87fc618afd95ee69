"""An anycast site in small: one node with a service and herald, and the routers above it."""

import shutil
import signal
import tempfile
from pathlib import Path
from typing import Optional, Sequence

from lab.frr import FrrNeighbor, Router
from lab.herald import Herald
from lab.network import Link, Namespace
from lab.service import Service

HERALD_AS = 65010
ROUTER_AS = 64500
SERVICE_ADDRESS, SERVICE_PORT = "127.0.0.1", 8053


class Leaf:
    """A router with its link to the node: what herald calls it, and the addresses of both ends."""

    def __init__(self, number: int, node: Namespace):
        self.name = f"leaf{number}"
        self.namespace = Namespace(self.name)
        self.link = Link(self.namespace, node)
        self.ipv4, self.node_ipv4 = f"198.51.100.{4 * number + 1}", f"198.51.100.{4 * number + 2}"
        self.ipv6, self.node_ipv6 = f"2001:db8:{number}::1", f"2001:db8:{number}::2"
        self.link.address(f"{self.ipv4}/30", f"{self.node_ipv4}/30")
        self.link.address(f"{self.ipv6}/64", f"{self.node_ipv6}/64")
        self.link.up()
        self.router: Optional[Router] = None

    @property
    def interface(self) -> str:
        """The router's interface towards the node."""
        return self.link.near_interface

    @property
    def node_interface(self) -> str:
        """The node's interface towards this router."""
        return self.link.far_interface

    def neighbor(self, **settings: object) -> dict:
        """This router as a [[neighbor]] of herald's configuration."""
        return {"name": self.name, "address": self.ipv4, "remote_as": ROUTER_AS, **settings}

    def neighbor_ipv6(self, **settings: object) -> dict:
        """The same over IPv6."""
        return self.neighbor(address=self.ipv6, **settings)


class Site:
    """The node, its routers and their programs. A context manager: leaving it removes all."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="herald-lab-"))
        self.folder.chmod(0o755)  # FRR runs as a user of its own
        self.leaves: list = []
        self._services: list = []
        self._heralds: list = []
        self.node = Namespace("node")

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *exception: object) -> None:
        # A second Ctrl-C must not leave half of it behind.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._remove()
        finally:
            signal.signal(signal.SIGINT, interrupt)

    def _remove(self) -> None:
        for herald in self._heralds:
            herald.kill()
        for service in self._services:
            service.kill()
        for leaf in self.leaves:
            if leaf.router:
                leaf.router.kill()
            leaf.namespace.remove()
        self.node.remove()
        shutil.rmtree(self.folder)

    def add_leaf(self) -> Leaf:
        """A router's namespace, linked to the node; FRR is not started yet."""
        leaf = Leaf(len(self.leaves) + 1, self.node)
        self.leaves.append(leaf)
        return leaf

    def start_router(self, leaf: Leaf, neighbors: Optional[Sequence[FrrNeighbor]] = None,
                     as_number: int = ROUTER_AS) -> Router:
        """Starts FRR on a leaf; its neighbor is the node over IPv4 where nothing else is said."""
        leaf.router = Router(leaf.namespace, self.folder / leaf.name, as_number, leaf.ipv4,
                             neighbors or [FrrNeighbor(leaf.node_ipv4, HERALD_AS)])
        leaf.router.start()
        return leaf.router

    def service(self, port: int = SERVICE_PORT) -> Service:
        """A service on the node, not started yet."""
        service = Service(self.node, self.folder / f"service-{port}.log", SERVICE_ADDRESS, port)
        self._services.append(service)
        return service

    def herald(self, label: str = "herald") -> Herald:
        """A daemon on the node, not configured and not started yet."""
        herald = Herald(self.node, self.folder / label)
        self._heralds.append(herald)
        return herald

    def logs(self) -> str:
        """The end of every log of this site, for whoever looks into a failure."""
        return "\n".join(f"--- {path.relative_to(self.folder)}\n" + _end_of(path)
                         for path in sorted(self.folder.rglob("*.log")))


def _end_of(path: Path, characters: int = 6000) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-characters:]


def settings(neighbors: Sequence[dict], services: Sequence[dict],
             as_number: int = HERALD_AS, **bgp: object) -> dict:
    """A configuration of herald with these neighbors and services."""
    return {"bgp": {"local_as": as_number, "router_id": "192.0.2.10", **bgp},
            "neighbor": list(neighbors), "service": list(services)}


def tcp_check(port: int = SERVICE_PORT, **changes: object) -> dict:
    """A [[service.check]] that watches the lab's service and settles quickly."""
    return {"type": "tcp", "address": f"{SERVICE_ADDRESS}:{port}", "interval": "200ms",
            "fast_interval": "50ms", "timeout": "1s", "rise": 2, "fall": 2, **changes}


def dns_service(**changes: object) -> dict:
    """A [[service]] with a prefix of each family that depends on the lab's service.

    It is not held down, so that scenarios need not wait for its return.
    """
    return {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX], "check": [tcp_check()],
            "hold_down": "0s", **changes}


IPV4_PREFIX, IPV6_PREFIX = "192.0.2.0/24", "2001:db8:53::/48"
