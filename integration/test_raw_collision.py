"""Two connections with one neighbor, RFC 4271 §6.8 with RFC 6286: over real sockets, in both
directions and both orders of OPEN."""

from contextlib import ExitStack

import pytest

from lab.bgp_bytes import (IPV4, KEEPALIVE_MESSAGE, capability, notification, route_refresh,
                           update)
from lab.raw import IPV4_ROUTE, Peer, RawLab, cases

pytestmark = pytest.mark.usefixtures("witness")

PORT = 1179
HERALD_IDENTIFIER = "192.0.2.10"
LOW, HIGH = "10.0.0.1", "203.0.113.99"
COLLISION = notification(6, 7)
GRACEFUL_RESTART = capability(64, b"\x80\x78" + b"\0\1\1\x80")
GRACEFUL_RESTART_OF_NOTHING = capability(64, b"\0\x78")

# The AS and the identifier of the neighbor, and whose connection stays.
STAYS = {
    "RFC 4271 6.8, the neighbor's identifier is higher": (64500, HIGH, "accepted"),
    "RFC 4271 6.8, herald's identifier is higher": (64500, LOW, "dialled"),
    "RFC 4271 6.8, identifiers compare as numbers": (64500, "192.0.10.2", "accepted"),
    "RFC 6286 2.3, equal identifiers, the neighbor's AS is higher":
        (65020, HERALD_IDENTIFIER, "accepted"),
    "RFC 6286 2.3, equal identifiers, herald's AS is higher":
        (64500, HERALD_IDENTIFIER, "dialled"),
    "RFC 4271 6.8, inside the AS, the neighbor's identifier is higher": (65010, HIGH, "accepted"),
    "RFC 4271 6.8, inside the AS, herald's identifier is higher": (65010, LOW, "dialled"),
}
ORDERS = ("dialled", "accepted")


def neighbor_of(case: str, order: str) -> str:
    """The name of the neighbor that one run of one case has to itself."""
    return f"n{list(STAYS).index(case)}-{order}"


ACTIVE = {"passive": False, "port": PORT}
NEIGHBORS = {
    **{neighbor_of(case, order): {**ACTIVE, "remote_as": row[0]}
       for case, row in STAYS.items() for order in ORDERS},
    **{name: ACTIVE for name in ("together", "early-accepted", "early-dialled", "refused",
                                 "silent", "gone")},
    "passive": {}, "witness": {"hold_time": "3s"},
}


@pytest.fixture(scope="module", name="lab")
def fixture_lab():
    """Each case has a neighbor of its own, which waits to be dialled before herald starts."""
    lab = RawLab(NEIGHBORS)
    with ExitStack() as stack:
        lab.listeners = {name: stack.enter_context(lab.listen(name, PORT))
                         for name, one in NEIGHBORS.items() if "port" in one}
        yield stack.enter_context(lab)


def two_connections(lab, name: str) -> dict:
    """One that herald dialled and one that it accepted, both with its OPEN read."""
    peers = {"dialled": Peer(lab.listeners[name].accept()[0]), "accepted": lab.connect(name)}
    for peer in peers.values():
        assert peer.receive()
    return peers


def establish(lab, name: str, peer: Peer, direction: str) -> None:
    """The session comes up on this connection."""
    peer.send(KEEPALIVE_MESSAGE)
    peer.receive_until(update())
    check_established(lab, name, direction)


def check_established(lab, name: str, direction: str) -> None:
    """The session is up, on the connection opened by the side that is said."""
    assert lab.view(name)["state"] == "Established"
    assert lab.view(name)["direction"] == direction


@pytest.mark.parametrize("first", ORDERS)
@pytest.mark.parametrize("case", STAYS)
def test_collision(lab, case, first):
    """Decided when the second OPEN arrives: the other connection ends with 6/7."""
    _, identifier, stays = STAYS[case]
    name = neighbor_of(case, first)
    second, goes = (ORDERS[one == ORDERS[0]] for one in (first, stays))
    peers = two_connections(lab, name)
    with peers["dialled"], peers["accepted"]:
        peers[first].send(lab.open(name, identifier=identifier))
        assert peers[first].receive() == KEEPALIVE_MESSAGE
        peers[second].send(lab.open(name, identifier=identifier))
        assert peers[goes].rest() == COLLISION
        if stays == second:
            assert peers[stays].receive() == KEEPALIVE_MESSAGE
        establish(lab, name, peers[stays], stays)


