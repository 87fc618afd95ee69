"""Restarts that no router sees: the program on disk takes over, sessions and all."""

import json
import shutil

import pytest

from lab.capture import UPDATE, NOTIFICATION, Capture
from lab.frr import FrrNeighbor
from lab.scenario import announcing
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, dns_service, settings
from lab.waiting import wait_until

# How a router and herald may be set up beside each other: herald's side, and the router's words.
SETTINGS = {
    "plain": ({}, []),
    "md5": ({"password": "open sesame"}, ["password open sesame"]),
    "gtsm": ({"ttl_security": 1}, ["ttl-security hops 1"]),
    "graceful-restart": ({"graceful_restart": "30s"}, ["graceful-restart-helper"]),
}
HURRIED = {"hold_time": "3s"}


def _world(site, kind):
    """A router with IPv4 and one with IPv6, both with a hold time of 3 s."""
    ours, theirs = SETTINGS[kind]
    leaves = [site.add_leaf(), site.add_leaf()]
    service, herald = site.service(), site.herald()
    service.start()
    neighbors = []
    for leaf, ipv6 in zip(leaves, (False, True)):
        address = leaf.node_ipv6 if ipv6 else leaf.node_ipv4
        site.start_router(leaf, [FrrNeighbor(address, HERALD_AS, theirs)])
        neighbors.append(leaf.neighbor(ipv6=ipv6, **ours, **HURRIED))
    herald.configure(settings(neighbors, [dns_service()]))
    herald.start()
    for leaf in leaves:
        wait_until("announced", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))
    return leaves, service, herald


def _restart(herald):
    """Restarts, and says what became of each neighbor."""
    answer = json.loads(herald.ctl("--json", "restart").stdout)
    return {each["name"]: each["reason"] if not each["kept"] else "kept"
            for each in answer["neighbors"]}


def test_a_session_goes_on(site):
    """No message but KEEPALIVEs."""
    world = announcing(site, neighbor=HURRIED)
    with Capture(world.leaf.namespace, world.leaf.interface) as seen:
        for _ in range(3):
            assert _restart(world.herald) == {"leaf1": "kept"}
        kinds = {message.kind for message in seen.arrived()}
    assert UPDATE not in kinds and NOTIFICATION not in kinds
    assert world.undisturbed
    assert world.router.has(IPV4_PREFIX, IPV6_PREFIX)
    world.service.kill()
    world.wait_withdrawn()
