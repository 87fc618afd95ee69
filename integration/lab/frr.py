"""A real FRR router: zebra, bgpd, and bfdd if wanted, in a namespace, and what they show."""

import json
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Sequence, Union

from lab.network import Namespace
from lab.processes import run
from lab.waiting import wait_until

FRR_PROGRAMS = Path("/usr/lib/frr")


@dataclass(frozen=True)
class FrrNeighbor:
    """A neighbor as FRR's configuration has it; options are words after `neighbor ADDRESS`."""

    address: str
    remote_as: Union[int, str]  # or "external", "internal"
    options: Sequence[str] = ()
    family_options: Sequence[str] = ()  # the same, in each address family


@dataclass(frozen=True)
class BgpPath:
    """One path of a prefix, as `show bgp … PREFIX json` has it."""

    as_path: str
    next_hops: tuple
    origin: str = "IGP"
    med: Optional[int] = None
    local_pref: Optional[int] = None
    communities: tuple = ()
    large_communities: tuple = ()


@dataclass
class Router:
    """FRR in a namespace. Its sockets, pid files, configuration and logs are in one folder."""

    namespace: Namespace
    folder: Path
    as_number: int
    router_id: str
    neighbors: Sequence[FrrNeighbor]
    extra: Sequence[str] = ()  # more lines of bgpd.conf
    text: Optional[str] = None  # all of bgpd.conf, in place of what follows from the above
    bfd: Sequence[str] = ()  # lines of bfdd.conf; none: it is not started
    _daemons: list = field(default_factory=list)

    def start(self) -> None:
        """Starts zebra, then the others, and returns when all answer."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "zebra.conf").write_text("")
        (self.folder / "bgpd.conf").write_text(self.text or self._bgp_configuration())
        (self.folder / "bfdd.conf").write_text("\n".join(self.bfd) + "\n")
        shutil.chown(self.folder, "frr", "frr")
        # bgpd retries a zebra that is not there yet only after seconds.
        self._start_daemon("zebra")
        wait_until("zebra serves", (self.folder / "zserv.api").exists)
        if self.bfd:
            self._start_daemon("bfdd", "--bfdctl", self.folder / "bfdd.sock")
            wait_until("bfdd serves", (self.folder / "bfdd.sock").exists)
        self._start_daemon("bgpd")
        wait_until("FRR answers", self._answers)

    def _start_daemon(self, name: str, *options: object) -> None:
        (self.folder / f"{name}.vty").unlink(missing_ok=True)
        self._daemons.append(self.namespace.start(
            [FRR_PROGRAMS / name, "--vty_socket", self.folder, "-z", self.folder / "zserv.api",
             "-i", self.folder / f"{name}.pid", "-f", self.folder / f"{name}.conf",
             "-P", "0", "--log", "stdout", "--log-level", "debugging", *options],
            self.folder.with_suffix(f".{name}.log")))

    def _answers(self) -> bool:
        return all(self._vtysh("show version", daemon=daemon).returncode == 0
                   for daemon in ("zebra", "bgpd", *(["bfdd"] if self.bfd else [])))

    def _bgp_configuration(self) -> str:
        lines = ["log commands", *self.extra, f"router bgp {self.as_number}",
                 f" bgp router-id {self.router_id}",
                 " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast"]
        for neighbor in self.neighbors:
            start = f" neighbor {neighbor.address}"
            lines.append(f"{start} remote-as {neighbor.remote_as}")
            lines += [f"{start} {option}" for option in neighbor.options]
        for family in ("ipv4", "ipv6"):
            lines.append(f" address-family {family} unicast")
            lines += [f"  neighbor {neighbor.address} {option}" for neighbor in self.neighbors
                      for option in ("activate", *neighbor.family_options)]
            lines.append(" exit-address-family")
        return "\n".join(lines) + "\n"

    def kill(self) -> None:
        """Ends FRR at once; its sockets are closed by the kernel."""
        for daemon in self._daemons:
            daemon.kill()
        self._daemons.clear()
        for socket in ("zserv.api", "bfdd.sock"):
            (self.folder / socket).unlink(missing_ok=True)

    def restart(self) -> None:
        """Kills FRR and starts it anew."""
        self.kill()
        self.start()

    def _vtysh(self, *commands: str, daemon: str = "bgpd"):
        words = [word for command in commands for word in ("-c", command)]
        return run("vtysh", "--vty_socket", self.folder, "-d", daemon, *words, check=False)

    def show(self, what: str, daemon: str = "bgpd"):
        """The answer to `show WHAT json`."""
        return json.loads(self.command(f"show {what} json", daemon=daemon))

    def paths(self, prefix: str) -> list:
        """Every path that this router has to exactly this prefix; empty: it has none."""
        family = "ipv6" if ":" in prefix else "ipv4"
        return paths_in(self.show(f"bgp {family} unicast {prefix}"), prefix)

    def has(self, *prefixes: str) -> bool:
        """Whether there is a path to each of the prefixes."""
        return all(self.paths(prefix) for prefix in prefixes)

    def has_none(self, *prefixes: str) -> bool:
        """Whether there is no path to any of the prefixes."""
        return not any(self.paths(prefix) for prefix in prefixes)

    def neighbor(self, address: str) -> dict:
        """What `show bgp neighbors` has of this one."""
        return self.show(f"bgp neighbors {address}")[address]

    def established(self, address: str) -> bool:
        """Whether the session with this neighbor is up."""
        return self.neighbor(address)["bgpState"] == "Established"

    def drops(self, address: str) -> int:
        """How often an established session with this neighbor has ended."""
        return self.neighbor(address)["connectionsDropped"]

    def command(self, *commands: str, daemon: str = "bgpd") -> str:
        """Runs vtysh commands that must succeed, and returns what they print."""
        done = self._vtysh(*commands, daemon=daemon)
        assert done.returncode == 0, f"vtysh: {done.stdout}{done.stderr}"
        return done.stdout

    def freeze(self) -> None:
        """Stops FRR in its tracks: it neither reads nor writes, and its sockets stay open."""
        for daemon in self._daemons:
            daemon.signal(signal.SIGSTOP)


def paths_in(answer: dict, prefix: str) -> list:
    """The paths in FRR's answer to `show bgp FAMILY unicast PREFIX json`."""
    if answer.get("prefix") != prefix:
        return []
    return [_path(entry) for entry in answer["paths"]]


def _path(entry: dict) -> BgpPath:
    """Reads one element of FRR's `paths`."""
    return BgpPath(
        as_path=entry["aspath"]["string"],
        next_hops=tuple(hop["ip"] for hop in entry["nexthops"] if hop.get("scope") != "link-local"),
        origin=entry["origin"],
        med=entry.get("metric"),
        local_pref=entry.get("locPrf"),
        communities=tuple(entry.get("community", {}).get("string", "").split()),
        large_communities=tuple(entry.get("largeCommunity", {}).get("string", "").split()))
