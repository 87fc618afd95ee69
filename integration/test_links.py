"""Neighbors on a link, without an address, at FRR's `neighbor INTERFACE interface`."""

import json
import time

import pytest

from lab.frr import FrrNeighbor
from lab.rack import NO_ROUTER, Rack, index_of
from lab.router_messages import (ADVERTISEMENT, ALL_NODES, ALL_ROUTERS, OF_LINK, SOLICITATION,
                                 Advertiser, RouterMessages)
from lab.scenario import AT_ONCE
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS
from lab.waiting import wait_until

# FRR advertises itself every 10 s, and does not solicit.
FOLLOW_SECONDS = 15.0
STRANGER, OTHER_STRANGER = "fe80::bad", "fe80::bad:2"


def test_prefixes_go_to_both_leaves_of_a_rack(site):
    """IPv4 and IPv6, both with the node's link-local address as the next hop (RFC 8950)."""
    rack = Rack(site, leaves=2).start()
    for leaf in rack.leaves:
        view = rack.view(leaf)
        assert view["interface"] == leaf.node_interface
        assert view["address"] == f"{rack.router_address(leaf)}%{leaf.node_interface}"
        assert view["remote_as"] == ROUTER_AS
        routes = json.loads(leaf.namespace.run("ip", "-json", "route", "show",
                                               IPV4_PREFIX).stdout)
        assert [(each["dev"], each["via"]["host"]) for each in routes] == \
            [(leaf.interface, rack.node_address(leaf))]


@pytest.mark.parametrize("side", ["router", "node"])
def test_link_goes_down_and_comes_up(site, side):
    """The session ends at once, the view says why there is none, and the prefixes come back."""
    rack = Rack(site).start()
    leaf = rack.leaf
    namespace, interface = ((leaf.namespace, leaf.interface) if side == "router"
                            else (site.node, leaf.node_interface))
    namespace.ip("link", "set", interface, "down")
    rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
    view = rack.view()
    assert view["state"] != "Established"
    assert (view["address"], view["remote_as"]) == (None, None)
    assert NO_ROUTER.format(leaf.node_interface) in rack.herald.ctl("--wide", "neighbors").stdout
    rack.wait_withdrawn()
    namespace.ip("link", "set", interface, "up")
    began = time.monotonic()
    rack.wait_announced(timeout=FOLLOW_SECONDS)
    print(f"{side}: back {time.monotonic() - began:.1f} s after the link")
    assert rack.view()["why_down"] is None
    assert rack.sessions() == 2


@pytest.mark.parametrize("what", ["address", "mac"])
def test_router_comes_back_with_another_address(site, what):
    """It is killed, and starts with another link-local address: the session follows."""
    rack = Rack(site).start()
    leaf, before = rack.leaf, rack.router_address()
    leaf.router.kill()
    if what == "mac":
        leaf.namespace.ip("link", "set", leaf.interface, "down")
        leaf.namespace.ip("link", "set", leaf.interface, "address", "02:00:00:00:00:77")
        leaf.namespace.ip("link", "set", leaf.interface, "up")
    else:
        leaf.namespace.ip("-6", "address", "flush", "dev", leaf.interface)
        leaf.namespace.ip("address", "add", "fe80::77/64", "dev", leaf.interface, "nodad")
    leaf.router.start()
    began = time.monotonic()
    rack.wait_announced(timeout=FOLLOW_SECONDS)
    print(f"{what}: back {time.monotonic() - began:.1f} s after the router's start")
    assert rack.router_address() != before
    assert rack.view()["address"] == f"{rack.router_address()}%{leaf.node_interface}"
    assert rack.view()["problems"] == []


def test_interface_comes_later_and_comes_again(site):
    """herald waits for it, and follows it to another index."""
    rack = Rack(site)
    leaf = rack.leaf
    rack.start_router(leaf)
    rack.remove_link()
    rack.configure()
    rack.herald.start()
    rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
    assert rack.view()["problems"] == []
    indexes = set()
    for _ in range(2):
        rack.bring_link_back()
        began = time.monotonic()
        rack.wait_announced(timeout=FOLLOW_SECONDS)
        print(f"announced {time.monotonic() - began:.1f} s after the interface came")
        indexes.add(index_of(site.node, leaf.node_interface))
        rack.remove_link()
        rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
        rack.wait_withdrawn()
    assert len(indexes) == 2


