"""Network namespaces, the links between them, and what is dropped on them."""

import ctypes
import json
import os
import signal
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional, Sequence

from lab.processes import Process, run

NETNS_FOLDER = Path("/run/netns")
NAME_START = "herald-lab"
CONNECT_SECONDS = 5.0


class Namespace:
    """A network namespace with its loopback up."""

    def __init__(self, label: str):
        self.label = label
        self.name = f"{NAME_START}-{os.getpid()}-{label}"
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    @property
    def path(self) -> Path:
        """Where the namespace can be opened."""
        return NETNS_FOLDER / self.name

    def ip(self, *arguments: object) -> None:
        """Runs ip(8) for this namespace."""
        run("ip", "-n", self.name, *arguments)

    def command(self, *words: object) -> list:
        """The words that run a command in this namespace, without a fork in between."""
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, *words: object, **options):
        """Runs a command in this namespace to its end; options as of processes.run."""
        return run(*self.command(*words), **options)

    def start(self, words: Sequence[object], log: Path, env: Optional[dict] = None) -> Process:
        """Starts a program in this namespace."""
        return Process(self.command(*words), log, env)

    def open_socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket that lives in this namespace, whoever uses it."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread's sockets are opened in this namespace meanwhile."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            with self.path.open("rb") as there:
                _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())

    def connect(self, address: str, port: int, source: Optional[str] = None) -> socket.socket:
        """A TCP connection from this namespace, from that source address if any."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = self.open_socket(family, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS)
        if source:
            connection.bind((source, 0))
        connection.connect((address, port))
        return connection

    def cut_off(self, interface: str) -> None:
        """Drops every packet on that interface, both ways, without a word to anyone."""
        self.run("nft", "-f", "-", stdin=f"""
            table inet lab {{
              chain arriving {{
                type filter hook input priority 0; iifname "{interface}" drop;
              }}
              chain leaving {{
                type filter hook output priority 0; oifname "{interface}" drop;
              }}
            }}""")

    def cut_off_new_connections(self, interface: str) -> None:
        """Drops the first packet of each TCP connection that would leave by that interface."""
        self.run("nft", "-f", "-", stdin=f"""
            table inet lab {{
              chain leaving {{
                type filter hook output priority 0;
                oifname "{interface}" tcp flags & (syn | ack) == syn drop;
              }}
            }}""")

    def cut_off_arriving(self, which: str) -> None:
        """Drops what arrives and is such a packet, in words of nft."""
        self.run("nft", "-f", "-", stdin=f"""
            table inet lab {{
              chain arriving {{ type filter hook input priority 0; {which} drop; }}
            }}""")

    def reconnect(self) -> None:
        """Ends what any of these began."""
        self.run("nft", "delete", "table", "inet", "lab")

    def addresses(self, interface: str) -> list:
        """The addresses of an interface, without lengths."""
        shown = json.loads(run("ip", "-n", self.name, "-json", "address", "show", "dev",
                               interface).stdout)
        return [entry["local"] for entry in shown[0]["addr_info"]]

    def programs(self) -> list:
        """The names of the programs that run in this namespace."""
        pids = run("ip", "netns", "pids", self.name).stdout.split()
        return [Path("/proc", pid, "comm").read_text().strip() for pid in pids
                if Path("/proc", pid).exists()]

    def remove(self) -> None:
        """Kills what still runs in the namespace and removes it."""
        remove_namespace(self.name)


class Link:
    """A veth pair between two namespaces; the first is the near end."""

    def __init__(self, near: Namespace, far: Namespace):
        self.near, self.far = near, far
        self.near_interface, self.far_interface = f"to-{far.label}", f"to-{near.label}"
        run("ip", "link", "add", self.near_interface, "netns", near.name,
            "type", "veth", "peer", "name", self.far_interface, "netns", far.name)

    def address(self, near: str, far: str) -> None:
        """Gives each end an address, ADDRESS/LENGTH, IPv4 or IPv6, usable at once."""
        for namespace, interface, address in ((self.near, self.near_interface, near),
                                              (self.far, self.far_interface, far)):
            detection = ["nodad"] if ":" in address else []
            namespace.ip("address", "add", address, "dev", interface, *detection)

    def up(self) -> None:
        """Brings both ends up."""
        self.near.ip("link", "set", self.near_interface, "up")
        self.far.ip("link", "set", self.far_interface, "up")


def remove_namespace(name: str) -> None:
    """Kills the processes of a namespace, by their ids, and removes it."""
    for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run("ip", "netns", "delete", name, check=False)


def remove_leftovers() -> None:
    """Removes the namespaces of labs whose process was killed before it could clean up."""
    for path in NETNS_FOLDER.glob(f"{NAME_START}-*"):
        owner = path.name.removeprefix(f"{NAME_START}-").split("-")[0]
        if not Path("/proc", owner).exists():
            remove_namespace(path.name)


def _set_namespace(descriptor: int) -> None:
    # os.setns comes with Python 3.12; Debian 12 has 3.11.
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "setns")
