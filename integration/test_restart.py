"""Planned restarts: with graceful restart (RFC 4724) no router loses a route over them."""

from lab.capture import NOTIFICATION, Capture
from lab.frr import FrrNeighbor
from lab.scenario import AT_ONCE, announcing
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, dns_service, settings
from lab.waiting import wait_until

RESTART_TIME = "30s"


def _keeping(leaf) -> list:
    """FRR's neighbor that keeps herald's routes over a restart of herald."""
    return [FrrNeighbor(leaf.node_ipv4, HERALD_AS, ["graceful-restart-helper"])]


def _world(site):
    """A router that keeps routes and one that does not."""
    keeper, other = site.add_leaf(), site.add_leaf()
    site.start_router(keeper, _keeping(keeper))
    site.start_router(other)
    service, herald = site.service(), site.herald()
    service.start()
    herald.configure(settings([keeper.neighbor(graceful_restart=RESTART_TIME), other.neighbor()],
                              [dns_service()]))
    herald.start()
    for leaf in (keeper, other):
        wait_until("announced", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))
    return keeper, other, service, herald


def _watch_routes(site, leaf):
    """Writes down every change of the routes that the router forwards by."""
    watcher = leaf.namespace.start(["ip", "-oneline", "monitor", "route"],
                                   site.folder / "routes.log")
    # Not before it has seen a change has it begun.
    leaf.namespace.ip("route", "add", "203.0.113.0/24", "dev", leaf.interface)
    leaf.namespace.ip("route", "delete", "203.0.113.0/24", "dev", leaf.interface)
    wait_until("changes are seen", lambda: "Deleted 203.0.113.0/24" in watcher.output())
    return watcher


def _lost(watcher) -> list:
    """What was deleted of herald's routes."""
    prefixes = (IPV4_PREFIX, IPV6_PREFIX)
    return [line for line in watcher.output().splitlines()
            if line.startswith("Deleted") and any(prefix in line for prefix in prefixes)]


def _stale(router) -> bool:
    return "stale" in router.command(f"show bgp ipv4 unicast {IPV4_PREFIX}")


def test_restart_keeps_the_routes_where_the_router_keeps_them(site):
    """R and F are set after it (RFC 4724 §4.1), and there is no NOTIFICATION before it."""
    keeper, other, _, herald = _world(site)
    process = herald.process.pid
    routes = _watch_routes(site, keeper)
    with Capture(keeper.namespace, keeper.interface) as at_keeper, \
            Capture(other.namespace, other.interface) as at_other:
        herald.ctl("restart")
        herald.ctl("wait", "--service", "dns", "--announced", "--timeout", "20s")
        kinds = [message.kind for message in at_keeper.arrived()]
        ended = [message.body[:2] for message in at_other.arrived()
                 if message.kind == NOTIFICATION]
    assert NOTIFICATION not in kinds
    assert ended == [bytes([6, 4])]
    assert herald.process.running and herald.process.pid == process
    wait_until("the routes are fresh", lambda: not _stale(keeper.router))
    for leaf in (keeper, other):
        wait_until("announced", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))
    assert _lost(routes) == []
    restart = keeper.router.neighbor(keeper.node_ipv4)["gracefulRestartInfo"]
    assert restart["ipv4Unicast"]["fBit"] and restart["ipv6Unicast"]["fBit"]
    assert restart["rBit"]


def test_service_that_died_meanwhile_is_withdrawn_after_the_restart(site):
    """End-of-RIB without it: the router drops what it kept (RFC 4724 §4.2)."""
    keeper, _, service, herald = _world(site)
    routes = _watch_routes(site, keeper)
    service.kill()
    herald.ctl("restart")
    wait_until("withdrawn", lambda: keeper.router.has_none(IPV4_PREFIX, IPV6_PREFIX), 20.0)
    wait_until("no longer forwarded", lambda: len(_lost(routes)) == 2)


def test_stop_leaves_no_route_behind_in_spite_of_graceful_restart(site):
    """SIGTERM: withdrawn, and 6/2 (in a Hard Reset where N was negotiated, RFC 8538)."""
    world = announcing(site, neighbor={"graceful_restart": RESTART_TIME})
    assert world.herald.process.stop() == 0
    world.wait_withdrawn(AT_ONCE)


def test_restart_with_a_broken_configuration_is_refused(world):
    """The new start is tried first: what it would say is the answer, and nothing changes."""
    world.herald.config.write_text("[bgp]\nlocal_as = 'one'\n")
    refused = world.herald.ctl("restart", check=False)
    assert refused.returncode == 1
    assert "not restarted" in refused.stderr and "herald.toml:" in refused.stderr
    assert world.undisturbed
    assert world.router.has(IPV4_PREFIX, IPV6_PREFIX)
