"""BGP messages as they arrive at an interface, with the kernel's time of each packet."""

import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Iterator

from lab.network import Namespace

ETH_P_ALL = 3
ETHERNET_HEADER = 14
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
BUFFER = 1 << 25
BGP_PORT = 179
BGP_MARKER = b"\xff" * 16
BGP_HEADER = 19
UPDATE, NOTIFICATION = 2, 3


@dataclass(frozen=True)
class Message:
    """A BGP message: the wall clock time, in seconds, of its packet, its type, and its body."""

    time: float
    kind: int
    body: bytes

    @property
    def withdraws_ipv4(self) -> bool:
        """Whether it is an UPDATE that takes IPv4 prefixes back and announces nothing."""
        if self.kind != UPDATE:
            return False
        withdrawn = struct.unpack_from("!H", self.body)[0]
        return withdrawn > 0 and self.body[2 + withdrawn:] == b"\0\0"


class Packets:
    """Every frame that passes one interface, with the kernel's time. A context manager."""

    def __init__(self, namespace: Namespace, interface: str):
        self._socket = namespace.open_socket(socket.AF_PACKET, socket.SOCK_RAW,
                                             socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._socket.bind((interface, ETH_P_ALL))

    def __enter__(self):
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def wait(self, timeout: float) -> bool:
        """Whether there is a frame, now or within this time."""
        return bool(select.select([self._socket], [], [], timeout)[0])

    def next_frame(self) -> tuple:
        """Its time, in seconds of the wall clock, whether it leaves by the interface, and it."""
        frame, ancillary, _, address = self._socket.recvmsg(65536, 64)
        return _timestamp(ancillary), address[2] == socket.PACKET_OUTGOING, frame


class Capture(Packets):
    """Sees the BGP messages that arrive at one interface over IPv4.

    The kernel stamps packets as they come in. A message is seen where it begins a packet or
    follows another in it: enough for what herald sends in one write.
    """

    def __init__(self, namespace: Namespace, interface: str, port: int = BGP_PORT):
        super().__init__(namespace, interface)
        self._port = port

    def arrived(self) -> list:
        """Every message that has arrived and was not asked for before."""
        messages = []
        while self.wait(0.0):
            messages += self._next_packet()
        return messages

    def next_withdrawal(self, timeout: float = 10.0) -> Message:
        """The next UPDATE that takes IPv4 prefixes back; whatever comes before it is dropped."""
        deadline = time.monotonic() + timeout
        while self.wait(max(0.0, deadline - time.monotonic())):
            for message in self._next_packet():
                if message.withdraws_ipv4:
                    return message
        raise AssertionError(f"no withdrawal arrived within {timeout} s")

    def _next_packet(self) -> list:
        arrival, leaves, frame = self.next_frame()
        if leaves:
            return []
        return [Message(arrival, *message) for message in _messages(_tcp_payload(frame, self._port))]


def _timestamp(ancillary: list) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    raise AssertionError("the kernel gave a packet no time")


def _tcp_payload(frame: bytes, port: int) -> bytes:
    """What an Ethernet frame carries to or from the BGP port over IPv4; empty for all else."""
    if frame[12:14] != b"\x08\x00" or frame[ETHERNET_HEADER + 9] != socket.IPPROTO_TCP:
        return b""
    total_length = struct.unpack_from("!H", frame, ETHERNET_HEADER + 2)[0]
    tcp = ETHERNET_HEADER + (frame[ETHERNET_HEADER] & 0x0F) * 4
    if port not in struct.unpack_from("!HH", frame, tcp):
        return b""
    return frame[tcp + (frame[tcp + 12] >> 4) * 4:ETHERNET_HEADER + total_length]


def _messages(payload: bytes) -> Iterator[tuple]:
    """Type and body of each message in a TCP payload that begins with one."""
    while payload.startswith(BGP_MARKER) and len(payload) >= BGP_HEADER:
        length, kind = struct.unpack_from("!HB", payload, len(BGP_MARKER))
        yield kind, payload[BGP_HEADER:length]
        payload = payload[length:]
