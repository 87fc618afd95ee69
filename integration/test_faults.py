"""What a machine does to a daemon: addresses that go, links that fail, no descriptors, clocks."""

import os
from typing import Optional

import pytest

from lab.frr import FrrNeighbor
from lab.herald import SET_CLOCK, Herald
from lab.processes import run
from lab.scenario import AT_ONCE, World, announcing
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, Leaf, Site, dns_service, settings
from lab.waiting import stays_true, wait_until

HOLD_SECONDS = 3
QUICK = {"hold_time": f"{HOLD_SECONDS}s", "connect_retry": "1s"}
LOST_SECONDS = HOLD_SECONDS + AT_ONCE
YEAR = 365 * 24 * 3600


class Address:
    """The node's IPv4 address towards a leaf, which comes and goes."""

    def __init__(self, leaf: Leaf, family: int = 4):
        self._node, self._interface = leaf.link.far, leaf.node_interface
        self._address = f"{leaf.node_ipv4}/30" if family == 4 else f"{leaf.node_ipv6}/64"
        self._options = [] if family == 4 else ["nodad"]

    def remove(self) -> None:
        """As an operator or a DHCP client does."""
        self._node.ip("address", "delete", self._address, "dev", self._interface)

    def add(self) -> None:
        """The same address again."""
        self._node.ip("address", "add", self._address, "dev", self._interface, *self._options)


class Link:
    """The node's interface towards a leaf; IPv6 addresses stay when it is down."""

    def __init__(self, leaf: Leaf):
        self._node, self._interface = leaf.link.far, leaf.node_interface
        self._node.run("sysctl", "-qw", "net.ipv6.conf.all.keep_addr_on_down=1")

    def down(self) -> None:
        """Every route over it is gone."""
        self._node.ip("link", "set", self._interface, "down")

    def up(self) -> None:
        """And back."""
        self._node.ip("link", "set", self._interface, "up")


class Starved:
    """A daemon that may open no descriptor beyond those it has, save `spare` more; with None
    none in place of one that it closes either."""

    def __init__(self, herald: Herald, spare: Optional[int] = 0):
        self._pid, self._spare = herald.process.pid, spare

    def __enter__(self) -> "Starved":
        if self._spare is None:
            self._limit(0)
            return self
        # A new descriptor has the lowest free number, and that must be below the limit.
        used = {int(name) for name in os.listdir(f"/proc/{self._pid}/fd")}
        free = [number for number in range(len(used) + self._spare + 1) if number not in used]
        self._limit(free[self._spare])
        return self

    def __exit__(self, *exception: object) -> None:
        self._limit(1024)

    def _limit(self, descriptors: int) -> None:
        run("prlimit", "--pid", self._pid, f"--nofile={descriptors}:")


def view(herald: Herald, name: str = "leaf1") -> dict:
    """All that herald tells of a neighbor."""
    return herald.get(f"/v1/neighbors/{name}")


def wait_lost(herald: Herald) -> None:
    """Returns when herald has given the session up: with the hold time at the latest."""
    wait_until("herald has lost the session",
               lambda: view(herald)["state"] != "Established", LOST_SECONDS)


def last_error(herald: Herald) -> str:
    """Why the last session ended; before there was any, why the last attempt at one failed."""
    return (view(herald)["last_error"] or {}).get("text", "")


def last_failure(herald: Herald) -> str:
    """Why the last attempt since the last session failed."""
    return (view(herald)["last_failure"] or {}).get("text", "")


def listening(site: Site) -> World:
    """A world in which the router dials and herald waits."""
    leaf = site.add_leaf()
    options = ["timers connect 1"]
    router = site.start_router(leaf, [FrrNeighbor(leaf.node_ipv4, HERALD_AS, options)])
    world = World(site, leaf, router, site.service(), site.herald())
    world.herald.configure(settings([leaf.neighbor(passive=True, **QUICK)],
                                    [dns_service(check=None)], listen=[leaf.node_ipv4]))
    world.herald.start()
    world.wait_announced()
    return world


def idle_while(world: World, what: str, probe, seconds: float) -> None:
    """The condition holds all the time, and the daemon does not spin meanwhile."""
    before = world.herald.process.cpu_seconds()
    stays_true(what, probe, seconds)
    assert world.herald.process.cpu_seconds() - before <= 0.05 * seconds


def test_session_outlives_its_address(site):
    """Removed while the session is up: given up after the hold time, back with the address."""
    world = announcing(site, neighbor=QUICK)
    address = Address(world.leaf)
    address.remove()
    wait_lost(world.herald)
    world.wait_withdrawn()
    address.add()
    world.wait_announced()


def test_other_sessions_do_not_notice_an_address_that_goes(site):
    """Two neighbors: the address towards one goes, the session with the other stays."""
    other = site.add_leaf()
    site.start_router(other)
    leaf = site.add_leaf()
    site.start_router(leaf)
    herald = site.herald()
    herald.configure(settings([other.neighbor(**QUICK), leaf.neighbor(**QUICK)],
                              [dns_service(check=None)]))
    herald.start()
    for one in (other, leaf):
        wait_until("the prefixes", lambda: one.router.has(IPV4_PREFIX, IPV6_PREFIX))
    Address(leaf).remove()
    wait_until("herald has lost the session",
               lambda: view(herald, leaf.name)["state"] != "Established", LOST_SECONDS)
    assert other.router.established(other.node_ipv4) and other.router.drops(other.node_ipv4) == 0


