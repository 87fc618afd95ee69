"""Floods of connections: whoever they are from, no session is lost and no keepalive is late."""

import socket
import struct
import time
from collections import deque

import pytest

from lab.bgp_bytes import notification, open_message, route_refresh
from lab.raw import BGP_PORT, HERALD_ADDRESS, IPV4_ROUTE, PEER_AS, RawLab
from lab.waiting import wait_until
from lab.witness import Witness

pytestmark = pytest.mark.measures

RATE, SECONDS = 1000, 10
HALF_OPEN = 500
OPEN_AT_ONCE = 200  # connections that a flood leaves open before it closes the oldest


@pytest.fixture(name="lab")
def fixture_lab():
    """Two neighbors."""
    with RawLab({"peer": {}, "witness": {"hold_time": "3s"}}) as built:
        yield built


def stranger(number: int) -> str:
    """An address that is no neighbor's."""
    return f"127.2.{number // 250 % 250}.{1 + number % 250}"


def dial(number: int) -> socket.socket:
    """Begins a connection from a stranger's address, without waiting."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.bind((stranger(number), 0))
    connection.setblocking(False)
    connection.connect_ex((HERALD_ADDRESS, BGP_PORT))
    return connection


def send_open(connection: socket.socket) -> None:
    """Sends a right OPEN, if herald still listens."""
    try:
        connection.send(open_message(PEER_AS))
    except OSError:
        pass


def end(connection: socket.socket, number: int) -> None:
    """Ends one in one of several ways; nothing must have come from herald."""
    connection.setblocking(True)
    connection.settimeout(5)
    if number % 3 == 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif number % 3 == 1:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass  # what it had sent was not read
    connection.close()


def check_as_before(lab, before: tuple) -> None:
    """Descriptors and memory are what they were."""
    process = lab.herald.process
    wait_until("the descriptors are back", lambda: process.descriptors() == before[0])
    assert process.resident_bytes() < before[1] + 1_000_000


def usage(lab) -> tuple:
    """Descriptors and resident memory."""
    return lab.herald.process.descriptors(), lab.herald.process.resident_bytes()


def test_a_thousand_strangers_a_second(lab):
    """RFC 4271 §8.1.1, AcceptConnectionsUnconfiguredPeers is not implemented: each connection ends
    without a word, whether it says something or not."""
    with Witness(lab) as witness, lab.established("peer") as peer:
        before, waiting, began = usage(lab), deque(), time.monotonic()
        with lab.namespace.entered():
            for number in range(RATE * SECONDS):
                time.sleep(max(0.0, began + number / RATE - time.monotonic()))
                waiting.append((dial(number), number))
                if len(waiting) > OPEN_AT_ONCE:
                    connection, opened = waiting.popleft()
                    end(connection, opened)
                if number % 2:
                    send_open(waiting[len(waiting) // 2][0])
        print(f"{RATE * SECONDS / (time.monotonic() - began):.0f} connections a second")
        for connection, opened in waiting:
            end(connection, opened)
        peer.send(route_refresh(1))
        assert peer.receive() == IPV4_ROUTE
        witness.check()
        check_as_before(lab, before)


def test_half_open_strangers(lab):
    """Connections that their side never closes: herald keeps none."""
    with Witness(lab) as witness, lab.established("peer") as peer:
        before = usage(lab)
        held = [lab.connect_from(stranger(number)) for number in range(HALF_OPEN)]
        check_as_before(lab, before)
        count = witness.keepalives()
        wait_until("two keepalives", lambda: witness.keepalives() >= count + 2)
        for one in held:
            assert one.rest() == b""
            one.socket.close()
        peer.send(route_refresh(1))
        assert peer.receive() == IPV4_ROUTE
        witness.check()
        check_as_before(lab, before)


def hold_half_open(lab, witness) -> None:
    """Opens silent connections from the neighbor's address, for as long as herald has patience."""
    held = [lab.connect("peer") for _ in range(HALF_OPEN)]
    for one in held[:-1]:
        assert one.rest().endswith(notification(6, 7))
    count = witness.keepalives()
    wait_until("two keepalives", lambda: witness.keepalives() >= count + 2)
    for one in held:
        one.socket.close()


def test_half_open_connections_of_a_neighbor(lab):
    """From the address of a neighbor whose session is up: silent ones do not cost it that session.
    Of them herald keeps the last alone, RFC 4271 §6.8. What memory the first flood took serves the
    second."""
    with Witness(lab) as witness, lab.established("peer") as peer:
        before = usage(lab)
        hold_half_open(lab, witness)
        wait_until("the descriptors are back", lambda: usage(lab)[0] == before[0])
        assert usage(lab)[1] < before[1] + HALF_OPEN * 16384
        before = usage(lab)
        hold_half_open(lab, witness)
        peer.send(route_refresh(1))
        assert peer.receive() == IPV4_ROUTE
        witness.check()
        check_as_before(lab, before)


def test_half_open_connections_before_the_session(lab):
    """RFC 4271 §6.8: the neighbor's real connection, the newest, becomes the session."""
    with Witness(lab) as witness:
        descriptors, _ = usage(lab)
        held = [lab.connect("peer") for _ in range(HALF_OPEN)]
        with lab.established("peer") as peer:
            peer.send(notification(6, 2))
            assert peer.rest() == b""
        for one in held:
            one.socket.close()
        witness.check()
        wait_until("the descriptors are back", lambda: usage(lab)[0] == descriptors)
