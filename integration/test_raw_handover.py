"""Restarts in the middle of something, by octets: of a message, of an answer, of a table."""

import pytest

from lab.bgp_bytes import (ENHANCED_REFRESH, IPV4, IPV6, KEEPALIVE_MESSAGE, REFRESH, notification,
                           route_refresh)
from lab.raw import IPV4_ROUTE, RawLab
from lab.waiting import wait_until

MANY = 10_000
BEGIN, END = 1, 2


def _kept(lab, name="peer"):
    assert lab.herald.restart()[name] == "kept"


def _without_keepalives(messages) -> bytes:
    return b"".join(one for one in messages if one != KEEPALIVE_MESSAGE)


@pytest.fixture(name="lab", scope="module")
def _lab():
    with RawLab({"peer": {}}) as built:
        yield built


def test_a_message_that_arrives_octet_by_octet(lab):
    """A restart after each: at its end it is a ROUTE-REFRESH, and is answered."""
    with lab.established("peer", IPV4, REFRESH) as peer:
        for octet in route_refresh(1):
            peer.send(bytes([octet]))
            _kept(lab)
        messages = peer.receive_until(IPV4_ROUTE)
        assert _without_keepalives(messages) == IPV4_ROUTE


def test_a_malformed_message_is_found_by_the_program_that_has_its_end(lab):
    """1/1 for a marker whose last octet comes after the restart."""
    with lab.established("peer", IPV4) as peer:
        peer.send(b"\xff" * 15)
        _kept(lab)
        peer.send(b"\0" + KEEPALIVE_MESSAGE[16:])
        assert peer.rest().endswith(notification(1, 1))


@pytest.mark.parametrize("state", ["OpenSent", "OpenConfirm"])
def test_a_session_that_is_being_opened(lab, state):
    """It goes on, though it is not told of as kept: there is no session yet."""
    with lab.in_state(state, "peer", IPV4) as peer:
        lab.herald.ctl("restart")
        if state == "OpenSent":
            peer.send(lab.open("peer", IPV4))
        peer.send(KEEPALIVE_MESSAGE)
        assert IPV4_ROUTE in peer.receive_until(IPV4_ROUTE)
        assert lab.view("peer")["state"] == "Established"


def _table(count):
    return {"name": "dns", "prefixes": [f"10.{i >> 8}.{i & 255}.0/24" for i in range(count)]}


def test_a_neighbor_that_does_not_read_gets_the_rest_from_the_new_program():
    """10,000 prefixes, half of them unsent or half sent: each comes once, none is lost."""
    with RawLab({"peer": {"communities": [f"64500:{i}" for i in range(200)]}},
                service=_table(MANY)) as lab:
        peer = lab.connect("peer")
        with peer:
            peer.receive()
            peer.send(lab.open("peer", IPV4), KEEPALIVE_MESSAGE)
            wait_until("it is written to", lambda: lab.view("peer")["state"] == "Established")
            for _ in range(3):
                _kept(lab)
            prefixes = []
            while len(prefixes) < MANY:
                prefixes += _announced(peer.receive())
            assert len(prefixes) == len(set(prefixes)) == MANY
            _kept(lab)
            assert lab.view("peer")["advertised"]["ipv4"] == MANY


def _announced(message) -> list:
    """The IPv4 prefixes in an UPDATE, each a /24."""
    if message[18] != 2:
        return []
    withdrawn = int.from_bytes(message[19:21], "big")
    attributes = int.from_bytes(message[21 + withdrawn:23 + withdrawn], "big")
    rest = message[23 + withdrawn + attributes:]
    return [rest[place:place + 4] for place in range(0, len(rest), 4)]


def test_a_refresh_that_is_half_answered():
    """RFC 7313 §4: BoRR by the one program, the rest and EoRR by the other."""
    with RawLab({"peer": {"communities": [f"64500:{i}" for i in range(200)]}},
                service=_table(MANY)) as lab:
        with lab.established("peer", IPV4, REFRESH, ENHANCED_REFRESH) as peer:
            peer.send(route_refresh(1))
            assert peer.receive_until(route_refresh(1, BEGIN))
            _kept(lab)
            messages = peer.receive_until(route_refresh(1, END))
            assert sum(len(_announced(one)) for one in messages) == MANY


def test_both_families_keep_what_they_have(lab):
    """Nothing is said of either."""
    with lab.established("peer", IPV4, IPV6) as peer:
        for _ in range(5):
            _kept(lab)
        peer.send(notification(6, 2))
        assert _without_keepalives([peer.rest()]).replace(KEEPALIVE_MESSAGE, b"") == b""