def test_local_address_that_is_not_there_yet(site):
    """Dialling fails as any other dialling does, until the address has come."""
    leaf = site.add_leaf()
    router = site.start_router(leaf)
    address = Address(leaf)
    address.remove()
    herald = site.herald()
    herald.configure(settings([leaf.neighbor(local_address=leaf.node_ipv4, **QUICK)],
                              [dns_service(check=None)]))
    herald.start()
    wait_until("dialling fails",
               lambda: last_error(herald) == "Cannot assign requested address")
    address.add()
    wait_until("the prefixes", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))


def test_listener_outlives_its_address(site):
    """It needs no restart when the address that it listens on was away."""
    world = listening(site)
    address = Address(world.leaf)
    address.remove()
    wait_lost(world.herald)
    world.wait_withdrawn()
    address.add()
    world.wait_announced(15.0)


def test_address_to_listen_on_that_is_not_there(site):
    """No start, and the message names the address: the service manager tries again."""
    herald = site.herald()
    herald.configure(settings([], [dns_service()], listen=["198.51.100.250"]))
    process = herald.launch()
    assert process.wait(5.0) == 1
    assert ("cannot listen on 198.51.100.250 port 179: Cannot assign requested address"
            in process.output())


def test_next_hop_that_comes_later(site):
    """A family without a next hop is announced once the interface has an address."""
    world = announcing(site)
    address = Address(world.leaf, family=6)
    address.remove()
    world.router.command("clear bgp *")
    wait_until("IPv4 alone", lambda: world.router.has(IPV4_PREFIX)
               and world.router.has_none(IPV6_PREFIX) and view(world.herald)["problems"])
    address.add()
    world.wait_announced()
    assert not view(world.herald)["problems"]
    assert world.router.drops(world.leaf.node_ipv4) == 1


def test_interface_down_and_up(site):
    """The session ends with the hold time at the latest, and returns with the link."""
    world = announcing(site, neighbor=QUICK)
    link = Link(world.leaf)
    link.down()
    wait_lost(world.herald)
    wait_until("dialling fails for want of a route",
               lambda: last_failure(world.herald) == "Network is unreachable")
    assert last_error(world.herald) == "sent Hold Timer Expired"
    idle_while(world, "no session", lambda: view(world.herald)["state"] != "Established", 2.0)
    link.up()
    world.wait_announced()


def test_session_over_a_short_outage(site):
    """No packet for less than the hold time: TCP carries on, and the session never ends."""
    world = announcing(site, neighbor={"hold_time": "9s"})
    site.node.cut_off(world.leaf.node_interface)
    stays_true("the session", lambda: view(world.herald)["state"] == "Established", 4.0)
    site.node.reconnect()
    stays_true("the session", lambda: view(world.herald)["state"] == "Established", 6.0)
    assert world.undisturbed


def test_sessions_go_on_without_descriptors(site):
    """Keepalives need none; the control socket answers when there are some again."""
    world = announcing(site, neighbor=QUICK, service={"check": None})
    with Starved(world.herald):
        with pytest.raises(TimeoutError):
            world.herald.exchange("GET", "/v1/status")
        idle_while(world, "the session is up", lambda: world.undisturbed, HOLD_SECONDS + 1.0)
    wait_until("the control socket answers", lambda: world.herald.get("/v1/status"))
    assert world.undisturbed


def test_dialling_without_descriptors(site):
    """It fails as any other dialling does, and is tried again."""
    world = announcing(site, neighbor=QUICK, service={"check": None})
    with Starved(world.herald, spare=None):
        world.router.command("clear bgp *")
        world.wait_withdrawn()
        wait_until("the log says why",
                   lambda: "Too many open files" in world.herald.process.output())
    world.wait_announced()


def test_accepting_without_descriptors(site):
    """Neighbors wait in the kernel's queue, and are served when there are descriptors again."""
    world = listening(site)
    strangers = [world.leaf.namespace.connect(world.leaf.node_ipv4, 179) for _ in range(3)]
    with Starved(world.herald):
        strangers += [world.leaf.namespace.connect(world.leaf.node_ipv4, 179) for _ in range(3)]
        idle_while(world, "the session is up", lambda: world.undisturbed, 2.0)
        world.router.command("clear bgp *")
        world.wait_withdrawn()
    world.wait_announced(15.0)
    for stranger in strangers:
        stranger.close()


def test_clock_that_jumps(site):
    """The wall clock is set years forward and back: sessions, checks and damping go by the
    monotonic clock."""
    world = announcing(site, neighbor=QUICK)
    offset = site.folder / "offset"
    offset.write_text("0")
    world.herald.process.stop()
    world.herald.start({**os.environ, "LD_PRELOAD": str(SET_CLOCK),
                        "WALL_CLOCK_OFFSET": str(offset)})
    world.wait_announced()
    drops = world.router.drops(world.leaf.node_ipv4)
    for jump in (10 * YEAR, -5 * YEAR):
        next_offset = site.folder / "next"  # read again and again: it must never be empty
        next_offset.write_text(str(jump))
        next_offset.replace(offset)
        stays_true("the session", lambda: world.router.established(world.leaf.node_ipv4),
                   HOLD_SECONDS + 0.5)
        world.service.kill()
        world.wait_withdrawn(AT_ONCE)
        world.service.start()
        world.wait_announced()
    assert world.router.drops(world.leaf.node_ipv4) == drops
    years = {line[:4] for line in world.herald.process.output().splitlines()}
    assert len(years) >= 3, "the daemon has not seen the clock jump"