def test_several_routers_on_one_link_are_told_of(site):
    """The first one stays, and its session; view, status and log say what to do."""
    rack = Rack(site).start()
    leaf, first = rack.leaf, rack.router_address()
    with Advertiser(leaf.namespace, leaf.interface, STRANGER):
        (problem,) = wait_until("it is told of", lambda: rack.view()["problems"], AT_ONCE)
        for part in ("several routers", leaf.node_interface, first, STRANGER,
                     f"{first}%{leaf.node_interface}"):
            assert part in problem
        rack.herald.wait_logged(f"several routers on {leaf.node_interface}")
        assert problem in rack.herald.ctl("--wide", "status").stdout
    assert rack.view()["address"] == f"{first}%{leaf.node_interface}"
    assert rack.sessions() == 1 and leaf.router.drops(leaf.interface) == 0


def after_solicitation(seen: RouterMessages) -> list:
    """The advertisements that have passed since this side of the link asked for them."""
    first = next((place for place, one in enumerate(seen.all())
                  if one.leaves and one.kind == SOLICITATION), len(seen.all()))
    return [one for one in seen.all()[first:] if one.kind == ADVERTISEMENT]


def test_advertisement_that_was_forwarded_changes_nothing(site):
    """A hop limit other than 255: anybody may have sent it. The next router counts."""
    rack = Rack(site)
    leaf = rack.leaf
    rack.configure()
    rack.herald.start()
    with RouterMessages(site.node, leaf.node_interface) as seen, \
            Advertiser(leaf.namespace, leaf.interface, STRANGER, hop_limit=OF_LINK - 1):
        wait_until("herald has asked, and it has answered", lambda: STRANGER in [
            one.source for one in after_solicitation(seen) if one.hop_limit < OF_LINK])
        with Advertiser(leaf.namespace, leaf.interface, OTHER_STRANGER):
            wait_until("the other one is the router", lambda: rack.view()["address"]
                       == f"{OTHER_STRANGER}%{leaf.node_interface}")
    assert rack.view()["problems"] == []


def test_nothing_is_sent_on_other_links(site):
    """Neither where a neighbor has an address, nor where there is none; and nobody takes herald
    for a default router."""
    rack = Rack(site)
    ordinary, idle = site.add_leaf(), site.add_leaf()
    site.start_router(ordinary, [FrrNeighbor(ordinary.node_ipv4, HERALD_AS)])
    with RouterMessages(site.node, rack.leaf.node_interface) as here, \
            RouterMessages(site.node, ordinary.node_interface) as there, \
            RouterMessages(site.node, idle.node_interface) as elsewhere:
        rack.start_router(rack.leaf)
        rack.configure([ordinary.neighbor()])
        rack.herald.start()
        rack.wait_announced()
        rack.wait_announced(ordinary)
        advertised = wait_until("two are sent", lambda: here.sent(ADVERTISEMENT)[1:])
        assert there.sent() + elsewhere.sent() == []
        mine = rack.node_address()
        for one in advertised:
            assert (one.source, one.destination) == (mine, ALL_NODES)
            assert (one.hop_limit, one.router_lifetime) == (OF_LINK, 0)
        for one in here.sent(SOLICITATION):
            assert (one.source, one.destination, one.hop_limit) == (mine, ALL_ROUTERS, OF_LINK)
        assert here.sent(SOLICITATION)


def test_without_the_capability_others_go_on(site):
    """Without CAP_NET_RAW no router is found: a problem that says so, of that neighbor alone."""
    rack = Rack(site)
    ordinary = site.add_leaf()
    rack.start_router(rack.leaf)
    site.start_router(ordinary, [FrrNeighbor(ordinary.node_ipv4, HERALD_AS)])
    rack.configure([ordinary.neighbor()])
    rack.herald.start(under=["setpriv", "--bounding-set", "-net_raw"])
    rack.wait_announced(ordinary)
    interface = rack.leaf.node_interface
    problem = f"routers on {interface} cannot be found: CAP_NET_RAW is missing"
    wait_until("it is told of", lambda: rack.view()["problems"] == [problem])
    assert problem in rack.herald.ctl("--wide", "status").stdout
    rack.herald.wait_logged(problem)
    assert rack.leaf.router.has_none(IPV4_PREFIX, IPV6_PREFIX)
    assert ordinary.router.drops(ordinary.node_ipv4) == 0
