"""Timers of minutes, with a herald whose clock goes 100 times as fast: 2.4 s are its 4 minutes."""

import socket
import time

import pytest

from lab.bgp_bytes import IPV4, KEEPALIVE_MESSAGE, notification, open_message, route_refresh
from lab.herald import FAST_CLOCK
from lab.raw import PEER_AS, RawLab
from lab.side_by_side import each_case, result_of, side_by_side
from lab.waiting import wait_until

FACTOR = 100
OPEN_HOLD, SEND_HOLD = 240 / FACTOR, 480 / FACTOR
HOLD = 240  # the longest of which RFC 9687's 8 minutes are the double
LATE = 3.0
MORE_THAN_ENOUGH = 1000  # answers of 32 KiB for two sockets' buffers
PREFIXES = [f"192.{number // 256}.{number % 256}.0/24" for number in range(8192)]


def open_never_comes(lab, name):
    """RFC 4271 §8.2.2: after 4 minutes without an OPEN herald sends 4/0."""
    began = time.monotonic()
    with lab.in_state("OpenSent", name) as peer:
        assert peer.rest() == notification(4, 0)
        assert OPEN_HOLD - 0.05 < time.monotonic() - began < OPEN_HOLD + LATE


def stop_reading(lab, name):
    """A session whose neighbor has not read since its OPEN, and herald's last write is stuck."""
    peer = lab.connect(name)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    peer.send(open_message(PEER_AS, IPV4, hold_time=HOLD), KEEPALIVE_MESSAGE)
    wait_until("the session", lambda: state(lab, name) == "Established")
    for _ in range(MORE_THAN_ENOUGH):
        before = messages(lab, name)
        peer.send(route_refresh(1), KEEPALIVE_MESSAGE)
        wait_until("herald has read it", lambda seen=before["keepalive"]["received"]:
                   messages(lab, name)["keepalive"]["received"] == seen + 1)
        if messages(lab, name)["update"]["sent"] == before["update"]["sent"]:
            return peer
    raise AssertionError("the sockets of both ends took everything")


def messages(lab, name: str) -> dict:
    """The counts of messages by type."""
    return {one["type"]: one for one in lab.view(name)["messages"]}


def state(lab, name: str) -> str:
    """That of the neighbor."""
    return lab.view(name)["state"]


def neighbor_that_stops_reading(lab, name):
    """RFC 9687 §3: it keeps its own keepalives coming, and is given up after 8 minutes, which is
    what the log says; 8/0 is tried and does not reach it."""
    with stop_reading(lab, name) as peer:
        began = time.monotonic()
        while state(lab, name) == "Established" and time.monotonic() - began < SEND_HOLD + LATE:
            peer.send(KEEPALIVE_MESSAGE)
            time.sleep(0.1)
        assert SEND_HOLD - 1 < time.monotonic() - began < SEND_HOLD + LATE
        assert lab.view(name)["last_error"]["text"] == "sent Send Hold Timer Expired"
        peer.reset()


def neighbor_that_reads_slowly(lab, name):
    """RFC 9687 §3: with some octets taken within 8 minutes it goes on for longer than those."""
    with stop_reading(lab, name) as peer:
        until = time.monotonic() + SEND_HOLD + 2
        while time.monotonic() < until:
            peer.send(KEEPALIVE_MESSAGE)
            peer.socket.recv(65536, socket.MSG_DONTWAIT)
            time.sleep(0.1)
        assert state(lab, name) == "Established"
        peer.reset()


def neighbor_that_hears_nothing_new(lab, name):
    """RFC 9687 §3: without anything to be read, nothing is wrong with not reading."""
    with lab.established(name, hold_time=HOLD) as peer:
        until = time.monotonic() + SEND_HOLD + 1
        while time.monotonic() < until:
            peer.send(KEEPALIVE_MESSAGE)
            time.sleep(0.1)
        assert state(lab, name) == "Established"


ALL = (open_never_comes, neighbor_that_stops_reading, neighbor_that_reads_slowly,
       neighbor_that_hears_nothing_new)


@pytest.fixture(scope="module", name="results")
def fixture_results():
    """What became of each case: all have been started. There are enough routes for a neighbor's
    TCP to be full after some requests for them."""
    with RawLab({case.__name__: {"hold_time": f"{HOLD}s"} for case in ALL},
                service={"name": "dns", "prefixes": PREFIXES}, env=FAST_CLOCK) as lab, \
            side_by_side(lab, ALL) as results:
        yield results


@each_case(ALL)
def test_timer(results, case):
    """Raises what the case raised."""
    result_of(results, case)
