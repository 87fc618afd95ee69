"""A third router behind the one under test: it writes down every UPDATE that it is sent."""

import ipaddress
import socket
import struct
import threading
from typing import Iterator

from lab.bench import Line
from lab.bgp_bytes import (EXTENDED_LENGTH, HEADER_LENGTH, IPV4, IPV6, KEEPALIVE_MESSAGE, UPDATE,
                           open_message)
from lab.peer import ANNOUNCED, WITHDRAWN
from lab.raw import Peer

MP_REACH, MP_UNREACH = 14, 15


class Observer:
    """A neighbor of the router in a namespace of its own: it dials, listens, and says nothing.

    A context manager: leaving it ends the session.
    """

    def __init__(self, line: Line):
        self._seen: list = []
        self._peer = Peer(line.node.connect(line.session.local_address, 179))
        self._peer.socket.settimeout(None)
        self._peer.send(open_message(line.session.remote_as, IPV4, IPV6, identifier=line.ipv4))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Observer":
        return self

    def __exit__(self, *exception: object) -> None:
        self._peer.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5.0)
        self._peer.socket.close()

    def _read(self) -> None:
        while message := self._peer.receive():
            if message == KEEPALIVE_MESSAGE:  # answered, which is often enough
                self._peer.send(KEEPALIVE_MESSAGE)
            if message[HEADER_LENGTH - 1] == UPDATE:
                self._seen += _changes(message[HEADER_LENGTH:])

    def changes(self, prefix: str) -> list:
        """ANNOUNCED or WITHDRAWN, for each time an UPDATE said so of this prefix."""
        wanted = ipaddress.ip_network(prefix)
        return [change for change, seen in self._seen if seen == wanted]


def _changes(body: bytes) -> Iterator[tuple]:
    """What an UPDATE says, in the order of its parts."""
    withdrawn_end = 2 + struct.unpack_from("!H", body)[0]
    attributes_end = withdrawn_end + 2 + struct.unpack_from("!H", body, withdrawn_end)[0]
    for prefix in _prefixes(body[2:withdrawn_end], 1):
        yield WITHDRAWN, prefix
    for kind, value in _attributes(body[withdrawn_end + 2:attributes_end]):
        if kind == MP_UNREACH:
            for prefix in _prefixes(value[3:], struct.unpack_from("!H", value)[0]):
                yield WITHDRAWN, prefix
        if kind == MP_REACH:
            for prefix in _prefixes(value[5 + value[3]:], struct.unpack_from("!H", value)[0]):
                yield ANNOUNCED, prefix
    for prefix in _prefixes(body[attributes_end:], 1):
        yield ANNOUNCED, prefix


def _attributes(content: bytes) -> Iterator[tuple]:
    while content:
        flags, kind = content[0], content[1]
        length_octets = 2 if flags & EXTENDED_LENGTH else 1
        start = 2 + length_octets
        end = start + int.from_bytes(content[2:start], "big")
        yield kind, content[start:end]
        content = content[end:]


def _prefixes(content: bytes, afi: int) -> Iterator:
    size = 4 if afi == 1 else 16
    while content:
        length = content[0]
        octets = (length + 7) // 8
        yield ipaddress.ip_network((content[1:1 + octets].ljust(size, b"\0"), length))
        content = content[1 + octets:]
