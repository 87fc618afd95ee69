"""BGP messages as bytes, right ones and wrong ones: every field says what it is told to say."""

import ipaddress
import struct
from typing import Optional

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
HEADER_LENGTH = 19
AS_TRANS = 23456
EXTENDED_LENGTH = 0x10  # flag of an attribute whose length has two octets
SET, SEQUENCE = 1, 2


def header(length: int, kind: int, marker: bytes = MARKER) -> bytes:
    """A header, whatever its length says."""
    return marker + struct.pack("!HB", length, kind)


def message(kind: int, body: bytes = b"") -> bytes:
    """A whole message with a right header."""
    return header(HEADER_LENGTH + len(body), kind) + body


KEEPALIVE_MESSAGE = message(KEEPALIVE)


def notification(code: int, subcode: int, data: bytes = b"") -> bytes:
    """A NOTIFICATION."""
    return message(NOTIFICATION, bytes([code, subcode]) + data)


def capability(code: int, value: bytes = b"") -> bytes:
    """A capability, RFC 5492."""
    return bytes([code, len(value)]) + value


def multiprotocol(afi: int, safi: int = 1) -> bytes:
    """The multiprotocol capability for one family."""
    return capability(1, struct.pack("!HBB", afi, 0, safi))


def four_octet_as(number: int) -> bytes:
    """The capability of RFC 6793."""
    return capability(65, struct.pack("!I", number))


IPV4, IPV6 = multiprotocol(1), multiprotocol(2)
REFRESH, EXTENDED_MESSAGE, ENHANCED_REFRESH = capability(2), capability(6), capability(70)


def role(number: int) -> bytes:
    """The capability of RFC 9234: 0 provider, 1 RS, 2 RS client, 3 customer, 4 peer."""
    return capability(9, bytes([number]))


def parameter(content: bytes, kind: int = 2) -> bytes:
    """An optional parameter of an OPEN; kind 2 holds capabilities."""
    return bytes([kind, len(content)]) + content


def extended_parameters(content: bytes, length: Optional[int] = None, octet: int = 255) -> bytes:
    """The length octet and what follows it in the form of RFC 9072: `content` holds parameters
    with lengths of two octets."""
    return struct.pack("!BBH", octet, 255, len(content) if length is None else length) + content


def open_body(as_number: int, parameters: bytes = b"\0", identifier: str = "203.0.113.99",
              version: int = 4, hold_time: int = 90) -> bytes:
    """An OPEN's body; `parameters` includes the octet with their length."""
    return (struct.pack("!BHH", version, as_number, hold_time)
            + ipaddress.ip_address(identifier).packed + parameters)


def open_message(as_number: int, *capabilities: bytes, **fields: object) -> bytes:
    """An OPEN with these capabilities and the four-octet AS number, in one parameter."""
    two_octets = as_number if as_number < 65536 else AS_TRANS
    content = parameter(b"".join(capabilities) + four_octet_as(as_number))
    return message(OPEN, open_body(two_octets, bytes([len(content)]) + content, **fields))


def attribute(flags: int, kind: int, value: bytes = b"") -> bytes:
    """A path attribute; the flag EXTENDED_LENGTH gives it a length of two octets."""
    length = struct.pack("!H" if flags & EXTENDED_LENGTH else "!B", len(value))
    return bytes([flags, kind]) + length + value


def segment(*numbers: int, kind: int = SEQUENCE, width: int = 4) -> bytes:
    """A segment of an AS_PATH."""
    return bytes([kind, len(numbers)]) + b"".join(number.to_bytes(width, "big")
                                                  for number in numbers)


def prefix(text: str) -> bytes:
    """A prefix as NLRI has it."""
    network = ipaddress.ip_network(text)
    octets = (network.prefixlen + 7) // 8
    return bytes([network.prefixlen]) + network.network_address.packed[:octets]


def update(attributes: bytes = b"", nlri: bytes = b"", withdrawn: bytes = b"") -> bytes:
    """An UPDATE."""
    return message(UPDATE, struct.pack("!H", len(withdrawn)) + withdrawn
                   + struct.pack("!H", len(attributes)) + attributes + nlri)


def mp_reach(afi: int, next_hop: bytes, nlri: bytes, flags: int = 0x80, safi: int = 1) -> bytes:
    """MP_REACH_NLRI, RFC 4760 §3."""
    return attribute(flags, 14, struct.pack("!HBB", afi, safi, len(next_hop))
                     + next_hop + b"\0" + nlri)


def mp_unreach(afi: int, withdrawn: bytes = b"", flags: int = 0x80, safi: int = 1) -> bytes:
    """MP_UNREACH_NLRI, RFC 4760 §4."""
    return attribute(flags, 15, struct.pack("!HB", afi, safi) + withdrawn)


END_OF_RIB_IPV4, END_OF_RIB_IPV6 = update(), update(mp_unreach(2))


def route_refresh(afi: int, subtype: int = 0, safi: int = 1, more: bytes = b"") -> bytes:
    """A ROUTE-REFRESH, RFC 2918; the subtypes are those of RFC 7313."""
    return message(ROUTE_REFRESH, struct.pack("!HBB", afi, subtype, safi) + more)
