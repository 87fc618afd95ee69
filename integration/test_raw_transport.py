"""What TCP may do to a stream of messages, and what comes that is no BGP at all."""

import array
import fcntl
import random
import socket
import termios

import pytest

from lab.bgp_bytes import (IPV4, IPV6, KEEPALIVE, KEEPALIVE_MESSAGE, OPEN, REFRESH, header,
                           notification, open_message, route_refresh, update)
from lab.raw import IPV4_ROUTE, PEER_AS, STATES, RawLab, cases
from lab.waiting import wait_until
from lab.witness import Witness

pytestmark = pytest.mark.usefixtures("witness")

MANY_PREFIXES = [f"2001:db8:{number:x}::/48" for number in range(4000)]


SESSION = open_message(PEER_AS, IPV4, REFRESH) + KEEPALIVE_MESSAGE
ROUTES = update() * 3 + route_refresh(1)


def begin(lab):
    """A connection with herald's OPEN read; every send is a segment of its own."""
    peer = lab.in_state("OpenSent", "peer")
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def check_answers(peer) -> None:
    """What herald sends to SESSION and, after the first routes, to ROUTES."""
    assert peer.receive() == KEEPALIVE_MESSAGE
    assert peer.receive_until(update()) == [IPV4_ROUTE, update()]


def test_one_octet_at_a_time(lab):
    """RFC 4271 §4.1: a message is what its length says, not what a segment holds."""
    with begin(lab) as peer:
        for octet in SESSION:
            peer.send(bytes([octet]))
        check_answers(peer)
        for octet in ROUTES:
            peer.send(bytes([octet]))
        assert peer.receive() == IPV4_ROUTE


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 18, 19, 20, 28, 29, len(SESSION) - 20,
                                 len(SESSION) - 19, len(SESSION) - 18, len(SESSION) - 1])
def test_cut_in_two(lab, cut):
    """RFC 4271 §4.1: at marker, length, type, body and between two messages."""
    with begin(lab) as peer:
        peer.send(SESSION[:cut])
        wait_until("herald's TCP has it", lambda: unacknowledged(peer.socket) == 0)
        peer.send(SESSION[cut:])
        check_answers(peer)


def unacknowledged(connection: socket.socket) -> int:
    """How many octets the other end's TCP does not have yet."""
    count = array.array("i", [0])
    fcntl.ioctl(connection, termios.TIOCOUTQ, count)
    return count[0]


def test_all_in_one_segment(lab):
    """RFC 4271 §4.1: OPEN, KEEPALIVEs, a thousand UPDATEs and a NOTIFICATION behind each other."""
    before = messages(lab, "update")
    with begin(lab) as peer:
        peer.send(SESSION + (update() + KEEPALIVE_MESSAGE) * 1000 + notification(6, 2))
        assert peer.receive() == KEEPALIVE_MESSAGE
        peer.rest()
    assert messages(lab, "update") == before + 1000
    assert lab.view("peer")["last_error"]["text"] == "received Cease / Administrative Shutdown"


def messages(lab, kind: str) -> int:
    """How many messages of that type herald has read from the neighbor."""
    return next(one["received"] for one in lab.view("peer")["messages"] if one["type"] == kind)


NO_BGP = {
    "RFC 4271 6.1, HTTP": b"GET / HTTP/1.1\r\nHost: bgp\r\n\r\n",
    "RFC 4271 6.1, TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "RFC 4271 6.1, SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "RFC 4271 6.1, zeros": bytes(4096),
    "RFC 4271 6.1, a marker of 15 octets": b"\xff" * 15 + header(29, OPEN)[16:] + bytes(50),
    "RFC 4271 6.1, an octet before the marker": b"\n" + SESSION,
    "RFC 4271 6.1, more than herald reads at once": b"A" * 300000,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("content", [pytest.param(row, id=name) for name, row in NO_BGP.items()])
def test_no_bgp(lab, state, content):
    """1/1, and its reader gets it, however much more was sent."""
    with lab.in_state(state, "peer") as peer:
        peer.send(content)
        assert peer.rest() == notification(1, 1)


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 18, b"\xff" * 18, b"QUIT\r\n"])
def test_less_than_a_header_then_the_end(lab, content):
    """RFC 4271 §6.1: nothing can be judged, and nothing is said."""
    with begin(lab) as peer:
        peer.send(content)
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.rest() == b""


