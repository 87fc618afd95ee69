"""The clocks of a session. The cases run side by side: each takes some seconds."""

import select
import time

import pytest

from lab.bgp_bytes import END_OF_RIB_IPV4, KEEPALIVE_MESSAGE, notification, route_refresh
from lab.raw import IPV4_ROUTE, Peer, RawLab
from lab.side_by_side import each_case, result_of, side_by_side

HOLD_EXPIRED = notification(4, 0)
HOLD = 3.0
# How much later than it should something may be noticed on a busy machine; never earlier.
LATE = 3.0


class Clocked:
    """A connection whose messages are read with the time of their arrival."""

    def __init__(self, peer: Peer):
        self.peer, self.began = peer, time.monotonic()

    def messages(self, seconds: float) -> list:
        """What arrives within that time, or until the end: (seconds since the start, octets)."""
        arrived, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.peer.socket], [], [], left)[0]:
                message = self.peer.receive()
                arrived.append((time.monotonic() - self.began, message))
                if not message:
                    break
        return arrived

    def check_expiry(self, after: float = HOLD) -> None:
        """Nothing but KEEPALIVEs, then 4/0 at its time, then the end."""
        *before, expiry, end = self.messages(after + 2 * LATE)
        assert all(message == KEEPALIVE_MESSAGE for _, message in before)
        assert (expiry[1], end[1]) == (HOLD_EXPIRED, b"")
        assert after - 0.05 < expiry[0] < after + LATE


def silent_established(lab, name):
    """RFC 4271 §6.5: a neighbor that falls silent once Established."""
    with lab.established(name) as peer:
        Clocked(peer).check_expiry()


def silent_open_confirm(lab, name):
    """RFC 4271 §8.2.2: one that never sends its first KEEPALIVE."""
    with lab.in_state("OpenConfirm", name) as peer:
        Clocked(peer).check_expiry()


def lower_of_the_two(lab, name):
    """RFC 4271 §4.2: the neighbor's hold time where it is the lower one."""
    with lab.established(name, hold_time=3) as peer:
        Clocked(peer).check_expiry()


def own_is_lower(lab, name):
    """RFC 4271 §4.2: herald's hold time where it is the lower one."""
    with lab.established(name, hold_time=65535) as peer:
        Clocked(peer).check_expiry()


def restarted_by_keepalive(lab, name):
    """RFC 4271 §4.4: counted from the last KEEPALIVE."""
    with lab.established(name) as peer:
        time.sleep(1.5)
        peer.send(KEEPALIVE_MESSAGE)
        clocked = Clocked(peer)
        clocked.check_expiry()


def restarted_by_update(lab, name):
    """RFC 4271 §8.2.2, event 27: an UPDATE is as good as a KEEPALIVE."""
    with lab.established(name) as peer:
        for _ in range(4):
            time.sleep(1.2)
            peer.send(END_OF_RIB_IPV4)
        Clocked(peer).check_expiry()


def not_by_refresh(lab, name):
    """RFC 4271 §8.2.2, RFC 2918: nothing but KEEPALIVE and UPDATE restarts it."""
    with lab.established(name) as peer:
        clocked = Clocked(peer)
        for _ in range(5):
            time.sleep(0.5)
            peer.send(route_refresh(2))
        clocked.check_expiry()


def not_by_a_part(lab, name):
    """RFC 4271 §6.5: octets that are no whole message yet do not count."""
    with lab.established(name) as peer:
        clocked = Clocked(peer)
        for octet in KEEPALIVE_MESSAGE[:5]:
            time.sleep(0.5)
            peer.send(bytes([octet]))
        clocked.check_expiry()


def zero_by_the_neighbor(lab, name):
    """RFC 4271 §4.2: 0 means neither KEEPALIVEs nor an end."""
    with lab.established(name, hold_time=0) as peer:
        assert Clocked(peer).messages(5.0) == []
        assert (lab.view(name)["hold_time"], lab.view(name)["keepalive_interval"]) == (0, 0)
        peer.send(route_refresh(1))
        assert peer.receive() == IPV4_ROUTE


def zero_by_herald(lab, name):
    """RFC 4271 §4.2: herald's 0 is the lower of the two."""
    with lab.established(name) as peer:
        assert Clocked(peer).messages(5.0) == []
        peer.send(route_refresh(1))
        assert peer.receive() == IPV4_ROUTE


def zero_in_open_confirm(lab, name):
    """RFC 4271 §4.2: with 0 the first KEEPALIVE may take its time."""
    with lab.in_state("OpenConfirm", name, hold_time=0) as peer:
        assert Clocked(peer).messages(5.0) == []
        peer.send(KEEPALIVE_MESSAGE)
        assert peer.receive() == IPV4_ROUTE


def keepalive_gaps(peer: Peer, count: int) -> list:
    """The seconds between this many KEEPALIVEs and the next; each is answered with one."""
    arrivals = []
    for _ in range(count + 1):
        assert peer.receive() == KEEPALIVE_MESSAGE
        arrivals.append(time.monotonic())
        peer.send(KEEPALIVE_MESSAGE)
    return [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]


def keepalives_with_jitter(lab, name):
    """RFC 4271 §10: at a third of the hold time, less up to a quarter of that, and not alike."""
    with lab.established(name, hold_time=5) as peer:
        gaps = keepalive_gaps(peer, 4)
        assert all(1.2 < gap < 5 for gap in gaps)
        assert max(gaps) - min(gaps) > 0.005


def keepalives_once_a_second(lab, name):
    """RFC 4271 §4.4: never more than one a second, jitter or not."""
    with lab.established(name, hold_time=3) as peer:
        assert all(0.95 < gap < 3 for gap in keepalive_gaps(peer, 4))


def open_sent_has_a_large_one(lab, name):
    """RFC 4271 §8.2.2: herald waits 4 minutes for an OPEN, not the 3 s that it offers itself."""
    with lab.in_state("OpenSent", name) as peer:
        assert Clocked(peer).messages(6.0) == []
        peer.send(lab.open(name), KEEPALIVE_MESSAGE)
        assert peer.receive() == KEEPALIVE_MESSAGE
        assert peer.receive() == IPV4_ROUTE


NINETY = (lower_of_the_two, zero_by_the_neighbor, zero_in_open_confirm, keepalives_with_jitter,
          keepalives_once_a_second)
ZERO = (zero_by_herald,)
THREE = (silent_established, silent_open_confirm, own_is_lower, restarted_by_keepalive,
         restarted_by_update, not_by_refresh, not_by_a_part, open_sent_has_a_large_one)


ALL = NINETY + ZERO + THREE


@pytest.fixture(scope="module", name="results")
def fixture_results():
    """What became of each case: all have been started."""
    neighbors = {case.__name__: {"hold_time": hold_time}
                 for hold_time, group in (("90s", NINETY), ("0s", ZERO), ("3s", THREE))
                 for case in group}
    with RawLab(neighbors) as lab, side_by_side(lab, ALL) as results:
        yield results


@each_case(ALL)
def test_timer(results, case):
    """Raises what the case raised."""
    result_of(results, case)
