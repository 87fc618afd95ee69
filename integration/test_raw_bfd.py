"""BFD with a neighbor that says what a test tells it to: RFC 5880, 5881, 5882, and strict mode."""

import select
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from lab.bfd_bytes import (AUTHENTICATED, MULTIHOP, MULTIPOINT, POLL, SHA1, SINGLE_HOP, BfdPacket)
from lab.bfd_flow import BfdFlow
from lab.bfd_peer import BfdPeer
from lab.bgp_bytes import (END_OF_RIB_IPV4, HEADER_LENGTH, IPV4, KEEPALIVE_MESSAGE, NOTIFICATION,
                           capability, notification, open_message)
from lab.flow import Flow
from lab.herald import Herald
from lab.network import Link, Namespace
from lab.raw import Peer
from lab.site import IPV4_PREFIX, ROUTER_AS, Leaf, Site, settings
from lab.waiting import stays_true, wait_until

FAST = {"min_tx": "50ms", "min_rx": "50ms"}
STRICT = capability(74)
BFD_DOWN = notification(6, 10)
STRANGER = "203.0.113.9"
KEY, OTHER_KEY = "open sesame", "parsley"


@dataclass
class World:
    """herald on a node, and a neighbor on the link that is made of a test's own packets."""

    site: Site
    leaf: Leaf
    herald: Herald

    def configure(self, bfd: object, **neighbor: object) -> None:
        """Writes herald's configuration; the neighbor is passive and speaks IPv4."""
        self.herald.configure(settings(
            [self.leaf.neighbor(passive=True, families=["ipv4"], bfd=bfd, **neighbor)],
            [{"name": "dns", "prefixes": [IPV4_PREFIX]}], listen=[self.leaf.node_ipv4]))

    def neighbor(self) -> dict:
        """What herald shows of the neighbor."""
        return self.herald.get(f"/v1/neighbors/{self.leaf.name}")

    def bfd(self) -> dict:
        """The same of its BFD session."""
        return self.neighbor()["bfd"]

    def dropped(self, reason: str) -> int:
        """How many packets were dropped for this reason."""
        return self.bfd()["dropped_for"].get(reason, 0)

    def speaker(self, **options: object) -> BfdPeer:
        """The neighbor's side of BFD."""
        return BfdPeer(self.leaf.namespace, self.leaf.ipv4, self.leaf.node_ipv4, **options)

    def connect(self) -> Peer:
        """The neighbor's TCP connection; herald's OPEN is not read yet."""
        return Peer(self.leaf.namespace.connect(self.leaf.node_ipv4, 179))

    def established(self) -> Peer:
        """Its BGP session, with all that herald says first read."""
        peer = self.connect()
        peer.receive()
        peer.send(open_message(ROUTER_AS, IPV4))
        assert peer.receive() == KEEPALIVE_MESSAGE
        peer.send(KEEPALIVE_MESSAGE)
        peer.receive_until(END_OF_RIB_IPV4)
        return peer

    def udp_ports(self) -> list:
        """The UDP ports on which something on the node receives from anyone."""
        shown = self.site.node.run("ss", "-H", "-lun").stdout.splitlines()
        return sorted(int(line.split()[3].rsplit(":", 1)[1]) for line in shown)


def starting(site: Site, bfd: object, **neighbor: object) -> World:
    """herald with these keys of `bfd`."""
    world = World(site, site.add_leaf(), site.herald())
    world.configure(bfd, **neighbor)
    world.herald.start()
    return world


@contextmanager
def both_up(site: Site, bfd: object = None, **neighbor: object):
    """A world, its neighbor's BFD, Up, and its BGP session, Established."""
    world = starting(site, bfd or FAST, **neighbor)
    with world.speaker() as speaker:
        come_up(world, speaker)
        with world.established() as peer:
            yield world, speaker, peer


def come_up(world: World, speaker: BfdPeer) -> None:
    """Has the neighbor speak until both are Up."""
    speaker.change(min_tx=100_000, min_rx=50_000)
    speaker.interval = 0.05
    speaker.run()
    wait_until("Up", lambda: world.bfd()["state"] == "Up")
    speaker.wait_heard("Up is said", lambda one: one.packet.state == "Up")


def next_message(peer: Peer) -> bytes:
    """The next one but for KEEPALIVEs."""
    while (message := peer.receive()) == KEEPALIVE_MESSAGE:
        pass
    return message


def is_silent(peer: Peer, seconds: float) -> bool:
    """Whether nothing comes on this connection."""
    return not select.select([peer.socket], [], [], seconds)[0]


# Sockets.

