"""The kinds of session that routers are configured for."""

from typing import Union

import pytest

from lab.frr import BgpPath, FrrNeighbor
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS, dns_service, settings
from lab.waiting import stays_true, wait_until

BIG_AS = 4_200_000_001


class Session:
    """A site whose router and herald are yet to be told of each other."""

    def __init__(self, site):
        self.site, self.leaf, self.herald = site, site.add_leaf(), site.herald()
        self.router = None
        site.service().start()

    def start_router(self, *options: str, address: str = "",
                     remote_as: Union[int, str] = HERALD_AS, as_number: int = ROUTER_AS) -> None:
        """Starts FRR with one neighbor: the node, at its IPv4 address where none is given."""
        neighbor = FrrNeighbor(address or self.leaf.node_ipv4, remote_as, options)
        self.router = self.site.start_router(self.leaf, [neighbor], as_number)

    def start_herald(self, neighbor: dict, as_number: int = HERALD_AS, **bgp: object) -> None:
        """Starts herald with this [[neighbor]]."""
        self.herald.configure(settings([neighbor], [dns_service()], as_number, **bgp))
        self.herald.start()

    def wait_announced(self) -> None:
        """Returns when the router has both families."""
        wait_until("both families", lambda: self.router.has(IPV4_PREFIX, IPV6_PREFIX))

    def shown(self) -> dict:
        """The neighbor, as herald has it."""
        return self.herald.get("/v1/neighbors/leaf1")

    def direction(self) -> str:
        """Who opened the connection, as herald has it."""
        return self.shown()["direction"]


@pytest.fixture
def session(site):
    """A session to be."""
    return Session(site)


def test_four_octet_as(session):
    """RFC 6793: an AS above 65535 is seen as it is."""
    session.start_router(remote_as=BIG_AS)
    session.start_herald(session.leaf.neighbor(prepend=1), BIG_AS)
    session.wait_announced()
    assert session.router.paths(IPV4_PREFIX) == [
        BgpPath(f"{BIG_AS} {BIG_AS}", (session.leaf.node_ipv4,))]


def test_router_with_four_octet_as(session):
    """The other way round: herald dials an AS that does not fit the OPEN's two octets."""
    session.start_router(as_number=BIG_AS)
    session.start_herald(session.leaf.neighbor(remote_as=BIG_AS))
    session.wait_announced()


def test_ipv6_session(session):
    """Over IPv6, both families; the IPv4 next hop is the interface's IPv4 address."""
    session.start_router(address=session.leaf.node_ipv6)
    session.start_herald(session.leaf.neighbor_ipv6())
    session.wait_announced()
    assert session.router.paths(IPV4_PREFIX) == [BgpPath("65010", (session.leaf.node_ipv4,))]
    assert session.router.paths(IPV6_PREFIX) == [BgpPath("65010", (session.leaf.node_ipv6,))]


def test_md5_session(session):
    """RFC 2385: the right password on both sides."""
    session.start_router("password sesame")
    session.start_herald(session.leaf.neighbor(password="sesame"))
    session.wait_announced()


def test_md5_password_from_a_file(session):
    """password_file: the first line of a file beside the configuration."""
    (session.herald.folder / "leaf1.key").write_text("sesame\n")
    session.start_router("password sesame")
    session.start_herald(session.leaf.neighbor(password_file="leaf1.key"))
    session.wait_announced()


def test_md5_passive_session(session):
    """The listener asks for the password as well."""
    session.start_router("password sesame", "timers connect 1")
    session.start_herald(session.leaf.neighbor(passive=True, password="sesame"),
                         listen=[session.leaf.node_ipv4])
    session.wait_announced()
    assert session.direction() == "accepted"


def test_md5_with_another_password_gets_nowhere(session):
    """The control: a wrong password keeps the session down."""
    session.start_router("password sesame")
    session.start_herald(session.leaf.neighbor(password="parsley"))
    stays_true("no session",
               lambda: not session.router.established(session.leaf.node_ipv4), 1.0)