ENDS = {"close": lambda peer: peer.socket.close(), "reset": lambda peer: peer.reset()}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("state", STATES)
@cases("content", {"RFC 4271 8.2.2, within a header": (header(40, OPEN)[:17],),
                   "RFC 4271 8.2.2, within a body": (header(4096, 2) + bytes(99),)})
def test_end_within_a_message(lab, state, how, content):
    """Event 18: the session is over, and the next one begins as ever."""
    peer = lab.in_state(state, "peer")
    peer.send(content)
    ENDS[how](peer)
    wait_until("herald waits", lambda: lab.view("peer")["state"] == "Active")
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_noise(lab):
    """Random octets, with and without a right beginning, by which herald stays what it is."""
    noise = random.Random(4271)
    for start in (b"", header(4096, OPEN), SESSION, SESSION + header(4096, 2),
                  SESSION + header(60, KEEPALIVE)):
        for _ in range(20):
            with begin(lab) as peer:
                try:
                    peer.send(start + noise.randbytes(noise.randrange(1, 5000)))
                except OSError:
                    pass  # herald has closed already
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_damaged_messages(lab):
    """A right exchange with some octets changed, by which herald stays what it is."""
    damage = random.Random(7606)
    right = SESSION + IPV4_ROUTE * 2 + ROUTES + KEEPALIVE_MESSAGE
    for _ in range(300):
        content = bytearray(right)
        for _ in range(damage.randrange(1, 4)):
            content[damage.randrange(len(content))] = damage.randrange(256)
        with begin(lab) as peer:
            peer.send(bytes(content))
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_message_that_never_ends(lab, witness):
    """RFC 4271 §4.1: a part of an OPEN, then silence: nobody else waits for it."""
    with begin(lab) as peer:
        peer.send(SESSION[:25])
        count = witness.keepalives()
        wait_until("two keepalives of another session", lambda: witness.keepalives() >= count + 2)
        assert lab.view("peer")["state"] == "OpenSent"


def test_many_connections_of_a_neighbor(lab):
    """RFC 4271 §6.8: one that opens hundreds has the last of them."""
    held = [lab.connect("peer") for _ in range(300)]
    for peer in held[:-1]:
        assert peer.rest().endswith(notification(6, 7))
        peer.socket.close()
    with held[-1] as peer:
        peer.receive()
        peer.send(SESSION)
        check_answers(peer)


@pytest.mark.parametrize("sends", [False, True], ids=["silent", "sends"])
def test_neighbor_that_never_closes(lab, sends):
    """RFC 4271 §6: herald has said 1/1 and closed its side; it does not wait for ever, nor is it
    kept by what still arrives, and takes the neighbor's next connection meanwhile."""
    descriptors = lab.herald.process.descriptors()
    with lab.established("peer") as peer:
        peer.send(b"\0" * 19)
        assert peer.rest() == notification(1, 1)
        with lab.established("peer"):
            assert lab.view("peer")["state"] == "Established"
        wait_until("herald is rid of both", lambda: gone(lab, peer, sends, descriptors))


def gone(lab, peer, sends: bool, descriptors: int) -> bool:
    """Whether herald has as few descriptors again; tries its patience meanwhile."""
    try:
        peer.send(KEEPALIVE_MESSAGE if sends else b"")
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has none left
    return lab.herald.process.descriptors() <= descriptors


def test_neighbor_that_never_reads():
    """RFC 9687 §1: herald's memory is bounded whatever such a neighbor asks for, and another's
    session goes on."""
    service = {"name": "dns", "prefixes": MANY_PREFIXES}
    with RawLab({"peer": {}, "witness": {"hold_time": "3s"}}, service=service) as lab, \
            Witness(lab) as witness:
        with lab.connect("peer") as peer:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.send(open_message(PEER_AS, IPV4, IPV6), KEEPALIVE_MESSAGE)
            wait_until("the session", lambda: lab.view("peer")["state"] == "Established")
            before = lab.herald.process.resident_bytes()
            for _ in range(1000):
                peer.send(route_refresh(2) * 100)
            wait_until("herald has read all", lambda: messages(lab, "route_refresh") == 100000)
            assert lab.herald.process.resident_bytes() < before + 1_000_000
            assert not lab.view("peer")["acknowledged"]
            peer.reset()
        witness.check()
