"""One router and a herald for each kind of session with it, each on a link of its own."""

import itertools
import re
import shutil
import tempfile
from pathlib import Path
from typing import Mapping, Type

from lab.herald import Herald
from lab.kinds import Kind
from lab.network import Link, Namespace
from lab.peer import PeerRouter, PeerSession
from lab.site import ROUTER_AS, settings
from lab.waiting import wait_until

NEIGHBOR, SERVICE = "router", "dns"
# Some routers dial seconds after they have started, or pause between attempts.
SESSION_SECONDS = 40.0

_serial = itertools.count(1)


class Line:
    """A herald on its link to the router, with two prefixes that it alone announces."""

    def __init__(self, kind: Kind, number: int, router: Namespace, folder: Path):
        self.kind = kind
        self.node = Namespace(f"{router.label}n{number}")
        self.link = Link(router, self.node)
        self.router_ipv4, self.ipv4 = f"198.18.{number}.1", f"198.18.{number}.2"
        self.router_ipv6, self.ipv6 = f"2001:db8:{number}::1", f"2001:db8:{number}::2"
        self.router_local, self.local = f"fe80::{number}:1", f"fe80::{number}:2"
        self.router_loopback = f"198.19.{number}.1"
        self.next_hops = (f"198.18.{number}.77", f"2001:db8:{number}::77") \
            if kind.own_next_hops else (self.ipv4, self.ipv6)
        self.prefix4, self.prefix6 = f"203.0.{number}.0/24", f"2001:db8:{0x5300 + number:x}::/48"
        self._bring_up()
        self.herald = Herald(self.node, folder)
        self.session = self._session(folder.name, number)

    def _bring_up(self) -> None:
        for end, interface in ((self.link.near, self.link.near_interface),
                               (self.link.far, self.link.far_interface)):
            end.ip("link", "set", interface, "addrgenmode", "none")
        self.link.address(f"{self.router_ipv4}/24", f"{self.ipv4}/24")
        self.link.address(f"{self.router_ipv6}/64", f"{self.ipv6}/64")
        self.link.address(f"{self.router_local}/64", f"{self.local}/64")
        self.link.up()
        if self.kind.over == "two-hops":
            self.link.near.ip("address", "add", f"{self.router_loopback}/32", "dev", "lo")
            self.node.ip("route", "add", self.router_loopback, "via", self.router_ipv4)

    def _session(self, name: str, number: int) -> PeerSession:
        ours, theirs = {"ipv4": (self.ipv4, self.router_ipv4),
                        "ipv6": (self.ipv6, self.router_ipv6),
                        "link-local": (self.local, self.router_local),
                        "two-hops": (self.ipv4, self.router_loopback)}[self.kind.over]
        fields = {"remote_as": self.kind.herald_as, "local_as": self.kind.router_as,
                  "router_id": "203.0.113.1", "passive": not self.kind.router_dials,
                  "multihop": self.kind.over == "two-hops",
                  **self.kind.router}
        return PeerSession(name, ours, theirs, self.link.near_interface, **fields)

    @property
    def prefixes(self) -> tuple:
        """What this herald announces: an IPv4 and an IPv6 prefix."""
        return self.prefix4, self.prefix6

    def start_herald(self) -> None:
        """Configures and starts herald."""
        self.configure()
        self.herald.start()

    def configure(self) -> None:
        """Writes herald's configuration, as its kind has it by now."""
        zone = f"%{self.link.far_interface}" if self.session.link_local else ""
        neighbor = {"name": NEIGHBOR, "address": self.session.local_address + zone,
                    "remote_as": self.session.local_as, "connect_retry": "1s",
                    "passive": not self.kind.herald_dials, **self.kind.herald}
        if self.session.multihop:
            neighbor["multihop"] = 2
        if self.kind.own_next_hops:
            neighbor["next_hop"], neighbor["next_hop_ipv6"] = self.next_hops
        service = {"name": SERVICE, "prefixes": list(self.prefixes), "drain_time": "1h"}
        listen = [self.session.address + zone] if not self.session.passive else []
        self.herald.configure(settings([neighbor], [service], self.kind.herald_as, listen=listen,
                                       router_id=self.ipv4))

    def neighbor(self) -> dict:
        """What herald has of the router."""
        return self.herald.get(f"/v1/neighbors/{NEIGHBOR}")

    def established(self) -> bool:
        """Whether herald has the session up."""
        return self.neighbor()["state"] == "Established"

    def count(self, kind: str, direction: str) -> int:
        """How many messages of a kind herald has "sent" or "received"."""
        return sum(count[direction] for count in self.neighbor()["messages"]
                   if count["type"] == kind)

    def sessions(self) -> int:
        """How often a session has been Established, by herald's log."""
        return self.herald.process.output().count("is Established")

    def endings(self) -> list:
        """Why sessions have ended, or OPENs led to none, as herald's log has it."""
        return re.findall(r"(?:session ended|no session): (.*?) neighbor=",
                          self.herald.process.output())

    def remove(self) -> None:
        """Ends herald and takes the namespace away."""
        self.herald.kill()
        self.node.remove()


class Bench:
    """A context manager: leaving it removes all that it made."""

    def __init__(self, implementation: Type[PeerRouter], kinds: Mapping[str, Kind]):
        self.folder = Path(tempfile.mkdtemp(prefix="herald-lab-"))
        self.folder.chmod(0o755)  # some routers run as users of their own
        self.namespace = Namespace(f"r{next(_serial)}")
        self.lines = {name: Line(kind, number, self.namespace, self.folder / name)
                      for number, (name, kind) in enumerate(kinds.items(), 1)}
        self.router = implementation(self.namespace, self.folder / "router", ROUTER_AS,
                                     [line.session for line in self.lines.values()])

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Ends the router and every herald, and takes the namespaces away."""
        self.router.kill()
        for line in self.lines.values():
            line.remove()
        self.namespace.remove()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Starts the router and every herald; their sessions are under way then."""
        self.router.start()
        for line in self.lines.values():
            line.start_herald()

    def announced(self, name: str) -> Line:
        """The line of this kind, once the router has both of its prefixes."""
        line = self.lines[name]
        wait_until(f"{self.router.label} has {line.prefixes}",
                   lambda: self.router.has(*line.prefixes), SESSION_SECONDS)
        return line

    def logs(self) -> str:
        """The end of every log, for whoever looks into a failure; most of the router's."""
        return "\n".join(f"--- {path.relative_to(self.folder)}\n"
                         + path.read_text(encoding="utf-8", errors="replace")[-characters:]
                         for pattern, characters in (("*/herald-*.log", 1000),
                                                     ("router*.log", 9000), ("router/*.log", 9000))
                         for path in sorted(self.folder.glob(pattern)))


class OwnBenches:
    """Benches of one scenario: called with kinds it makes one, and leaving it removes them all."""

    def __init__(self, implementation: Type[PeerRouter]):
        self._implementation = implementation
        self._made: list = []

    def __enter__(self) -> "OwnBenches":
        return self

    def __exit__(self, *exception: object) -> None:
        for bench in self._made:
            bench.remove()

    def __call__(self, kinds: Mapping[str, Kind]) -> Bench:
        self._made.append(Bench(self._implementation, kinds))
        return self._made[-1]

    def logs(self) -> str:
        """Those of each."""
        return "\n".join(bench.logs() for bench in self._made)