def test_ports_are_open_while_they_are_needed(site):
    """None without BFD, one for its kind of path with it, and none again."""
    world = starting(site, None)
    assert world.udp_ports() == []
    for bfd, ports in ((FAST, [SINGLE_HOP]), ({"multihop": True}, [MULTIHOP]), (None, [])):
        world.configure(bfd)
        world.herald.ctl("reload")
        wait_until("these are open", lambda wanted=ports: [
            port for port in world.udp_ports() if port in (SINGLE_HOP, MULTIHOP)] == wanted)
    assert world.neighbor()["bfd"] is None


@pytest.mark.measures
def test_first_packets(site):
    """Down, once in 0.75 to 1 s, from one port of the range, with TTL 255, RFC 5880 §6.8.3."""
    world = starting(site, FAST)
    with world.speaker() as speaker:
        wait_until("some have come", lambda: len(speaker.heard) >= 4)
        first = speaker.heard[0].packet
        assert first == BfdPacket("Down", mine=first.mine, min_tx=1_000_000, min_rx=50_000)
        assert first.mine != 0
        assert {one.packet for one in speaker.heard} == {first}
        assert {one.ttl for one in speaker.heard} == {255}
        assert len({one.source_port for one in speaker.heard}) == 1
        assert 49152 <= speaker.heard[0].source_port <= 65535
        times = [one.time for one in speaker.heard]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        assert all(0.74 < gap < 1.1 for gap in gaps), gaps


def test_passive(site):
    """It says nothing before the neighbor has."""
    world = starting(site, {**FAST, "passive": True})
    with world.speaker() as speaker:
        stays_true("silence", lambda: not speaker.heard, 1.5)
        assert world.bfd()["state"] == "Down"
        come_up(world, speaker)


# The session.

def test_three_way_handshake(site):
    """Down is answered by Init, Init by Up, with the discriminator that was heard; a Poll by a
    Final, RFC 5880 §6.5."""
    world = starting(site, FAST)
    with world.speaker() as speaker:
        speaker.say()
        init = speaker.wait_heard("Init", lambda one: one.packet.state == "Init").packet
        assert init.yours == speaker.says.mine
        speaker.change(state="Init", yours=init.mine, min_tx=100_000)
        speaker.say()
        up = speaker.wait_heard("Up", lambda one: one.packet.state == "Up").packet
        assert (up.min_tx, up.min_rx, up.multiplier) == (50_000, 50_000, 3)
        assert up.poll  # its interval is another one now
        speaker.change(state="Up")
        speaker.say(replace(speaker.says, flags=POLL))
        final = speaker.wait_heard("a Final", lambda one: one.packet.final).packet
        assert not final.poll
        shown = world.bfd()
        assert (shown["state"], shown["remote_state"]) == ("Up", "Up")
        assert shown["remote_discriminator"] == speaker.says.mine


def test_session_that_was_never_up_ends_nothing(site):
    """BGP is up without BFD, and stays so whatever is said."""
    world = starting(site, FAST)
    with world.speaker() as speaker, world.established() as peer:
        speaker.change(multiplier=3)
        for _ in range(3):
            speaker.say()
        speaker.wait_heard("Init", lambda one: one.packet.state == "Init")
        wait_until("it is forgotten", lambda: world.bfd()["state"] == "Down")
        assert is_silent(peer, 0.5)
        assert world.neighbor()["state"] == "Established"


@pytest.mark.measures
@pytest.mark.parametrize("how", ["silence", "Down"])
def test_down_ends_bgp(site, how):
    """After a detection time, or by the neighbor's word: 6/10 at once, RFC 9384."""
    with both_up(site) as (world, speaker, peer):
        speaker.change(multiplier=3)
        wait_until("it counts", lambda: world.bfd()["detection_time"] == pytest.approx(0.3))
        if how == "silence":
            speaker.rest()
        else:
            speaker.rest()
            speaker.say(replace(speaker.says, state="Down", diagnostic=1))
        began = time.monotonic()
        assert next_message(peer) == BFD_DOWN
        assert peer.rest() == b""
        took = time.monotonic() - began
        assert took < 1.0
        shown = world.bfd()
        assert shown["state"] == "Down"
        assert shown["diagnostic"] == ("Control Detection Time Expired" if how == "silence"
                                       else "Neighbor Signaled Session Down")
        assert "BFD" in world.neighbor()["why_down"]