def test_passive_session(session):
    """herald waits, the router dials."""
    session.start_router("timers connect 1")
    session.start_herald(session.leaf.neighbor(passive=True), listen=[session.leaf.node_ipv4])
    session.wait_announced()
    assert session.direction() == "accepted"


def test_passive_ipv6_session(session):
    """The same over IPv6."""
    session.start_router("timers connect 1", address=session.leaf.node_ipv6)
    session.start_herald(session.leaf.neighbor_ipv6(passive=True),
                         listen=[session.leaf.node_ipv6])
    session.wait_announced()
    assert session.direction() == "accepted"


def test_router_that_only_waits(session):
    """FRR is passive, herald dials."""
    session.start_router("passive")
    session.start_herald(session.leaf.neighbor())
    session.wait_announced()
    assert session.direction() == "dialled"


def test_both_sides_dial(session):
    """Both listen and dial: one session is left, whichever, and it stays (RFC 4271 §6.8)."""
    session.start_router("timers connect 1")
    session.start_herald(session.leaf.neighbor(), listen=[session.leaf.node_ipv4])
    session.wait_announced()
    stays_true("one session",
               lambda: session.router.established(session.leaf.node_ipv4), 1.5)
    assert session.router.drops(session.leaf.node_ipv4) == 0


def test_ibgp_session(session):
    """The same AS: an empty AS path and LOCAL_PREF."""
    session.start_router(as_number=HERALD_AS)
    session.start_herald(session.leaf.neighbor(remote_as=HERALD_AS, local_pref=200))
    session.wait_announced()
    assert session.router.paths(IPV4_PREFIX) == [
        BgpPath("Local", (session.leaf.node_ipv4,), local_pref=200)]
    assert session.router.paths(IPV6_PREFIX) == [
        BgpPath("Local", (session.leaf.node_ipv6,), local_pref=200)]


def test_external_on_both_sides(session):
    """Each side takes the AS that the other one says it is of."""
    session.start_router(remote_as="external", as_number=BIG_AS)
    session.start_herald(session.leaf.neighbor(remote_as="external", prepend=1))
    session.wait_announced()
    assert session.router.paths(IPV4_PREFIX) == [
        BgpPath(f"{HERALD_AS} {HERALD_AS}", (session.leaf.node_ipv4,))]
    assert session.shown()["remote_as"] == BIG_AS
    assert str(BIG_AS) in session.herald.ctl("neighbors").stdout


def test_internal_on_both_sides(session):
    """The same AS without its number: an empty AS path and LOCAL_PREF."""
    session.start_router(remote_as="internal", as_number=HERALD_AS)
    session.start_herald(session.leaf.neighbor(remote_as="internal", local_pref=200))
    session.wait_announced()
    assert session.router.paths(IPV4_PREFIX) == [
        BgpPath("Local", (session.leaf.node_ipv4,), local_pref=200)]
    assert session.shown()["remote_as"] == HERALD_AS


def test_external_neighbor_of_our_own_as(session):
    """It is refused with 2/2, and which AS it is stays unknown."""
    session.start_router(as_number=HERALD_AS)
    session.start_herald(session.leaf.neighbor(remote_as="external"))
    wait_until("refused", lambda: session.shown()["last_error"])
    error = session.shown()["last_error"]
    assert (error["direction"], error["code"], error["subcode"]) == ("sent", 2, 2)
    assert session.shown()["remote_as"] is None
    assert "external, local 65010" in session.herald.ctl("neighbors", "leaf1").stdout


def test_ttl_security(session):
    """RFC 5082, both ways: FRR refuses anything that came over a router."""
    session.start_router("ttl-security hops 1")
    session.start_herald(session.leaf.neighbor(ttl_security=1))
    session.wait_announced()


def test_only_one_family(session):
    """families = ["ipv4"]: IPv6 prefixes stay at home."""
    session.start_router()
    session.start_herald(session.leaf.neighbor(families=["ipv4"]))
    wait_until("the IPv4 prefix", lambda: session.router.has(IPV4_PREFIX))
    stays_true("no IPv6 prefix", lambda: session.router.has_none(IPV6_PREFIX), 0.5)
