"""Message headers that no BGP speaker sends, in each state: the exact NOTIFICATION and the end."""

import pytest

from lab.bgp_bytes import (IPV4, KEEPALIVE, MARKER, NOTIFICATION, OPEN, ROUTE_REFRESH, UPDATE,
                           EXTENDED_MESSAGE, header, message, notification)
from lab.raw import STATES, cases

pytestmark = pytest.mark.usefixtures("witness")


def bad_length(length: int) -> bytes:
    """RFC 4271 §6.1: the data is the length."""
    return notification(1, 2, length.to_bytes(2, "big"))


NOT_SYNCHRONIZED = notification(1, 1)

HEADERS = {
    "RFC 4271 6.1, marker of zeros": (header(29, OPEN, b"\0" * 16), NOT_SYNCHRONIZED),
    "RFC 4271 6.1, first bit of the marker": (header(19, KEEPALIVE, b"\x7f" + MARKER[1:]),
                                              NOT_SYNCHRONIZED),
    "RFC 4271 6.1, last bit of the marker": (header(19, KEEPALIVE, MARKER[1:] + b"\xfe"),
                                             NOT_SYNCHRONIZED),
    "RFC 4271 6.1, marker and length wrong": (header(5, 9, b"\0" * 16), NOT_SYNCHRONIZED),
    "RFC 4271 6.1, length 0": (header(0, KEEPALIVE), bad_length(0)),
    "RFC 4271 6.1, length 18": (header(18, OPEN), bad_length(18)),
    "RFC 4271 6.1, length 18 and no such type": (header(18, 77), bad_length(18)),
    "RFC 4271 6.1, length 4097": (header(4097, UPDATE), bad_length(4097)),
    "RFC 4271 6.1, length 65535": (header(65535, UPDATE), bad_length(65535)),
    "RFC 4271 6.1, OPEN of a header alone": (header(19, OPEN), bad_length(19)),
    "RFC 4271 6.1, OPEN of 28": (header(28, OPEN), bad_length(28)),
    "RFC 8654 4, OPEN of 4097": (header(4097, OPEN), bad_length(4097)),
    "RFC 4271 6.1, UPDATE of a header alone": (header(19, UPDATE), bad_length(19)),
    "RFC 4271 6.1, UPDATE of 22": (header(22, UPDATE), bad_length(22)),
    "RFC 4271 6.1, NOTIFICATION of a header alone": (header(19, NOTIFICATION), bad_length(19)),
    "RFC 4271 6.1, NOTIFICATION of 20": (header(20, NOTIFICATION), bad_length(20)),
    "RFC 4271 6.1, KEEPALIVE of 20": (header(20, KEEPALIVE), bad_length(20)),
    "RFC 4271 6.1, KEEPALIVE of 4096": (header(4096, KEEPALIVE), bad_length(4096)),
    "RFC 2918 3, ROUTE-REFRESH of a header alone": (header(19, ROUTE_REFRESH), bad_length(19)),
    "RFC 2918 3, ROUTE-REFRESH of 22": (message(ROUTE_REFRESH, b"\0\1\0"), bad_length(22)),
    "RFC 4271 6.1, type 0": (message(0), notification(1, 3, b"\0")),
    "RFC 4271 6.1, type 6": (message(6, b"\0" * 8), notification(1, 3, b"\6")),
    "RFC 4271 6.1, type 128": (header(4096, 128), notification(1, 3, b"\x80")),
    "RFC 4271 6.1, type 255": (message(255), notification(1, 3, b"\xff")),
}

# With RFC 8654 these two still have their limit, and the least lengths are as ever.
EXTENDED = {
    "RFC 8654 4, KEEPALIVE of 4097": (header(4097, KEEPALIVE), bad_length(4097)),
    "RFC 8654 4, OPEN of 4097": (header(4097, OPEN), bad_length(4097)),
    "RFC 4271 6.1, UPDATE of 22": (header(22, UPDATE), bad_length(22)),
}


@pytest.mark.parametrize("state", STATES)
@cases("content, expected", HEADERS)
def test_bad_header(lab, state, content, expected):
    """Judged as soon as it is there: nothing of the message behind it need arrive."""
    with lab.in_state(state, "peer") as peer:
        peer.send(content)
        assert peer.rest() == expected


@cases("content, expected", EXTENDED)
def test_bad_header_with_extended_messages(lab, content, expected):
    """In a session that has negotiated messages of up to 65535 octets."""
    with lab.established("peer", IPV4, EXTENDED_MESSAGE) as peer:
        peer.send(content)
        assert peer.rest() == expected
