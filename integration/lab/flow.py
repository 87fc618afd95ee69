"""The TCP segments of BGP sessions as they pass an interface, in both directions."""

import socket
import struct
from dataclasses import dataclass

from lab.bgp_bytes import KEEPALIVE_MESSAGE
from lab.capture import BGP_PORT, ETHERNET_HEADER, Packets
from lab.network import Namespace

IPV4_TYPE, IPV6_TYPE, TCP = 0x0800, 0x86dd, 6
FIN, SYN, RST = 1, 2, 4


@dataclass(frozen=True)
class Segment:
    """A TCP segment: when it passed in seconds of the wall clock, and from whom it was."""

    time: float
    source: str
    sequence: int
    flags: int
    content: bytes


class Flow(Packets):
    """Sees every segment to or from port 179 at one interface."""

    def __init__(self, namespace: Namespace, interface: str):
        super().__init__(namespace, interface)
        self._segments: list = []

    def segments(self) -> list:
        """All so far."""
        while self.wait(0.0):
            moment, _, frame = self.next_frame()
            segment = _segment(moment, frame)
            if segment:
                self._segments.append(segment)
        return self._segments

    def begun_or_ended(self) -> list:
        """The segments that open or end a connection."""
        return [one for one in self.segments() if one.flags & (FIN | SYN | RST)]

    def said_by(self, source: str) -> bytes:
        """All that this address sent, put together by sequence numbers: none may be missing."""
        stream, begin = b"", None
        for one in self.segments():
            if one.source != source or not one.content:
                continue
            begin = one.sequence if begin is None else begin
            offset = (one.sequence - begin) % (1 << 32)
            assert offset <= len(stream), f"octets are missing before {one}"
            assert stream[offset:offset + len(one.content)] == \
                one.content[:len(stream) - offset], "the same octets came with other content"
            stream += one.content[len(stream) - offset:]
        return stream

    def only_keepalives_by(self, source: str) -> bool:
        """Whether this address said something, and nothing but KEEPALIVEs."""
        said = self.said_by(source)
        count, rest = divmod(len(said), len(KEEPALIVE_MESSAGE))
        return rest == 0 and count > 0 and said == KEEPALIVE_MESSAGE * count

    def longest_silence_of(self, source: str) -> float:
        """The longest time, in seconds, between two segments with content from this address."""
        times = [one.time for one in self.segments() if one.source == source and one.content]
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=0.0)


def _segment(time: float, frame: bytes) -> "Segment | None":
    kind = struct.unpack_from("!H", frame, ETHERNET_HEADER - 2)[0]
    packet = frame[ETHERNET_HEADER:]
    if kind == IPV4_TYPE and packet[9] == TCP:
        length = struct.unpack_from("!H", packet, 2)[0]
        head, source = (packet[0] & 15) * 4, socket.inet_ntop(socket.AF_INET, packet[12:16])
    elif kind == IPV6_TYPE and packet[6] == TCP:
        length, head = 40 + struct.unpack_from("!H", packet, 4)[0], 40
        source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
    else:
        return None
    segment = packet[head:length]
    if BGP_PORT not in struct.unpack_from("!HH", segment):
        return None
    sequence, offset, flags = struct.unpack_from("!4xI4xBB", segment)
    return Segment(time, source, sequence, flags, segment[(offset >> 4) * 4:])
