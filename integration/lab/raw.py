"""BGP neighbors that send what a test tells them to, octet for octet, and see every octet that
herald sends. All live in one namespace, on loopback addresses."""

import itertools
import shutil
import socket
import struct
import tempfile
from pathlib import Path
from typing import Optional

import pytest

from lab.bgp_bytes import (END_OF_RIB_IPV4, END_OF_RIB_IPV6, HEADER_LENGTH, IPV4, IPV6,
                           KEEPALIVE_MESSAGE, MARKER, attribute, mp_reach, open_message, prefix,
                           segment, update)
from lab.herald import Herald
from lab.network import Namespace
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, settings

PEER_AS, WIDE_AS = 64500, 4200000000
HERALD_ADDRESS, BGP_PORT = "127.0.0.1", 179
SECONDS = 5.0  # for anything that is to happen at once
STATES = ("OpenSent", "OpenConfirm", "Established")

# The one route of each family as herald sends it.
_ORIGIN_AND_PATH = attribute(0x40, 1, b"\0") + attribute(0x40, 2, segment(HERALD_AS))
IPV4_ROUTE = update(_ORIGIN_AND_PATH + attribute(0x40, 3, b"\x7f\0\0\1"), prefix(IPV4_PREFIX))
IPV6_ROUTE = update(mp_reach(2, b"\x20\1\x0d\xb8" + bytes(11) + b"\x10", prefix(IPV6_PREFIX))
                    + _ORIGIN_AND_PATH)

_numbers = itertools.count()


def cases(names: str, table: dict):
    """Parametrises a test with the rows of a table; their keys name the cases."""
    return pytest.mark.parametrize(
        names, [pytest.param(*row, id=name) for name, row in table.items()])


class Peer:
    """One TCP connection with herald. Leaving its context ends it and waits for herald to see it.
    """

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self.socket.settimeout(SECONDS)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.rest()
        except OSError:
            pass  # reset, or closed by the test
        self.socket.close()

    def send(self, *content: bytes) -> None:
        """Sends these octets, and nothing else."""
        self.socket.sendall(b"".join(content))

    def receive(self) -> bytes:
        """The next message, whole; empty where the connection ended."""
        head = self._read(HEADER_LENGTH)
        if not head:
            return b""
        length = struct.unpack_from("!H", head, len(MARKER))[0]
        return head + self._read(length - HEADER_LENGTH)

    def receive_until(self, *last: bytes) -> list:
        """The messages up to those that are waited for, which may come in any order."""
        messages, missing = [], list(last)
        while missing:
            one = self.receive()
            assert one, f"ended before {missing} came, after {messages}"
            messages.append(one)
            if one in missing:
                missing.remove(one)
        return messages

    def rest(self) -> bytes:
        """All that comes until herald closes the connection."""
        content = b""
        while piece := self._read(65536):
            content += piece
        return content

    def reset(self) -> None:
        """Ends the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _read(self, count: int) -> bytes:
        """Exactly that many octets, or fewer where the connection ends."""
        content = b""
        while len(content) < count:
            try:
                piece = self.socket.recv(count - len(content))
            except ConnectionResetError:
                break
            if not piece:
                break
            content += piece
        return content


class RawLab:
    """heraldd, and the addresses of its neighbors. A context manager: leaving it removes all.

    `neighbors` gives the settings of each by name; they are passive, with a hold time of 90 s
    and both families where nothing else is said.
    """

    def __init__(self, neighbors: dict, local_as: int = HERALD_AS,
                 service: Optional[dict] = None, env: Optional[dict] = None):
        self._env = env
        self.folder = Path(tempfile.mkdtemp(prefix="herald-raw-"))
        self.namespace = Namespace(f"raw{next(_numbers)}")
        self.addresses = {name: f"127.1.0.{number}"
                          for number, name in enumerate(neighbors, start=1)}
        self._as_numbers = {name: one.get("remote_as", PEER_AS)
                            for name, one in neighbors.items()}
        self.herald = Herald(self.namespace, self.folder / "herald")
        self.herald.configure(settings(
            [{"name": name, "address": self.addresses[name], "remote_as": PEER_AS,
              "passive": True, "hold_time": "90s", "families": ["ipv4", "ipv6"],
              "next_hop_ipv6": "2001:db8::10", **one} for name, one in neighbors.items()],
            [service or {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]}],
            as_number=local_as, listen=[HERALD_ADDRESS]))

    def __enter__(self) -> "RawLab":
        self.herald.start(self._env)
        return self

    def __exit__(self, *exception: object) -> None:
        self.herald.kill()
        self.namespace.remove()
        shutil.rmtree(self.folder)

    def open(self, name: str, *capabilities: bytes, **fields: object) -> bytes:
        """A right OPEN of that neighbor: IPv4 unicast where no capability is named."""
        return open_message(self._as_numbers[name], *(capabilities or (IPV4,)), **fields)

    def connect(self, name: str) -> Peer:
        """That neighbor's connection to herald."""
        return self.connect_from(self.addresses[name])

    def connect_from(self, address: str) -> Peer:
        """A connection to herald from any address of 127.0.0.0/8."""
        return Peer(self.namespace.connect(HERALD_ADDRESS, BGP_PORT, source=address))

    def listen(self, name: str, port: int) -> socket.socket:
        """Where that neighbor, one that is not passive, is dialled by herald."""
        listener = self.namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.settimeout(SECONDS)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.addresses[name], port))
        listener.listen(8)
        return listener

    def in_state(self, state: str, name: str, *capabilities: bytes, **fields: object) -> Peer:
        """That neighbor's connection, with herald in this state; all that herald has sent on the
        way there is read."""
        peer = self.connect(name)
        peer.receive()
        if state == "OpenSent":
            return peer
        peer.send(self.open(name, *capabilities, **fields))
        assert peer.receive() == KEEPALIVE_MESSAGE
        if state == "OpenConfirm":
            return peer
        peer.send(KEEPALIVE_MESSAGE)
        ends = {IPV4: END_OF_RIB_IPV4, IPV6: END_OF_RIB_IPV6}
        peer.receive_until(*(ends[one] for one in capabilities or (IPV4,) if one in ends))
        return peer

    def established(self, name: str, *capabilities: bytes, **fields: object) -> Peer:
        """That neighbor's session, with the first routes and End-of-RIB read."""
        return self.in_state("Established", name, *capabilities, **fields)

    def view(self, name: str) -> dict:
        """What herald shows of that neighbor."""
        return self.herald.get(f"/v1/neighbors/{name}")

    def logs(self) -> str:
        """The end of herald's log, for whoever looks into a failure."""
        return self.herald.process.output()[-6000:]
