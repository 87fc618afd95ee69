"""BFD control packets as they pass an interface, in both directions."""

import socket
import struct
from dataclasses import dataclass

from lab.bfd_bytes import MULTIHOP, SINGLE_HOP, BfdPacket, decode
from lab.capture import ETHERNET_HEADER, Packets
from lab.network import Namespace

IPV4_TYPE, IPV6_TYPE, UDP_HEADER = 0x0800, 0x86dd, 8


@dataclass(frozen=True)
class SeenPacket:
    """A control packet, when it passed in seconds of the wall clock, and what carried it."""

    time: float
    source: str
    source_port: int
    port: int
    ttl: int
    traffic_class: int
    packet: BfdPacket


class BfdFlow(Packets):
    """Sees every control packet at one interface. A context manager."""

    def __init__(self, namespace: Namespace, interface: str):
        super().__init__(namespace, interface)
        self._seen: list = []

    def packets(self, source: str = "") -> list:
        """All so far, or those of one side."""
        while self.wait(0.0):
            moment, _, frame = self.next_frame()
            seen = _seen(moment, frame)
            if seen:
                self._seen.append(seen)
        return [one for one in self._seen if source in ("", one.source)]

    def states(self, source: str) -> list:
        """The states that one side has said, in their order, each change once."""
        said: list = []
        for one in self.packets(source):
            if said[-1:] != [one.packet.state]:
                said.append(one.packet.state)
        return said

    def forget(self) -> None:
        """What has passed so far does not count."""
        self.packets()
        self._seen.clear()


def _seen(moment: float, frame: bytes) -> "SeenPacket | None":
    kind = struct.unpack_from("!H", frame, ETHERNET_HEADER - 2)[0]
    packet = frame[ETHERNET_HEADER:]
    if kind == IPV4_TYPE and packet[9] == socket.IPPROTO_UDP:
        udp = packet[(packet[0] & 15) * 4:]
        ttl, traffic_class = packet[8], packet[1]
        source = socket.inet_ntop(socket.AF_INET, packet[12:16])
    elif kind == IPV6_TYPE and packet[6] == socket.IPPROTO_UDP:
        udp = packet[40:]
        ttl, traffic_class = packet[7], struct.unpack_from("!H", packet)[0] >> 4 & 255
        source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
    else:
        return None
    source_port, port, length = struct.unpack_from("!HHH", udp)
    if port not in (SINGLE_HOP, MULTIHOP):
        return None
    return SeenPacket(moment, source, source_port, port, ttl, traffic_class,
                      decode(udp[UDP_HEADER:length]))
