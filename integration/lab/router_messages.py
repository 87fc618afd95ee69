"""Router solicitations and advertisements, RFC 4861 §4: seen as they pass, and sent."""

import select
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional

from lab.capture import ETHERNET_HEADER, Packets
from lab.network import Namespace

IPV6_TYPE, IPV6_HEADER = 0x86dd, 40
SOLICITATION, ADVERTISEMENT = 133, 134
ALL_NODES, ALL_ROUTERS = "ff02::1", "ff02::2"
OF_LINK = 255  # the hop limit of what no router has forwarded
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class RouterMessage:
    """A message, and whether this side of the link sent it."""

    kind: int
    leaves: bool
    source: str
    destination: str
    hop_limit: int
    router_lifetime: Optional[int]  # none: a solicitation


class RouterMessages(Packets):
    """Sees every such message at one interface. A context manager."""

    def __init__(self, namespace: Namespace, interface: str):
        super().__init__(namespace, interface)
        self._seen: list = []

    def all(self) -> list:
        """All so far."""
        while self.wait(0.0):
            _, leaves, frame = self.next_frame()
            message = _message(leaves, frame)
            if message:
                self._seen.append(message)
        return self._seen

    def sent(self, kind: Optional[int] = None) -> list:
        """Those that this side of the link sent."""
        return [one for one in self.all() if one.leaves and kind in (None, one.kind)]


def _message(leaves: bool, frame: bytes) -> Optional[RouterMessage]:
    if frame[12:14] != struct.pack("!H", IPV6_TYPE):
        return None
    header = frame[ETHERNET_HEADER:ETHERNET_HEADER + IPV6_HEADER]
    content = frame[ETHERNET_HEADER + IPV6_HEADER:]
    if header[6] != socket.IPPROTO_ICMPV6 or content[0] not in (SOLICITATION, ADVERTISEMENT):
        return None
    source, destination = (socket.inet_ntop(socket.AF_INET6, header[begin:begin + 16])
                           for begin in (8, 24))
    lifetime = struct.unpack_from("!H", content, 6)[0] if content[0] == ADVERTISEMENT else None
    return RouterMessage(content[0], leaves, source, destination, header[7], lifetime)


class Advertiser:
    """A router that does nothing but advertise itself, and answer those who ask for routers.

    Its address is brought to the interface, beside others. A context manager.
    """

    def __init__(self, namespace: Namespace, interface: str, address: str,
                 hop_limit: int = OF_LINK, lifetime: int = 1800):
        # Deprecated: nobody else takes it for a source.
        namespace.ip("address", "add", f"{address}/64", "dev", interface, "nodad",
                     "preferred_lft", 0)
        self._content = struct.pack("!BBHBBHII", ADVERTISEMENT, 0, 0, 64, 0, lifetime, 0, 0)
        with namespace.entered():
            index = socket.if_nametoindex(interface)
        self._to = (ALL_NODES, 0, 0, index)
        self._socket = namespace.open_socket(socket.AF_INET6, socket.SOCK_RAW,
                                             socket.IPPROTO_ICMPV6)
        for option, value in ((socket.IPV6_MULTICAST_HOPS, hop_limit),
                              (socket.IPV6_MULTICAST_IF, index),
                              (socket.IPV6_MULTICAST_LOOP, 0),
                              (socket.IPV6_JOIN_GROUP,
                               socket.inet_pton(socket.AF_INET6, ALL_ROUTERS)
                               + struct.pack("I", index))):
            self._socket.setsockopt(socket.IPPROTO_IPV6, option, value)
        self._socket.bind((address, 0, 0, index))
        self._ended, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def __enter__(self) -> "Advertiser":
        self.advertise()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.close()
        self._thread.join(STOP_SECONDS)
        self._socket.close()
        self._ended.close()

    def advertise(self) -> None:
        """Sends an advertisement to all nodes."""
        self._socket.sendto(self._content, self._to)

    def _answer(self) -> None:
        while True:
            ready = select.select([self._socket, self._ended], [], [])[0]
            if self._ended in ready:
                return
            if self._socket.recv(65536)[0] == SOLICITATION:
                with suppress(OSError):  # the link may be down
                    self.advertise()