@pytest.mark.measures
def test_detection_time(site):
    """The neighbor's multiplier times the larger interval, from its last packet on, §6.8.4."""
    with both_up(site) as (world, speaker, peer):
        speaker.change(multiplier=4)
        wait_until("it counts", lambda: world.bfd()["detection_time"] == pytest.approx(0.4))
        with BfdFlow(world.leaf.namespace, world.leaf.interface) as flow:
            wait_until("one more", lambda: flow.packets(world.leaf.ipv4))
            speaker.rest()
            assert next_message(peer) == BFD_DOWN
            last = flow.packets(world.leaf.ipv4)[-1].time
            down = next(one for one in flow.packets(world.leaf.node_ipv4)
                        if one.packet.state == "Down")
        assert down.packet.diagnostic == 1
        assert 0.399 < down.time - last < 0.46


def test_graceful_restart_does_not_keep_it(site):
    """6/10 ends it for good: a hard reset for those that would keep the routes, RFC 8538."""
    world = starting(site, FAST, graceful_restart="60s")
    with world.speaker() as speaker:
        come_up(world, speaker)
        with world.connect() as peer:
            peer.receive()
            peer.send(open_message(ROUTER_AS, IPV4, capability(64, b"\x40\x78\0\1\1\x80")))
            assert peer.receive() == KEEPALIVE_MESSAGE
            peer.send(KEEPALIVE_MESSAGE)
            peer.receive_until(END_OF_RIB_IPV4)
            speaker.rest()
            assert next_message(peer) == notification(6, 9, bytes([6, 10]))


def test_remote_admin_down_ends_nothing(site):
    """What the neighbor's operator has switched off is not the path, RFC 5882 §4.2; nor does
    its silence later count."""
    with both_up(site) as (world, speaker, peer):
        speaker.change(state="AdminDown", diagnostic=7)
        wait_until("it is known", lambda: world.bfd()["remote_state"] == "AdminDown")
        assert world.bfd()["remote_diagnostic"] == "Administratively Down"
        assert world.bfd()["state"] == "Down"
        speaker.rest()
        assert is_silent(peer, 1.0)
        assert world.neighbor()["state"] == "Established"
        speaker.change(state="Down", diagnostic=0, yours=0)
        come_up(world, speaker)
        assert world.neighbor()["state"] == "Established"


def test_intervals_of_a_reload_change_by_poll(site):
    """A longer one counts only after the Final, §6.8.3, and the session is Up all the while."""
    with both_up(site) as (world, speaker, _):
        since = world.bfd()["since"]
        world.configure({"min_tx": "200ms", "min_rx": "300ms"})
        del speaker.heard[:]
        world.herald.ctl("reload")
        poll = speaker.wait_heard("a Poll", lambda one: one.packet.poll).packet
        assert (poll.min_tx, poll.min_rx) == (200_000, 300_000)
        wait_until("they count", lambda: world.bfd()["tx_interval"] == 0.2)
        assert {one.packet.state for one in speaker.heard} == {"Up"}
        assert world.bfd()["since"] == since


