"""A fleet: many heralds in one namespace, the routers that hear them, and etcd behind relays."""

import select
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Callable, Optional, Sequence

from lab.bgp_bytes import HEADER_LENGTH, IPV4, KEEPALIVE_MESSAGE, UPDATE, open_message
from lab.etcd import CLIENT_PORT, Etcd
from lab.herald import Herald
from lab.network import Namespace
from lab.site import HERALD_AS, IPV4_PREFIX, ROUTER_AS
from lab.waiting import wait_until

ROUTERS_PORT, HOLD_SECONDS = 1179, 30
# What a node's check connects to, on the node's own address.
SERVICE_PORT = 8053
CHECK = {"type": "tcp", "interval": "200ms", "fast_interval": "50ms", "timeout": "1s",
         "rise": 2, "fall": 3}


class Relay:
    """Passes TCP connections on to an etcd member, later if it is told to, or not at all."""

    def __init__(self, namespace: Namespace, address: str, target: str):
        self.namespace, self.target = namespace, target
        self.delay, self.cut = 0.0, False
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, CLIENT_PORT))
        self._listener.listen(64)
        self._wake, self._woken = socket.socketpair()
        self._others: dict = {}
        self._due: list = []
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else 0.2
            readable, _, _ = select.select([self._listener, self._woken, *self._others], [], [],
                                           wait)
            for each in readable:
                if each is self._listener:
                    self._accept()
                elif each is self._woken:
                    each.recv(64)
                elif each in self._others:
                    self._read(each)
            while self._due and self._due[0][0] <= time.monotonic():
                _, to, octets = self._due.pop(0)
                if not self.cut:
                    self._send(to, octets)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self.cut:
            self._others[near] = near  # is never answered
            return
        far = self.namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            far.connect((self.target, CLIENT_PORT))
        except OSError:
            near.close()
            far.close()
            return
        self._others[near], self._others[far] = far, near

    def _read(self, of: socket.socket) -> None:
        try:
            octets = of.recv(1 << 16)
        except OSError:
            octets = b""
        other = self._others[of]
        if self.cut and octets:
            return
        if octets:
            self._due.append((time.monotonic() + self.delay, other, octets))
            return
        for each in {of, other}:
            self._others.pop(each, None)
            each.close()

    @staticmethod
    def _send(to: socket.socket, octets: bytes) -> None:
        try:
            to.settimeout(1.0)
            to.sendall(octets)
        except OSError:
            pass  # the reader sees why

    def close(self) -> None:
        """Ends it, with its connections."""
        self._ends = True
        self._wake.send(b"x")
        self._thread.join()
        for each in [self._listener, self._wake, self._woken, *self._others]:
            each.close()


class Routers:
    """One BGP speaker that every node dials, each from its own address: who has the prefix.

    `changes` has (time, node's address, announced) for each change, in order.
    """

    def __init__(self, namespace: Namespace):
        self.changes: list = []
        self.announced: set = set()
        self._sessions: dict = {}
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", ROUTERS_PORT))
        self._listener.listen(64)
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        beat = time.monotonic()
        while not self._ends:
            readable, _, _ = select.select([self._listener, *self._sessions], [], [], 0.1)
            for each in readable:
                if each is self._listener:
                    connection, (address, _) = each.accept()
                    self._sessions[connection] = [address, b""]
                    connection.sendall(open_message(ROUTER_AS, IPV4, hold_time=HOLD_SECONDS)
                                       + KEEPALIVE_MESSAGE)
                else:
                    self._read(each)
            if time.monotonic() >= beat:
                beat += HOLD_SECONDS / 3
                for each in list(self._sessions):
                    self._say(each, KEEPALIVE_MESSAGE)

    def _say(self, to: socket.socket, octets: bytes) -> None:
        try:
            to.sendall(octets)
        except OSError:
            pass  # the reader sees why

    def _read(self, of: socket.socket) -> None:
        session = self._sessions[of]
        try:
            octets = of.recv(1 << 16)
        except OSError:
            octets = b""
        if not octets:
            self._note(session[0], False)
            del self._sessions[of]
            of.close()
            return
        session[1] += octets
        while len(session[1]) >= HEADER_LENGTH:
            length, kind = struct.unpack_from("!HB", session[1], 16)
            if len(session[1]) < length:
                break
            if kind == UPDATE:
                self._hear(session[0], session[1][HEADER_LENGTH:length])
            session[1] = session[1][length:]

    def _hear(self, address: str, body: bytes) -> None:
        withdrawn = struct.unpack_from("!H", body)[0]
        attributes = struct.unpack_from("!H", body, 2 + withdrawn)[0]
        if withdrawn:
            self._note(address, False)
        if len(body) > 4 + withdrawn + attributes:
            self._note(address, True)

    def _note(self, address: str, announced: bool) -> None:
        if announced == (address in self.announced):
            return
        (self.announced.add if announced else self.announced.discard)(address)
        self.changes.append((time.monotonic(), address, announced))

    def close(self) -> None:
        """Ends all sessions."""
        self._ends = True
        self._thread.join()
        for each in [self._listener, *self._sessions]:
            each.close()


