"""What the interoperation matrix asks of a router, whichever program it is."""

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Callable, Optional, Sequence

from lab.network import Namespace
from lab.processes import Process
from lab.waiting import wait_until

ANNOUNCED, WITHDRAWN = "announced", "withdrawn"


@dataclass(frozen=True)
class PeerBfd:
    """A router's side of a BFD session; intervals are in milliseconds."""

    min_tx: int = 300
    min_rx: int = 300
    multiplier: int = 3
    passive: bool = False
    authentication: Optional[str] = None  # in herald's words, with key 1
    password: str = ""


@dataclass(frozen=True)
class PeerSession:
    """A session as the router is configured for it, in words that each of them knows.

    `address` is herald's, without a zone; `role` is the router's own (RFC 9234). A router that
    lacks something asked for here has an entry in lab/impossible.py and is not asked.
    """

    name: str
    address: str
    local_address: str
    interface: str
    remote_as: int
    local_as: int
    router_id: str
    password: Optional[str] = None
    ttl_security: bool = False
    passive: bool = True
    hold_time: int = 90
    four_octet_as: bool = True
    role: Optional[str] = None
    extended_next_hop: bool = False
    graceful_restart: bool = False
    multihop: bool = False
    bfd: Optional[PeerBfd] = None

    @property
    def link_local(self) -> bool:
        """Whether the address means something on its link alone."""
        return self.address.startswith("fe80:")


@dataclass(frozen=True)
class Path:
    """A path as the router shows it. A community is written as in herald.toml.

    `local_pref` is what the router counts with: 100 where the path came without one.
    """

    as_path: tuple
    next_hop: str
    med: Optional[int] = None
    local_pref: int = 100
    communities: tuple = ()
    large_communities: tuple = ()
    extended_communities: tuple = ()
    only_to_customer: Optional[int] = None
    origin: str = "igp"


class PeerRouter(ABC):
    """A router of the matrix. Its files and sockets are in one folder."""

    label: str
    package: str
    # Whether it reads AS4_PATH in a session without 4-octet AS numbers (RFC 6793 §4.2.3).
    reads_as4_path = True

    def __init__(self, namespace: Namespace, folder: FilePath, as_number: int,
                 sessions: Sequence[PeerSession]):
        self.namespace, self.folder = namespace, folder
        self.as_number, self.sessions = as_number, sessions
        self._processes: list = []
        folder.mkdir()

    @classmethod
    def version(cls) -> str:
        """The upstream version of its Debian package."""
        done = subprocess.run(["dpkg-query", "-W", "-f", "${source:Upstream-Version}", cls.package],
                              capture_output=True, text=True, check=True)
        return done.stdout

    @abstractmethod
    def start(self) -> None:
        """Starts it, and returns when it answers."""

    def launch(self, *words: object, env: Optional[dict] = None) -> Process:
        """Starts one of its programs; the log has the program's name."""
        process = self.namespace.start(
            words, self.folder / f"{FilePath(str(words[0])).name}.log", env)
        self._processes.append(process)
        return process

    def wait_serving(self, process: Process, serves: Callable[[], bool]) -> None:
        """Returns when it serves; fails at once where the process has ended."""
        def probe() -> bool:
            assert process.running, f"{self.label} did not start:\n{process.output()}"
            return serves()
        wait_until(f"{self.label} serves", probe)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to each of its processes."""
        for process in self._processes:
            children = process.children() if process.running else []
            process.signal(number)
            for child in children:
                with suppress(ProcessLookupError):  # some end when they miss the others
                    os.kill(int(child), number)

    def kill(self) -> None:
        """Ends it at once; its sockets are closed by the kernel. start() may follow."""
        self.signal(signal.SIGKILL)
        for process in self._processes:
            process.kill()
        self._processes.clear()

    def freeze(self) -> None:
        """Stops it in its tracks: it neither reads nor writes, and its sockets stay open."""
        self.signal(signal.SIGSTOP)

    @abstractmethod
    def established(self, session: PeerSession) -> bool:
        """Whether the session is up."""

    @abstractmethod
    def hold_time(self, session: PeerSession) -> int:
        """The negotiated hold time in seconds."""

    @abstractmethod
    def path(self, prefix: str) -> Optional[Path]:
        """The path to exactly this prefix; none: it has none."""

    @abstractmethod
    def changes(self, prefix: str) -> list:
        """What UPDATEs said of this prefix since the start, by the router's own record.

        ANNOUNCED or WITHDRAWN for each, in their order.
        """

    @abstractmethod
    def request_refresh(self, session: PeerSession) -> None:
        """Sends a ROUTE-REFRESH (RFC 2918)."""

    @abstractmethod
    def shut_down(self, session: PeerSession, text: str) -> str:
        """Ends the session with a shutdown text (RFC 9003); returns the text that was sent.

        That is another one where the router does not let it be chosen.
        """

    @abstractmethod
    def shutdown_text(self, session: PeerSession) -> str:
        """What it shows or logs of the NOTIFICATION that it received last in this session."""

    def has(self, *prefixes: str) -> bool:
        """Whether there is a path to each of the prefixes."""
        return all(self.path(prefix) for prefix in prefixes)

    def has_none(self, *prefixes: str) -> bool:
        """Whether there is no path to any of the prefixes."""
        return not any(self.path(prefix) for prefix in prefixes)


WELL_KNOWN_COMMUNITIES = {(65535, 0): "graceful-shutdown", (65535, 666): "blackhole",
                          (65535, 65281): "no-export", (65535, 65282): "no-advertise",
                          (65535, 65283): "no-export-subconfed", (65535, 65284): "no-peer"}


def community(high: int, low: int) -> str:
    """A community as herald.toml writes it."""
    return WELL_KNOWN_COMMUNITIES.get((high, low), f"{high}:{low}")
