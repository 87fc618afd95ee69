"""A BFD neighbor that says what a test tells it to, and writes down what it hears."""

import itertools
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Callable, Optional

from lab.bfd_bytes import FINAL, SINGLE_HOP, BfdPacket, decode
from lab.network import Namespace
from lab.waiting import wait_until

SOURCE_PORT = 49200
IPV6_RECVHOPLIMIT, IP_RECVTTL = 51, 12
DISCRIMINATORS = itertools.count(0xB0)
# RFC 5880 §6.8.6: what this side is when the other side says so.
NEXT_STATE = {("Down", "Down"): "Init", ("Down", "Init"): "Up", ("Init", "Init"): "Up",
              ("Init", "Up"): "Up", ("Init", "AdminDown"): "Down", ("Up", "AdminDown"): "Down",
              ("Up", "Down"): "Down"}


@dataclass(frozen=True)
class Heard:
    """A packet that came, when by the monotonic clock, and with which TTL and source port."""

    time: float
    ttl: int
    source_port: int
    packet: BfdPacket


class BfdPeer:
    """One address of a namespace, and what it has to say to another. A context manager.

    It does nothing of its own accord but listen, until run() has been called: then it is an honest
    neighbor. `says` is its next packet, `sign` what is done to each before it is sent.
    """

    def __init__(self, namespace: Namespace, address: str, other: str, port: int = SINGLE_HOP,
                 source_port: int = SOURCE_PORT):
        self._to = (other, port)
        self._v6 = ":" in address
        # A test that has to wait for its turn is not gone.
        self.says = BfdPacket(mine=next(DISCRIMINATORS), multiplier=10)
        self.sign: Callable = lambda packet: packet
        self.interval = 0.1  # seconds between its packets
        self.heard: list = []
        family = socket.AF_INET6 if self._v6 else socket.AF_INET
        self._in = namespace.open_socket(family, socket.SOCK_DGRAM)
        level, option = ((socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT) if self._v6
                         else (socket.IPPROTO_IP, IP_RECVTTL))
        self._in.setsockopt(level, option, 1)
        self._in.bind((address, port))
        self._out = namespace.open_socket(family, socket.SOCK_DGRAM)
        self._out.bind((address, source_port))
        self._lock = threading.Lock()  # what it says changes in its thread and in the test's
        self._leaving = threading.Event()
        self._automatic = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "BfdPeer":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._leaving.set()
        self._thread.join()
        self._in.close()
        self._out.close()

    def run(self) -> None:
        """Sends packets, learns the other's discriminator, and goes from state to state."""
        self._automatic = True

    def rest(self) -> None:
        """Ends what run() began; it listens on."""
        self._automatic = False

    def say(self, packet: Optional[BfdPacket] = None, ttl: int = 255) -> None:
        """Sends one packet, this or the one that it has to say."""
        self.say_octets(self.sign(packet or self.says).encode(), ttl)

    def say_octets(self, content: bytes, ttl: int = 255) -> None:
        """Sends a datagram."""
        level, option = ((socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS) if self._v6
                         else (socket.IPPROTO_IP, socket.IP_TTL))
        self._out.setsockopt(level, option, ttl)
        with suppress(ConnectionRefusedError):  # of the packet before: nobody listened
            self._out.sendto(content, self._to)

    def change(self, **fields: object) -> None:
        """Says this from now on."""
        with self._lock:
            self.says = replace(self.says, **fields)

    def wait_heard(self, what: str, fits: Callable[[Heard], bool], timeout: float = 5.0) -> Heard:
        """The first that fits of all packets so far and to come."""
        return wait_until(what, lambda: next(filter(fits, list(self.heard)), None), timeout)

    def wait_state(self, state: str, timeout: float = 5.0) -> None:
        """Returns when the other side's last packet says so."""
        wait_until(f"it says {state}", lambda: self.heard
                   and self.heard[-1].packet.state == state, timeout)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._leaving.is_set():
            if select.select([self._in], [], [], max(0.0, min(0.05, due - time.monotonic())))[0]:
                self._hear()
            if self._automatic and time.monotonic() >= due:
                self.say()
                due = time.monotonic() + self.interval

    def _hear(self) -> None:
        content, ancillary, _, source = self._in.recvmsg(256, 64)
        packet = decode(content)
        ttl = next(struct.unpack("i", data)[0] for _, _, data in ancillary)
        self.heard.append(Heard(time.monotonic(), ttl, source[1], packet))
        if self._automatic:
            with self._lock:
                state = NEXT_STATE.get((self.says.state, packet.state), self.says.state)
                self.says = replace(self.says, state=state, yours=packet.mine)
            if packet.poll:
                self.say(replace(self.says, flags=self.says.flags | FINAL))
