"""Neighbors and strangers that send anything: answered or dropped, and nobody else notices."""

import random
import struct

import pytest

from lab.bgp_bytes import (KEEPALIVE, OPEN, UPDATE, header, message, open_body, read_message,
                           read_notification)
from lab.frr import FrrNeighbor
from lab.scenario import World
from lab.site import (HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS, dns_service, settings)
from lab.waiting import wait_until

GOOD_OPEN = message(OPEN, open_body(ROUTER_AS, "203.0.113.99"))
CONNECTIONS = 1000

# What the first bytes of a connection are, and how the NOTIFICATION to them begins: code,
# subcode, data (RFC 4271 §6.1 and §6.2).
BAD_BEGINNINGS = {
    "marker of zeros": (header(29, OPEN, b"\0" * 16), b"\1\1"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: bgp\r\n\r\n", b"\1\1"),
    "length below a header": (header(18, OPEN), b"\1\2\0\x12"),
    "length above the limit": (header(4097, OPEN), b"\1\2\x10\x01"),
    "OPEN too short": (header(28, OPEN), b"\1\2\0\x1c"),
    "KEEPALIVE with a body": (header(20, KEEPALIVE), b"\1\2\0\x14"),
    "type that does not exist": (message(9), b"\1\3\x09"),
    "UPDATE before OPEN": (message(UPDATE, b"\0\0\0\0"), b"\5\1"),
    "version 3": (message(OPEN, open_body(ROUTER_AS, "203.0.113.99", version=3)), b"\2\1\0\4"),
    "another AS": (message(OPEN, open_body(64999, "203.0.113.99")), b"\2\2"),
    "AS 0": (message(OPEN, open_body(0, "203.0.113.99")), b"\2\2"),
    "identifier 0": (message(OPEN, open_body(ROUTER_AS, "0.0.0.0")), b"\2\3"),
    "hold time of a second": (message(OPEN, open_body(ROUTER_AS, "203.0.113.99", hold_time=1)),
                              b"\2\6"),
    "parameters past the end": (message(OPEN, struct.pack("!BHHIB", 4, ROUTER_AS, 90, 9, 200)),
                                b"\2\0"),
}

# UPDATEs in an established session, and how the NOTIFICATION to them begins (RFC 7606).
BAD_UPDATES = {
    "lengths past the end": (b"\0\xff\0\0", b"\3\1"),
    "prefix of 33 bits": (b"\0\0\0\0\x21\1\2\3\4\5", b"\3\x0a"),
    "prefix cut short": (b"\0\0\0\0\x20\1\2", b"\3\x0a"),
}


class Abused(World):
    """A world with a second neighbor: the lab itself, from a namespace without a router."""

    def abuser(self):
        """The leaf whose neighbor is the lab."""
        return self.site.leaves[1]

    def connect(self):
        """A connection to herald's BGP port from the neighbor's own address."""
        return self.abuser().namespace.connect(self.abuser().node_ipv4, 179)

    def session_is_down(self) -> bool:
        """Whether herald waits for the abuser again."""
        return self.herald.get("/v1/neighbors/leaf2")["state"] in ("Active", "Connect", "Idle")

    def check_undisturbed(self) -> None:
        """The other session, its routes and the control socket are as they were."""
        assert self.undisturbed
        assert self.router.has(IPV4_PREFIX, IPV6_PREFIX)
        assert self.herald.get("/v1/status")


@pytest.fixture(scope="module")
def abused(module_site):
    """One world for all: what one abuser did must not matter to the next one either."""
    site = module_site
    leaf, abuser = site.add_leaf(), site.add_leaf()
    router = site.start_router(leaf, [FrrNeighbor(leaf.node_ipv4, HERALD_AS, ("timers 1 3",))])
    built = Abused(site, leaf, router, site.service(), site.herald())
    built.service.start()
    built.herald.configure(settings(
        [leaf.neighbor(hold_time="3s"), abuser.neighbor(passive=True, connect_retry="1s")],
        [dns_service()], listen=[leaf.node_ipv4, abuser.node_ipv4]))
    built.herald.start()
    built.wait_announced()
    return built


@pytest.mark.parametrize("name", BAD_BEGINNINGS)
def test_bad_beginning(name, abused):
    """The right NOTIFICATION, the end of the connection, and a listener as before."""
    content, expected = BAD_BEGINNINGS[name]
    with abused.connect() as connection:
        connection.sendall(content)
        assert read_notification(connection).startswith(expected)
    abused.check_undisturbed()


@pytest.mark.parametrize("name", BAD_UPDATES)
def test_bad_update(name, abused):
    """In an established session: 3/x, and the other session stays."""
    content, expected = BAD_UPDATES[name]
    with established(abused) as connection:
        connection.sendall(message(UPDATE, content))
        assert read_notification(connection).startswith(expected)
    abused.check_undisturbed()


def test_malformed_attribute_does_not_end_the_session(abused):
    """RFC 7606: a bad ORIGIN makes a withdrawal of the UPDATE, not an end of the session."""
    bad_origin = bytes([0x40, 1, 1, 9])
    path = bytes([0x40, 2, 6, 2, 1]) + struct.pack("!I", ROUTER_AS)
    next_hop = bytes([0x40, 3, 4, 198, 51, 100, 9])
    attributes = bad_origin + path + next_hop
    content = b"\0\0" + struct.pack("!H", len(attributes)) + attributes + b"\x18\xcb\0\x71"
    with established(abused) as connection:
        connection.sendall(message(UPDATE, content))
        wait_until("the UPDATE is counted", lambda: abused.herald.get(
            "/v1/neighbors/leaf2")["malformed_updates"] > 0)
        assert abused.herald.get("/v1/neighbors/leaf2")["state"] == "Established"
    abused.check_undisturbed()


def test_random_bytes(abused):
    """Noise, with and without a right beginning."""
    noise = random.Random(4271)
    for start in (b"", header(4096, OPEN), GOOD_OPEN, GOOD_OPEN + message(KEEPALIVE)):
        for _ in range(10):
            wait_until("herald waits", abused.session_is_down)
            with abused.connect() as connection:
                try:
                    connection.sendall(start + noise.randbytes(noise.randrange(1, 5000)))
                    connection.shutdown(1)
                except OSError:
                    pass  # herald has closed already
                read_notification(connection)
    abused.check_undisturbed()


def test_message_that_never_ends(abused):
    """A part of an OPEN, then silence: nobody else waits for it."""
    with abused.connect() as connection:
        connection.sendall(GOOD_OPEN[:25])
        wait_until("three hold times of the other session",
                   lambda: abused.herald.get("/v1/neighbors/leaf1")["messages"] and
                   _keepalives(abused) >= 3)
        abused.check_undisturbed()


def test_strangers(abused):
    """Connections from an address that is no neighbor's are closed without a word."""
    stranger = abused.abuser().namespace
    stranger.ip("address", "add", "198.51.100.201/32", "dev", "lo")
    abused.site.node.ip("route", "add", "198.51.100.201/32", "via", abused.abuser().ipv4)
    for _ in range(CONNECTIONS):
        with stranger.connect(abused.abuser().node_ipv4, 179,
                              source="198.51.100.201") as connection:
            assert read_message(connection) == (None, b"")
    abused.check_undisturbed()


def test_many_connections_of_a_neighbor(abused):
    """A neighbor that opens hundreds of connections harms none but itself."""
    held = [abused.connect() for _ in range(300)]
    abused.check_undisturbed()
    for connection in held:
        connection.close()
    wait_until("herald waits again", abused.session_is_down)
    with established(abused):
        abused.check_undisturbed()


def established(abused):
    """A session of the abuser's, up to Established."""
    wait_until("herald waits", abused.session_is_down)
    connection = abused.connect()
    connection.sendall(GOOD_OPEN + message(KEEPALIVE))
    wait_until("the session", lambda: abused.herald.get(
        "/v1/neighbors/leaf2")["state"] == "Established")
    return connection


def _keepalives(abused) -> int:
    counts = abused.herald.get("/v1/neighbors/leaf1")["messages"]
    return sum(count["received"] for count in counts if count["type"] == "keepalive")
