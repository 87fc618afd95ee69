"""BGP messages as bytes, for neighbors that do not behave."""

import ipaddress
import socket
import struct

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
HEADER_LENGTH = 19


def message(kind: int, body: bytes = b"") -> bytes:
    """A whole message with a right header."""
    return header(HEADER_LENGTH + len(body), kind) + body


def header(length: int, kind: int, marker: bytes = MARKER) -> bytes:
    """A header that says what it is told to say."""
    return marker + struct.pack("!HB", length, kind)


def open_body(as_number: int, identifier: str, version: int = 4, hold_time: int = 90) -> bytes:
    """An OPEN's body: IPv4 unicast and 4-octet AS numbers as capabilities."""
    multiprotocol = bytes([1, 4, 0, 1, 0, 1])
    four_octet_as = bytes([65, 4]) + struct.pack("!I", as_number)
    capabilities = multiprotocol + four_octet_as
    parameters = bytes([2, len(capabilities)]) + capabilities
    return (struct.pack("!BHH", version, as_number, hold_time)
            + ipaddress.ip_address(identifier).packed
            + bytes([len(parameters)]) + parameters)


def read_message(connection: socket.socket) -> tuple:
    """Type and body of the next message; an empty type where the connection ended."""
    head = _read(connection, HEADER_LENGTH)
    if len(head) < HEADER_LENGTH:
        return None, b""
    length, kind = struct.unpack_from("!HB", head, len(MARKER))
    return kind, _read(connection, length - HEADER_LENGTH)


def read_notification(connection: socket.socket) -> bytes:
    """The body of the NOTIFICATION that comes before the end; empty where none comes."""
    while True:
        kind, body = read_message(connection)
        if kind is None:
            return b""
        if kind == NOTIFICATION:
            assert _read(connection, 1) == b"", "the connection goes on after a NOTIFICATION"
            return body


def _read(connection: socket.socket, count: int) -> bytes:
    """Exactly that many bytes, or fewer where the connection ends."""
    content = b""
    while len(content) < count:
        try:
            piece = connection.recv(count - len(content))
        except ConnectionResetError:
            break
        if not piece:
            break
        content += piece
    return content
