"""A next hop that is taken from an interface follows the interface, and the session stays."""

import signal
import socket
from typing import Optional

import pytest

from lab.capture import UPDATE, Capture
from lab.ip_batch import IpBatch
from lab.scenario import AT_ONCE, World, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import stays_true, wait_until

SOON = 1.0  # in the next UPDATE
OTHER = "2001:db8:1::22"
QUIET_SECONDS = 1.0
INTERFACES_AND_ADDRESSES = 0x111  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
# More than the kernel keeps for herald to read, even for a privileged one.
MANY = [f"10.{number // 250}.{number % 250}.1/32" for number in range(5000)]


@pytest.fixture
def world(site):
    """An IPv4 session that carries both families: the IPv6 next hop is the interface's."""
    made = announcing(site)
    assert next_hop(made) == made.leaf.node_ipv6
    return made


def next_hop(world: World) -> Optional[str]:
    """The router's next hop for the IPv6 prefix; none: it has no path to it."""
    paths = world.router.paths(IPV6_PREFIX)
    return paths[0].next_hops[0] if paths else None


def wait_next_hop(world: World, expected: Optional[str], timeout: float = SOON) -> None:
    """Returns when the router has it; the session has not been down."""
    wait_until(f"the next hop is {expected}", lambda: next_hop(world) == expected, timeout)
    assert world.router.has(IPV4_PREFIX)
    assert world.undisturbed


def command(world: World, what: str, address: str, *options: str) -> str:
    """The words that tell ip(8) to change an IPv6 address of the session's interface."""
    return " ".join(["address", what, f"{address}/64", "dev", world.leaf.node_interface, *options])


def ip(world: World, what: str, address: str, *options: str) -> None:
    """Changes an IPv6 address of the session's interface."""
    world.site.node.ip(*command(world, what, address, *options).split())


def problems(world: World) -> list:
    """What herald tells of the neighbor."""
    return world.herald.get(f"/v1/neighbors/{world.leaf.name}")["problems"]


def test_a_replaced_address_is_in_the_next_update(site, world):
    """The new address comes before the old one goes: one UPDATE, and nothing is withdrawn."""
    with IpBatch(site.node) as batch, Capture(world.leaf.namespace,
                                              world.leaf.interface) as capture:
        told = batch.tell(command(world, "add", OTHER, "nodad"))
        wait_next_hop(world, OTHER)
        batch.tell(command(world, "del", world.leaf.node_ipv6))
        stays_true("the next hop", lambda: next_hop(world) == OTHER, QUIET_SECONDS)
        updates = [message for message in capture.arrived() if message.kind == UPDATE]
    assert len(updates) == 1
    assert socket.inet_pton(socket.AF_INET6, OTHER) in updates[0].body
    print(f"ip told -> UPDATE at the router's interface: {updates[0].time - told:.6f} s")
    assert updates[0].time - told < SOON
    assert world.undisturbed


def test_an_address_is_replaced_in_one_go(site, world):
    """The kernel may tell of the one that went before it tells of the one that came."""
    with IpBatch(site.node) as batch:
        batch.tell(command(world, "add", OTHER, "nodad"))
        batch.tell(command(world, "del", world.leaf.node_ipv6))
        wait_next_hop(world, OTHER)
    assert problems(world) == []


def test_an_address_that_goes_before_the_next_one_comes(world):
    """The family is withdrawn meanwhile, which is said, and IPv4 stays."""
    ip(world, "del", world.leaf.node_ipv6)
    wait_next_hop(world, None)
    assert problems(world) == [f"ipv6 is not announced: {world.leaf.node_interface} has no IPv6 "
                               "address to be the next hop"]
    ip(world, "add", OTHER, "nodad")
    wait_next_hop(world, OTHER)
    assert problems(world) == []


def test_an_address_that_returns(world):
    """As often as it likes."""
    for _ in range(3):
        ip(world, "del", world.leaf.node_ipv6)
        wait_next_hop(world, None)
        ip(world, "add", world.leaf.node_ipv6, "nodad")
        wait_next_hop(world, world.leaf.node_ipv6)


def test_a_deprecated_address_is_avoided_while_there_is_another(world):
    """RFC 4862 §5.5.4: what is new does not begin with it; it is better than none."""
    ip(world, "add", OTHER, "nodad")
    wait_next_hop(world, OTHER)
    ip(world, "change", OTHER, "preferred_lft", "0")
    wait_next_hop(world, world.leaf.node_ipv6)
    ip(world, "del", world.leaf.node_ipv6)
    wait_next_hop(world, OTHER)
    assert problems(world) == []


def test_an_address_that_another_node_has_is_never_the_next_hop(world):
    """Duplicate address detection has failed, RFC 4862 §5.4.5."""
    world.leaf.namespace.ip("address", "add", f"{OTHER}/64", "dev", world.leaf.interface, "nodad")
    ip(world, "add", OTHER)
    wait_until("detection has failed", lambda: "dadfailed" in world.site.node.run(
        "ip", "address", "show", "dev", world.leaf.node_interface).stdout)
    stays_true("the next hop", lambda: next_hop(world) == world.leaf.node_ipv6, QUIET_SECONDS)
    assert world.undisturbed


def test_a_service_s_own_address_is_never_the_next_hop(site):
    """Every node of an anycast service has it. Here herald brings it, on the session's interface;
    it is the newest one, and so the first in the kernel's list."""
    address = "2001:db8:53::53"
    world = announcing(site, service={"addresses": [address], "manage_addresses": True,
                                      "interface": "to-leaf1"})
    assert address in site.node.addresses(world.leaf.node_interface)
    world.router.command("clear bgp *")
    world.wait_announced()
    assert next_hop(world) == world.leaf.node_ipv6
    ip(world, "add", OTHER, "nodad")
    wait_until("the next hop is the other", lambda: next_hop(world) == OTHER, SOON)


def test_more_changes_than_the_kernel_can_tell(site, world):
    """ENOBUFS: what was not heard is asked for, and what is gone is gone."""
    world.herald.process.signal(signal.SIGSTOP)
    for what in ("add", "del"):
        site.node.run("ip", "-batch", "-",
                      stdin="".join(f"address {what} {each} dev lo\n" for each in MANY))
    ip(world, "del", world.leaf.node_ipv6)
    ip(world, "add", OTHER, "nodad")
    assert lost_messages(world) > 0
    world.herald.process.signal(signal.SIGCONT)
    wait_next_hop(world, OTHER, AT_ONCE)


def lost_messages(world: World) -> int:
    """How many messages on interfaces and addresses herald's netlink socket could not hold."""
    lines = world.site.node.run("cat", "/proc/self/net/netlink").stdout.splitlines()
    groups, drops = (lines[0].split().index(column) for column in ("Groups", "Drops"))
    return sum(int(line.split()[drops]) for line in lines[1:]
               if int(line.split()[groups], 16) == INTERFACES_AND_ADDRESSES)
