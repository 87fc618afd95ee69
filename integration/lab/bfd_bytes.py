"""BFD control packets as bytes, RFC 5880 §4: right ones, and wrong ones."""

import hashlib
import struct
from dataclasses import dataclass, replace
from typing import Optional

STATES = ("AdminDown", "Down", "Init", "Up")
SINGLE_HOP, MULTIHOP = 3784, 4784
POLL, FINAL, CONTROL_PLANE_INDEPENDENT, AUTHENTICATED, DEMAND, MULTIPOINT = 32, 16, 8, 4, 2, 1
NO_DIAGNOSTIC, TIME_EXPIRED, SIGNALED_DOWN, ADMINISTRATIVELY_DOWN = 0, 1, 3, 7
SHA1, METICULOUS_SHA1 = 4, 5
MANDATORY_LENGTH, SHA1_LENGTH = 24, 28


@dataclass(frozen=True)
class BfdPacket:
    """A control packet; intervals are in microseconds."""

    state: str = "Down"
    diagnostic: int = NO_DIAGNOSTIC
    flags: int = 0
    multiplier: int = 3
    mine: int = 0
    yours: int = 0
    min_tx: int = 1_000_000
    min_rx: int = 300_000
    min_echo_rx: int = 0
    version: int = 1
    length: Optional[int] = None  # as the packet says; none: what it has
    authentication: bytes = b""

    @property
    def poll(self) -> bool:
        """Whether it asks for a Final."""
        return bool(self.flags & POLL)

    @property
    def final(self) -> bool:
        """Whether it answers a Poll."""
        return bool(self.flags & FINAL)

    def encode(self) -> bytes:
        """As on the wire."""
        length = MANDATORY_LENGTH + len(self.authentication)
        return struct.pack("!BBBBIIIII", self.version << 5 | self.diagnostic,
                           STATES.index(self.state) << 6 | self.flags, self.multiplier,
                           length if self.length is None else self.length, self.mine, self.yours,
                           self.min_tx, self.min_rx, self.min_echo_rx) + self.authentication

    def signed(self, key: str, sequence: int, kind: int = METICULOUS_SHA1,
               key_id: int = 1) -> "BfdPacket":
        """With the authentication section of §4.4."""
        secret = key.encode().ljust(20, b"\0")
        head = struct.pack("!BBBBI", kind, SHA1_LENGTH, key_id, 0, sequence)
        whole = replace(self, flags=self.flags | AUTHENTICATED, authentication=head + secret)
        return replace(whole, authentication=head + hashlib.sha1(whole.encode()).digest())


def decode(content: bytes) -> BfdPacket:
    """What herald or a router has sent, in which nothing is wrong."""
    first, second, multiplier, length, *numbers = struct.unpack_from("!BBBBIIIII", content)
    assert length == len(content), content.hex()
    return BfdPacket(STATES[second >> 6], first & 31, second & 63, multiplier, *numbers,
                     version=first >> 5, authentication=content[MANDATORY_LENGTH:])