@pytest.mark.measures
@pytest.mark.measures
def test_intervals_are_jittered(site):
    """75 to 100 % of the interval, §6.8.7."""
    with both_up(site) as (world, speaker, _):
        wait_until("no poll is under way", lambda: world.bfd()["tx_interval"] == 0.05)
        del speaker.heard[:]
        wait_until("many", lambda: len(speaker.heard) > 60)
        times = [one.time for one in speaker.heard if not one.packet.final]
        gaps = sorted(later - earlier for earlier, later in zip(times, times[1:]))
        assert 0.036 < gaps[len(gaps) // 10] and gaps[len(gaps) * 9 // 10] < 0.056
        assert max(gaps) - min(gaps) > 0.005


def test_stop_is_told_after_bgp_has_ended(site):
    """6/2 first; then AdminDown with diagnostic 7."""
    with both_up(site) as (world, _, peer):
        with BfdFlow(world.leaf.namespace, world.leaf.interface) as flow:
            world.herald.process.stop()
            said_on_bgp = peer.rest()
            said = wait_until("AdminDown", lambda: [
                one for one in flow.packets(world.leaf.node_ipv4)
                if one.packet.state == "AdminDown"])
        assert bytes([NOTIFICATION, 6, 2]) in said_on_bgp
        assert {one.packet.diagnostic for one in said} == {7}


def test_neighbor_that_is_removed_is_told(site):
    """A reload without BFD: AdminDown for a detection time, then nothing; BGP goes on."""
    with both_up(site) as (world, speaker, _):
        world.configure(None)
        world.herald.ctl("reload")
        speaker.wait_state("AdminDown")
        wait_until("silence", lambda: world.udp_ports() == [])
        assert {one.packet.state for one in speaker.heard[-2:]} == {"AdminDown"}
        assert world.neighbor()["state"] == "Established"


def test_shutdown_of_a_neighbor(site):
    """BGP is closed with its 6/2, then AdminDown is said; enabled it begins anew."""
    with both_up(site) as (world, speaker, peer):
        with BfdFlow(world.leaf.namespace, world.leaf.interface) as flow, \
                Flow(world.leaf.namespace, world.leaf.interface) as tcp:
            world.herald.ctl("neighbor", world.leaf.name, "shutdown")
            assert bytes([NOTIFICATION, 6, 2]) in peer.rest()
            first = wait_until("AdminDown", lambda: next(
                (one for one in flow.packets(world.leaf.node_ipv4)
                 if one.packet.state == "AdminDown"), None))
            good_bye = [one for one in tcp.segments()
                        if one.source == world.leaf.node_ipv4 and one.content][-1]
        assert good_bye.time < first.time
        wait_until("nothing is open", lambda: world.udp_ports() == [])
        world.herald.ctl("neighbor", world.leaf.name, "enable")
        speaker.change(state="Down", yours=0)
        come_up(world, speaker)
        world.established().socket.close()


def test_multihop(site):
    """Through a router, to port 4784, and back with a TTL of 254."""
    leaf = site.add_leaf()
    far = Namespace("far")
    try:
        link = Link(far, leaf.namespace)
        link.address("198.51.100.201/30", "198.51.100.202/30")
        link.up()
        leaf.namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        far.ip("route", "add", "default", "via", "198.51.100.202")
        site.node.ip("route", "add", "198.51.100.201", "via", leaf.ipv4)
        world = World(site, leaf, site.herald())
        world.configure(FAST, address="198.51.100.201", multihop=2)
        world.herald.start()
        with BfdPeer(far, "198.51.100.201", leaf.node_ipv4, port=MULTIHOP) as speaker:
            come_up(world, speaker)
            assert {one.ttl for one in speaker.heard} == {254}
            assert world.bfd()["multihop"]
            assert world.udp_ports()[0] == MULTIHOP
    finally:
        far.remove()


@pytest.mark.measures
def test_restart_goes_on(site):
    """Not a packet late, discriminators as they were; the neighbor would not hear others."""
    with both_up(site) as (world, speaker, peer):
        del speaker.heard[:]
        before = world.bfd()
        for _ in range(3):
            assert world.herald.restart() == {world.leaf.name: "kept"}
        after = world.bfd()
        heard = list(speaker.heard)
        assert {one.packet.state for one in heard} == {"Up"}
        assert {one.packet.mine for one in heard} == {before["discriminator"]}
        assert len({one.source_port for one in heard}) == 1
        gaps = [later.time - one.time for one, later in zip(heard, heard[1:])]
        assert max(gaps) < 0.15  # what the neighbor would give it
        assert after["transitions"] == before["transitions"]
        peer.send(KEEPALIVE_MESSAGE)
        assert world.neighbor()["state"] == "Established"


def test_heraldctl_shows_it(site):
    """`heraldctl neighbors NAME` has the session."""
    with both_up(site) as (world, _, _):
        shown = world.herald.ctl("neighbors", world.leaf.name).stdout
        lines = [line for line in shown.splitlines() if "bfd" in line.lower()]
        assert any("Up" in line for line in lines), shown


# What is dropped.

WRONG = {
    "hop limit": (lambda right: right.encode(), 254),
    "version": (lambda right: replace(right, version=2).encode(), 255),
    "length": (lambda right: replace(right, length=23).encode(), 255),
    "truncated": (lambda right: replace(right, length=25).encode(), 255),
    "multiplier": (lambda right: replace(right, multiplier=0).encode(), 255),
    "multipoint": (lambda right: replace(right, flags=MULTIPOINT).encode(), 255),
    "my discriminator": (lambda right: replace(right, mine=0).encode(), 255),
    "your discriminator": (lambda right: replace(right, yours=0).encode(), 255),
    "authentication unexpected": (lambda right: right.signed(KEY, 1).encode(), 255),
}


@pytest.mark.parametrize("reason", WRONG)
def test_wrong_packet_is_dropped_and_counted(site, reason):
    """It would bring the session down, if it were not."""
    make, ttl = WRONG[reason]
    with both_up(site) as (world, speaker, peer):
        before = world.bfd()
        speaker.say_octets(make(replace(speaker.says, state="Down"))
                           if reason != "your discriminator" else make(speaker.says), ttl)
        wait_until("it is counted", lambda: world.dropped(reason) == 1)
        shown = world.bfd()
        assert shown["state"] == "Up"
        assert shown["dropped"] == before["dropped"] + 1
        assert shown["transitions"] == before["transitions"]
        assert is_silent(peer, 0.1)


def test_stranger_is_not_heard(site):
    """A packet from another address that knows no discriminator, and one that guesses."""
    with both_up(site) as (world, speaker, peer):
        world.leaf.namespace.ip("address", "add", f"{STRANGER}/32", "dev", "lo")
        world.site.node.ip("route", "add", STRANGER, "via", world.leaf.ipv4)
        with BfdPeer(world.leaf.namespace, STRANGER, world.leaf.node_ipv4,
                     source_port=49300) as stranger:
            for yours in (0, 1, 0xffffffff):
                stranger.say(BfdPacket("Down", mine=77, yours=yours))
            stays_true("Up", lambda: world.bfd()["state"] == "Up", 0.5)
            assert not stranger.heard
        assert is_silent(peer, 0.1)
        assert speaker.heard[-1].packet.state == "Up"


# Authentication, §6.7.4.

@pytest.mark.parametrize("kind", ["meticulous-sha1", "sha1"])
def test_authentication(site, kind):
    """Up with the key; packets that are old, unsigned, or signed with another key are dropped."""
    number = 5 if kind == "meticulous-sha1" else SHA1
    world = starting(site, {**FAST, "authentication": kind, "password": KEY})
    with world.speaker() as speaker:
        sequence = iter(range(1000, 1 << 31))
        speaker.sign = lambda packet: packet.signed(KEY, next(sequence), number)
        come_up(world, speaker)
        heard = speaker.heard[-1].packet
        assert heard.flags & AUTHENTICATED
        counter = int.from_bytes(heard.authentication[4:8], "big")
        assert replace(heard, flags=heard.flags & ~AUTHENTICATED, authentication=b"").signed(
            KEY, counter, number) == heard
        down = replace(speaker.says, state="Down")
        for reason, wrong in {
                "authentication missing": down,
                "authentication digest": down.signed(OTHER_KEY, 1 << 30, number),
                "authentication key": down.signed(KEY, 1 << 30, number, key_id=2),
                "authentication type": down.signed(KEY, 1 << 30, 9 - number),
                "authentication sequence": down.signed(KEY, 1, number)}.items():
            speaker.say_octets(wrong.encode())
            wait_until(reason, lambda why=reason: world.dropped(why) == 1)
        assert world.bfd()["state"] == "Up"
        assert KEY not in world.herald.process.output()


# Strict mode, draft-ietf-idr-bgp-bfd-strict-mode.

@pytest.mark.parametrize("theirs", [(IPV4, STRICT), (IPV4,)], ids=["with 74", "without 74"])
def test_strict(site, theirs):
    """The KEEPALIVE that answers OPEN waits for BFD, whether or not the neighbor does."""
    world = starting(site, {**FAST, "strict": True})
    with world.speaker() as speaker, world.connect() as peer:
        assert STRICT in peer.receive()
        peer.send(open_message(ROUTER_AS, *theirs))
        assert is_silent(peer, 1.0)
        assert world.neighbor()["state"] == "OpenSent"
        come_up(world, speaker)
        assert peer.receive() == KEEPALIVE_MESSAGE
        peer.send(KEEPALIVE_MESSAGE)
        peer.receive_until(END_OF_RIB_IPV4)


@pytest.mark.measures
def test_strict_is_bounded_by_the_hold_time(site):
    """Without BFD it ends, and says why."""
    world = starting(site, {**FAST, "strict": True}, hold_time="3s")
    with world.connect() as peer:
        peer.receive()
        began = time.monotonic()
        peer.send(open_message(ROUTER_AS, IPV4, STRICT, hold_time=3))
        message = peer.receive()
        assert 2.9 < time.monotonic() - began < 4.0
        assert message[HEADER_LENGTH - 1:HEADER_LENGTH + 2] in (
            bytes([NOTIFICATION, 6, 10]), bytes([NOTIFICATION, 4, 0]))
        assert "BFD" in str(world.neighbor()["last_error"]) + str(world.neighbor()["why_down"])


def test_strict_with_bfd_up_waits_for_nothing(site):
    """BFD first, BGP then."""
    world = starting(site, {**FAST, "strict": True})
    with world.speaker() as speaker:
        come_up(world, speaker)
        with world.established():
            assert world.neighbor()["state"] == "Established"


def test_without_strict_nothing_is_offered_and_nothing_waits(site):
    """BGP comes up while BFD is Down."""
    world = starting(site, FAST)
    with world.connect() as peer:
        assert STRICT not in peer.receive()
        peer.send(open_message(ROUTER_AS, IPV4, STRICT))
        assert peer.receive() == KEEPALIVE_MESSAGE
