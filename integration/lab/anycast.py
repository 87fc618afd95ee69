"""A small anycast world: a client, an FRR router that forwards, and two nodes with one address."""

import shutil
import sys
import tempfile
from pathlib import Path

from lab.frr import FrrNeighbor, Router
from lab.herald import Herald
from lab.network import Link, Namespace
from lab.questioner import Questioner
from lab.site import HERALD_AS, ROUTER_AS, settings
from lab.waiting import wait_until

ADDRESS, PREFIX = "192.0.2.53", "192.0.2.0/24"
CLIENT, GATEWAY = "203.0.113.2", "203.0.113.1"
PROGRAM = Path(__file__).with_name("dns_service.py")
CHECK = {"type": "tcp", "address": "127.0.0.1:8053", "interval": "200ms", "fast_interval": "50ms",
         "rise": 2, "fall": 2}


class Node:
    """A node: a DNS server at the anycast address, and herald beside it."""

    def __init__(self, number: int, router: Namespace, folder: Path):
        self.name = f"node{number}"
        self.namespace = Namespace(self.name)
        self.link = Link(router, self.namespace)
        self.gateway, self.address = f"198.51.100.{4 * number + 1}", f"198.51.100.{4 * number + 2}"
        self.link.address(f"{self.gateway}/30", f"{self.address}/30")
        self.link.up()
        self.namespace.ip("route", "add", "default", "via", self.gateway)
        self.herald = Herald(self.namespace, folder / self.name)
        self._log = folder / f"{self.name}-dns.log"
        self.server = None

    @property
    def router_interface(self) -> str:
        """The router's interface towards this node."""
        return self.link.near_interface

    def serve(self) -> None:
        """Starts the DNS server."""
        self.server = self.namespace.start([sys.executable, PROGRAM, ADDRESS, self.name],
                                           self._log)

    def announce(self, **service: object) -> None:
        """Starts herald; the arguments change the service."""
        service = {"name": "dns", "prefixes": [PREFIX], "check": [CHECK], "drain_time": "1s",
                   "hold_down": "0s", **service}
        neighbor = {"name": "router", "address": self.gateway, "remote_as": ROUTER_AS}
        self.herald.configure({**settings([neighbor], [service]),
                               "log": {"level": "info", "format": "json"}})
        self.herald.start()

    def remove(self) -> None:
        """Ends all of it."""
        self.herald.kill()
        if self.server:
            self.server.kill()
        self.namespace.remove()


class Anycast:
    """The world. A context manager: leaving it removes all."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="herald-lab-"))
        self.folder.chmod(0o755)  # FRR runs as a user of its own
        self.client, self._gateway = Namespace("client"), Namespace("router")
        self.nodes = [Node(number, self._gateway, self.folder) for number in (1, 2)]
        link = Link(self._gateway, self.client)
        link.address(f"{GATEWAY}/30", f"{CLIENT}/30")
        link.up()
        self.client.ip("route", "add", "default", "via", GATEWAY)
        # Forwards, and spreads flows by their ports too.
        for name in ("ip_forward", "fib_multipath_hash_policy"):
            self._gateway.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv4/{name}")
        self.router = Router(self._gateway, self.folder / "router", ROUTER_AS, GATEWAY,
                             [FrrNeighbor(node.address, HERALD_AS) for node in self.nodes])

    def __enter__(self) -> "Anycast":
        return self

    def __exit__(self, *exception: object) -> None:
        for node in self.nodes:
            node.remove()
        self.router.kill()
        for namespace in (self.client, self._gateway):
            namespace.remove()
        shutil.rmtree(self.folder)

    @property
    def gateway(self) -> Namespace:
        """The router's namespace."""
        return self._gateway

    def start(self, managed: bool = False) -> None:
        """Both nodes serve, and the router's kernel has a path to each."""
        self.router.start()
        for node in self.nodes:
            node.serve()
            if managed:
                node.announce(addresses=[ADDRESS], manage_addresses=True)
            else:
                node.namespace.ip("address", "add", f"{ADDRESS}/32", "dev", "lo")
                node.announce(addresses=[ADDRESS])
        self.wait_paths(*self.nodes)

    def wait_paths(self, *nodes: Node) -> None:
        """Returns when the router's kernel forwards to just these nodes."""
        wait_until(f"paths to {[node.name for node in nodes]}",
                   lambda: self._next_hops() == {node.address for node in nodes})

    def _next_hops(self) -> set:
        words = self._gateway.run("ip", "route", "show", PREFIX).stdout.split()
        return {after for word, after in zip(words, words[1:]) if word == "via"}

    def ask(self) -> Questioner:
        """A client that asks as long as its context lasts."""
        return Questioner(self.client, ADDRESS)

    def logs(self) -> str:
        """The end of every log, for whoever looks into a failure."""
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}"
                         for path in sorted(self.folder.rglob("*.log")))
