"""A fleet: many heralds in one namespace, the routers that hear them, and etcd behind relays."""

import base64
import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Optional, Sequence

from lab.etcd import CLIENT_PORT, Etcd
from lab.fleet_network import ROUTERS_PORT, Answerer, Relay, Routers
from lab.herald import HERALDCTL, Herald
from lab.network import Namespace
from lab.processes import Process
from lab.site import HERALD_AS, IPV4_PREFIX, ROUTER_AS
from lab.waiting import wait_until

# The AS_PATH's length, of what is announced as usual and by when.held, which prepends six times.
OWN_PATH, HELD_PATH = 1, 7
FLEETS = itertools.count(1)
# What a node's check connects to, on the node's own address.
SERVICE_PORT = 8053
CHECK = {"type": "tcp", "interval": "200ms", "fast_interval": "50ms", "timeout": "1s",
         "rise": 2, "fall": 3}


class Node:
    """A node: herald, the service that it checks, and its relays to etcd."""

    def __init__(self, fleet: "Fleet", number: int, site: str):
        self.fleet, self.number, self.site = fleet, number, site
        self.name, self.address = f"{site}-{number}", f"127.2.0.{number}"
        self.herald = Herald(fleet.namespace, fleet.folder / self.name)
        self.relays = [Relay(fleet.namespace, f"127.8.{number}.{member.number}", member.address)
                       for member in fleet.etcd.members]
        self._service: Optional[Answerer] = None
        self._commands = itertools.count(1)

    @property
    def announced(self) -> bool:
        """Whether the routers have the prefix from it."""
        return self.address in self.fleet.routers.announced

    def configure(self, service: Optional[dict] = None, fleet: Optional[dict] = None,
                  check: Optional[dict] = None) -> None:
        """Writes its configuration: what differs from the fleet's. A None leaves a key out."""
        urls = [f"{self.fleet.etcd.scheme}://{relay.address}:{CLIENT_PORT}"
                for relay in self.relays]
        self.herald.configure({
            "bgp": {"local_as": HERALD_AS, "router_id": f"192.0.2.{self.number}"},
            "fleet": {"etcd": urls, "node": self.name, "site": self.site, "ttl": self.fleet.ttl,
                      **self.fleet.settings, **(fleet or {})},
            "neighbor": [{"name": "router", "address": "127.0.0.1", "port": ROUTERS_PORT,
                          "remote_as": ROUTER_AS, "local_address": self.address,
                          "connect_retry": "1s", "multihop": 2}],
            "service": [{"name": "dns", "prefixes": [IPV4_PREFIX], "hold_down": "0s",
                         "drain_time": "200ms", **self.fleet.service, **(service or {}),
                         "check": [{**CHECK, "address": f"{self.address}:{SERVICE_PORT}",
                                    **(check or {})}]}],
        })

    def reload(self, service: Optional[dict] = None, fleet: Optional[dict] = None,
               check: Optional[dict] = None) -> None:
        """Has it take another configuration."""
        self.configure(service, fleet, check)
        self.herald.ctl("reload")

    def start_ctl(self, *words: object) -> Process:
        """Runs heraldctl in the background."""
        log = self.herald.folder / f"heraldctl-{next(self._commands)}.log"
        return self.fleet.namespace.start([HERALDCTL, "--socket", self.herald.socket, *words], log)

    def serve(self) -> None:
        """The service is well."""
        if not self._service:
            self._service = Answerer(self.fleet.namespace, self.address, SERVICE_PORT)

    def fail(self) -> None:
        """The service is down."""
        if self._service:
            self._service.close()
            self._service = None

    def view(self) -> dict:
        """What herald says of the service."""
        return self.herald.get("/v1/services/dns")

    def wait_heard(self, *those: str, timeout: float = 10.0) -> dict:
        """Returns its view when one of those is heard of the service."""
        def probe() -> Optional[dict]:
            view = self.view()
            return view if view["heard"] in those else None
        return wait_until(f"{self.name} is {those}", probe, timeout)

    def sees(self, other: "Node") -> Optional[dict]:
        """What this node says of another one."""
        services = self.herald.get("/v1/fleet")["services"]
        return next((each for service in services for each in service["nodes"]
                     if each["node"] == other.name), None)

    def metric(self, name: str) -> float:
        """A metric of the service."""
        connection = self.herald.connection()
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return next(float(line.split()[1]) for line in lines
                    if line.startswith((f"{name} ", f'{name}{{service="dns"}} ')))

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
    """The nodes of some sites. A context manager: leaving it removes all.

    `service` is what differs of the service, `settings` of [fleet].
    """

    def __init__(self, sites: Sequence[str], members: int = 1, ttl: str = "2s",
                 settings: Optional[dict] = None, etcd: Optional[dict] = None, **service: object):
        self.ttl, self.settings, self.service = ttl, settings or {}, service
        self.folder = Path(tempfile.mkdtemp(prefix="herald-lab-"))
        self.namespace = Namespace(f"fleet{next(FLEETS)}")
        self.etcd = Etcd(self.namespace, self.folder / "etcd", members, **(etcd or {}))
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
        shutil.rmtree(self.folder)

    def start(self) -> "Fleet":
        """Starts every node; returns when all are announced, and count on each other."""
        for node in self.nodes:
            node.serve()
            node.configure()
            node.herald.launch()
        self.wait_announced(*self.nodes)
        self.wait_counted(*self.nodes)
        return self

    def restore(self) -> None:
        """All is well again, as it was after the start."""
        for node in self.nodes:
            node.reconnect()
            node.serve()
            node.configure()
            if node.herald.process.running:
                node.herald.ctl("reload")
            else:
                node.herald.start()
            node.herald.ctl("undrain", "--all")
        self.wait_announced(*self.nodes)
        wait_until("all is as usual", lambda: all(
            node.view()["heard"] == "normal"
            and self.routers.paths[node.address] == OWN_PATH for node in self.nodes))
        wait_until("no permits are left", lambda: self.permits() == {})
        self.wait_counted(*self.nodes)

    def permits(self) -> dict:
        """The reasons of the permits in etcd, by node."""
        return {key.rpartition("/")[2]: said["permit"]["reason"]
                for key, said in self.etcd.keys("/herald/services/dns/").items()
                if "permit" in said}

    def wait_permits(self, **those: str) -> None:
        """Returns when just these are in etcd; a name's hyphen is written as _ here."""
        wanted = {name.replace("_", "-"): reason for name, reason in those.items()}
        wait_until(f"permits {wanted}", lambda: self.permits() == wanted)

    def beats(self) -> dict:
        """When each node's presence was written last, as etcd counts."""
        shown = self.etcd.ctl("get", "--prefix", "/herald/present/", "-w", "json").stdout
        return {base64.b64decode(each["key"]).decode().rpartition("/")[2]: each["mod_revision"]
                for each in json.loads(shown).get("kvs", [])}

    def wait_counted(self, *nodes: Node) -> None:
        """Returns when others count on these: all of them have had the time to hear two beats."""
        names = {node.name for node in nodes}
        wait_until(f"{names} are present", lambda: names <= self.beats().keys())
        for node in self.nodes:
            if node.herald.process.running:
                wait_until("others are known", lambda of=node: all(
                    (of.sees(each) or {}).get("stale") is False for each in nodes))
        before = self.beats()
        wait_until("the next beats", lambda: all(
            before.get(name) != number for name, number in self.beats().items() if name in names))

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


class OwnFleets:
    """Makes fleets for one scenario. A context manager: leaving it removes them."""

    def __init__(self) -> None:
        self._fleets: list = []

    def __call__(self, sites: Sequence[str], **options: object) -> Fleet:
        self._fleets.append(Fleet(sites, **options).__enter__())
        return self._fleets[-1]

    def __enter__(self) -> "OwnFleets":
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._fleets:
            each.__exit__()

    def logs(self) -> str:
        """Of all of them."""
        return "\n".join(each.logs() for each in self._fleets)