def test_both_opens_at_once(lab):
    """RFC 4271 §6.8: OPEN and KEEPALIVE on both before either is answered."""
    peers = two_connections(lab, "together")
    with peers["dialled"], peers["accepted"]:
        for peer in peers.values():
            peer.send(lab.open("together", identifier=HIGH))
        assert peers["dialled"].rest() in (COLLISION, KEEPALIVE_MESSAGE + COLLISION)
        assert peers["accepted"].receive() == KEEPALIVE_MESSAGE
        establish(lab, "together", peers["accepted"], "accepted")


@pytest.mark.parametrize("first", ORDERS)
def test_established_before_the_second_open(lab, first):
    """RFC 4271 §6.8: an Established session stays, whoever has the higher identifier."""
    name, second = f"early-{first}", ORDERS[first == ORDERS[0]]
    peers = two_connections(lab, name)
    identifier = {"dialled": HIGH, "accepted": LOW}[first]  # by which it would have to go
    with peers["dialled"], peers["accepted"]:
        peers[first].send(lab.open(name, identifier=identifier), KEEPALIVE_MESSAGE)
        peers[first].receive_until(update())
        if second == "accepted":  # its own connection of which herald is rid already
            peers[second].send(lab.open(name, identifier=identifier))
        assert peers[second].rest() == COLLISION
        check_established(lab, name, first)


def test_second_open_that_is_refused(lab):
    """RFC 4271 §6.2, §6.8: a bad OPEN is no collision, and the other connection goes on."""
    peers = two_connections(lab, "refused")
    with peers["dialled"], peers["accepted"]:
        peers["dialled"].send(lab.open("refused", identifier=HIGH))
        assert peers["dialled"].receive() == KEEPALIVE_MESSAGE
        peers["accepted"].send(lab.open("refused", identifier=HIGH, hold_time=1))
        assert peers["accepted"].rest() == notification(2, 6)
        establish(lab, "refused", peers["dialled"], "dialled")


@pytest.mark.parametrize("name", ["silent", "gone"])
def test_second_connection_without_an_open(lab, name):
    """RFC 4271 §6.8: without its OPEN there is nothing to compare."""
    peers = two_connections(lab, name)
    with peers["dialled"], peers["accepted"]:
        if name == "gone":
            peers["accepted"].reset()
        peers["dialled"].send(lab.open(name, identifier=HIGH))
        assert peers["dialled"].receive() == KEEPALIVE_MESSAGE
        establish(lab, name, peers["dialled"], "dialled")


AGAINST_ESTABLISHED = {
    "RFC 4271 6.8, without graceful restart": ((IPV4,), False),
    "RFC 4724 4.2, graceful restart with a family": ((IPV4, GRACEFUL_RESTART), True),
    "RFC 4724 4.2, graceful restart without one": ((IPV4, GRACEFUL_RESTART_OF_NOTHING), False),
}


@cases("capabilities, replaced", AGAINST_ESTABLISHED)
def test_newcomer_against_established(lab, capabilities, replaced):
    """Only a neighbor that may have restarted takes its old session's place."""
    with lab.established("passive", *capabilities) as old, lab.connect("passive") as new:
        new.receive()
        new.send(lab.open("passive", *capabilities))
        if replaced:
            assert old.rest() == b""  # RFC 4724 §4.2: no NOTIFICATION
            assert new.receive() == KEEPALIVE_MESSAGE
            establish(lab, "passive", new, "accepted")
        else:
            assert new.rest() == COLLISION
            old.send(route_refresh(1))
            assert old.receive() == IPV4_ROUTE


def test_newcomer_that_says_nothing(lab):
    """RFC 4271 §6.8: a second TCP connection alone changes nothing."""
    with lab.established("passive") as old, lab.connect("passive") as new:
        assert new.receive()  # herald's OPEN
        old.send(route_refresh(1))
        assert old.receive() == IPV4_ROUTE


def test_newest_of_the_neighbors_own(lab):
    """RFC 4271 §6.8 knows one connection of each side: of two from the neighbor the older goes."""
    with lab.in_state("OpenSent", "passive") as old, lab.connect("passive") as new:
        assert old.rest() == COLLISION
        new.receive()
        new.send(lab.open("passive"))
        assert new.receive() == KEEPALIVE_MESSAGE
        establish(lab, "passive", new, "accepted")


def test_another_of_the_neighbors_own_in_open_confirm(lab):
    """Whoever connects from the neighbor's address does not end what has come that far."""
    with lab.in_state("OpenConfirm", "passive") as old:
        with lab.connect("passive") as new:
            assert new.rest() == b""
        establish(lab, "passive", old, "accepted")
