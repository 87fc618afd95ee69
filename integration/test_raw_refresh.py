"""ROUTE-REFRESH, RFC 2918, and its frames, RFC 7313: every octet of the answers."""

import pytest

from lab.bgp_bytes import (ENHANCED_REFRESH, IPV4, IPV6, KEEPALIVE_MESSAGE, REFRESH, UPDATE,
                           message, notification, route_refresh)
from lab.raw import IPV4_ROUTE, IPV6_ROUTE, cases

pytestmark = pytest.mark.usefixtures("witness")


PLAIN, FRAMED = (IPV4, IPV6, REFRESH), (IPV4, IPV6, REFRESH, ENHANCED_REFRESH)
BEGIN, END = 1, 2


def framed(afi: int, route: bytes) -> bytes:
    """A route between the markers of RFC 7313 §4."""
    return route_refresh(afi, BEGIN) + route + route_refresh(afi, END)


ANSWERS = {
    "RFC 2918 4, IPv4": (PLAIN, route_refresh(1), IPV4_ROUTE),
    "RFC 2918 4, IPv6": (PLAIN, route_refresh(2), IPV6_ROUTE),
    "RFC 2918 4, a family that was not negotiated": ((IPV4, REFRESH), route_refresh(2), b""),
    "RFC 2918 4, a family that herald does not speak": (PLAIN, route_refresh(25, safi=70), b""),
    "RFC 2918 4, multicast": (PLAIN, route_refresh(1, safi=2), b""),
    "RFC 2918 4, not announced, and answered all the same": ((IPV4,), route_refresh(1), IPV4_ROUTE),
    "RFC 5291 4, with filters that herald does not know":
        (PLAIN, route_refresh(1, more=b"\1\x40\0\1\0"), IPV4_ROUTE),
    "RFC 7313 4, IPv4 with markers": (FRAMED, route_refresh(1), framed(1, IPV4_ROUTE)),
    "RFC 7313 4, IPv6 with markers": (FRAMED, route_refresh(2), framed(2, IPV6_ROUTE)),
    "RFC 7313 5, unknown subtype": (FRAMED, route_refresh(1, 3), b""),
    "RFC 7313 5, subtype 255": (FRAMED, route_refresh(1, 255), b""),
    "RFC 7313 5, unknown subtype of another length": (FRAMED, route_refresh(1, 9, more=b"xy"), b""),
    "RFC 7313 4, the neighbor's own markers":
        (FRAMED, route_refresh(1, BEGIN) + route_refresh(1, END), b""),
    "RFC 7313 4, an end without a beginning": (FRAMED, route_refresh(1, END), b""),
    "RFC 2918 4, requests that arrive together": (PLAIN, route_refresh(1) * 50, IPV4_ROUTE),
    "RFC 7313 4, requests with markers that arrive together":
        (FRAMED, route_refresh(1) * 50, framed(1, IPV4_ROUTE)),
    "RFC 2918 4, both families together":
        (PLAIN, route_refresh(1) + route_refresh(2) + route_refresh(1), IPV4_ROUTE + IPV6_ROUTE),
}


@cases("capabilities, asked, answer", ANSWERS)
def test_answer(lab, capabilities, asked, answer):
    """What comes between the request and the end of the session."""
    with lab.established("peer", *capabilities) as peer:
        peer.send(asked)
        received = b"".join(peer.receive() for _ in range(answer.count(b"\xff" * 16)))
        # The session's end shows that nothing else was to come.
        peer.send(notification(6, 2))
        assert received + peer.rest() == answer


def test_a_second_request_is_answered_again(lab):
    """RFC 2918 §4: one that comes after the answer to the first."""
    with lab.established("peer", *FRAMED) as peer:
        for _ in range(3):
            peer.send(route_refresh(1), KEEPALIVE_MESSAGE)
            assert b"".join(peer.receive() for _ in range(3)) == framed(1, IPV4_ROUTE)


BAD_MARKERS = {
    f"RFC 7313 5, subtype {subtype} of {23 + more}": (
        route_refresh(1, subtype, more=bytes(more)),)
    for subtype in (BEGIN, END) for more in (1, 2, 300)
}


@cases("content", BAD_MARKERS)
def test_marker_of_another_length(lab, content):
    """7/1, and the data is the message."""
    with lab.established("peer", *FRAMED) as peer:
        peer.send(content)
        assert peer.rest() == notification(7, 1, content)


@pytest.mark.parametrize("subtype", [BEGIN, END])
def test_marker_cut_short(lab, subtype):
    """RFC 7313 §5: without its SAFI."""
    content = message(5, bytes([0, 1, subtype]))
    with lab.established("peer", *FRAMED) as peer:
        peer.send(content)
        assert peer.rest() == notification(7, 1, content)


def test_answer_changes_nothing(lab):
    """RFC 2918 §4: what was announced before still is, once."""
    with lab.established("peer", *PLAIN) as peer:
        peer.send(message(UPDATE, bytes(4)), route_refresh(2))
        assert peer.receive() == IPV6_ROUTE
        assert lab.view("peer")["advertised"] == {"ipv4": 1, "ipv6": 1}