class Node:
    """A node: herald, the service that it checks, and its relays to etcd."""

    def __init__(self, fleet: "Fleet", number: int, site: str):
        self.fleet, self.number, self.site = fleet, number, site
        self.name, self.address = f"{site}-{number}", f"127.2.0.{number}"
        self.herald = Herald(fleet.namespace, fleet.folder / self.name)
        self.relays = [Relay(fleet.namespace, f"127.8.{number}.{member.number}", member.address)
                       for member in fleet.etcd.members]
        self._service: Optional[socket.socket] = None

    @property
    def announced(self) -> bool:
        """Whether the routers have the prefix from it."""
        return self.address in self.fleet.routers.announced

    def configure(self, service: Optional[dict] = None, fleet: Optional[dict] = None) -> None:
        """Writes its configuration: what differs from the fleet's."""
        self.herald.configure({
            "bgp": {"local_as": HERALD_AS, "router_id": f"192.0.2.{self.number}"},
            "fleet": {"etcd": [f"http://127.8.{self.number}.{member.number}:{CLIENT_PORT}"
                               for member in self.fleet.etcd.members],
                      "node": self.name, "site": self.site, "ttl": self.fleet.ttl,
                      **(fleet or {})},
            "neighbor": [{"name": "router", "address": "127.0.0.1", "port": ROUTERS_PORT,
                          "remote_as": ROUTER_AS, "local_address": self.address,
                          "connect_retry": "1s", "multihop": 2}],
            "service": [{"name": "dns", "prefixes": [IPV4_PREFIX], "hold_down": "0s",
                         "drain_time": "200ms", **self.fleet.service, **(service or {}),
                         "check": [{**CHECK, "address": f"{self.address}:{SERVICE_PORT}"}]}],
        })

    def serve(self) -> None:
        """The service is well."""
        if self._service:
            return
        self._service = self.fleet.namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._service.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._service.bind((self.address, SERVICE_PORT))
        self._service.listen(64)

    def fail(self) -> None:
        """The service is down."""
        if self._service:
            self._service.close()
            self._service = None

    def view(self) -> dict:
        """What herald says of the service."""
        return self.herald.get("/v1/services/dns")

    def cut_off(self) -> None:
        """etcd is not reached any more: nothing is answered."""
        for relay in self.relays:
            relay.cut = True

    def reconnect(self) -> None:
        """Ends that."""
        for relay in self.relays:
            relay.cut = False

    def close(self) -> None:
        """Ends all of it."""
        self.herald.kill()
        self.fail()
        for relay in self.relays:
            relay.close()


class Fleet:
    """The nodes of some sites. A context manager: leaving it removes all."""

    def __init__(self, folder: Path, sites: Sequence[str], members: int = 1, ttl: str = "2s",
                 **service: object):
        self.folder, self.ttl, self.service = folder, ttl, service
        self.namespace = Namespace("fleet")
        self.etcd = Etcd(self.namespace, folder / "etcd", members)
        self.routers = Routers(self.namespace)
        self.nodes = [Node(self, number + 1, site) for number, site in enumerate(sites)]

    def __enter__(self) -> "Fleet":
        self.etcd.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        for node in self.nodes:
            node.close()
        self.routers.close()
        self.etcd.__exit__()
        self.namespace.remove()

    def start(self) -> "Fleet":
        """Starts every node; returns when all are announced, and count on each other."""
        for node in self.nodes:
            node.serve()
            node.configure()
            node.herald.launch()
        self.wait_announced(*self.nodes)
        for node in self.nodes:
            wait_until(f"{node.name} is present",
                       lambda of=node: of.herald.get("/v1/fleet")["present"])
        return self

    def wait_announced(self, *nodes: Node, timeout: float = 15.0) -> None:
        """Returns when the routers have the prefix from just these."""
        wanted = {node.address for node in nodes}
        wait_until(f"announced by {sorted(wanted)}",
                   lambda: self.routers.announced == wanted, timeout)

    def wait_count(self, count: int, timeout: float = 15.0) -> None:
        """Returns when so many nodes are announced."""
        wait_until(f"{count} nodes are announced",
                   lambda: len(self.routers.announced) == count, timeout)

    def least(self, since: float, count: Callable[[set], int] = len) -> int:
        """The smallest number that was announced at any moment since then, of nodes or by
        `count`."""
        now: set = set()
        numbers = []
        for moment, address, announced in list(self.routers.changes):
            if moment >= since and not numbers:
                numbers.append(count(now))
            (now.add if announced else now.discard)(address)
            if moment >= since:
                numbers.append(count(now))
        return min(numbers or [count(now)])

    def sites(self, addresses: set) -> int:
        """How many sites these nodes are in."""
        return len({node.site for node in self.nodes if node.address in addresses})

    def logs(self) -> str:
        """The end of every log, for whoever looks into a failure."""
        return "\n".join(f"--- {path.parent.name}/{path.name}\n"
                         f"{path.read_text(errors='replace')[-4000:]}"
                         for path in sorted(self.folder.rglob("*.log")))
