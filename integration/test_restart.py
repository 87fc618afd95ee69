"""Planned restarts that reset sessions: with graceful restart (RFC 4724) no router loses a route
over them. And restarts at any moment, whichever kind."""

import signal
import time
from contextlib import closing

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

    def sees_changes() -> bool:
        """Not before it has seen a change has it begun."""
        leaf.namespace.ip("route", "add", "203.0.113.0/24", "dev", leaf.interface)
        leaf.namespace.ip("route", "delete", "203.0.113.0/24", "dev", leaf.interface)
        return "Deleted 203.0.113.0/24" in watcher.output()
    wait_until("changes are seen", sees_changes)
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
        herald.ctl("restart", "--reset")
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
    herald.ctl("restart", "--reset")
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


# From before the new start is tried until long after it is there.
MOMENTS = [step * 0.002 for step in range(30)] + [0.1, 0.2, 0.5, 1.0]


def _lonely(site):
    """herald with a neighbor that is not there: its stop waits for nobody."""
    herald = site.herald()
    herald.configure(settings([{"name": "nobody", "address": "203.0.113.1", "remote_as": 64500}],
                              [{"name": "web", "prefixes": [IPV4_PREFIX]}]))
    return herald


def _ask_to_restart(herald):
    """A connection on which a restart was asked for, the answer to which is still to come."""
    connection = herald.connection()
    connection.request("POST", "/v1/restart", b"")
    return connection


def test_sigterm_stops_at_any_moment_of_a_restart(site):
    """While the new start is tried, while the old one stops, around the exec, and after it."""
    herald = _lonely(site)
    for moment in MOMENTS:
        herald.start()
        with closing(_ask_to_restart(herald)):
            time.sleep(moment)  # what is tried out, not what is waited for
            assert herald.process.stop() == 0, f"SIGTERM after {moment} s"


def test_sighup_harms_at_no_moment_of_a_restart(site):
    """It reloads, before the restart or after it."""
    herald = _lonely(site)
    herald.start()
    for moment in MOMENTS:
        started = _started(herald)
        with closing(_ask_to_restart(herald)):
            time.sleep(moment)
            herald.process.signal(signal.SIGHUP)
            wait_until("it has started anew", lambda: _started(herald) not in (None, started))
    assert herald.process.stop() == 0


def _started(herald):
    assert herald.process.running
    try:
        status = herald.get("/v1/status")
        return status["started"], status["restarted"]
    except (OSError, EOFError):
        return None


def test_a_second_restart_meanwhile_is_refused(site):
    """One is tried at a time; the refusal says so, and the first goes on."""
    herald = _lonely(site)
    herald.start()
    started = _started(herald)
    with closing(herald.connection()) as first, closing(herald.connection()) as second:
        for connection in (first, second):
            connection.connect()
        for connection in (first, second):
            connection.request("POST", "/v1/restart", b"")
        answers = [connection.getresponse() for connection in (first, second)]
        assert sorted(answer.status for answer in answers) == [200, 409]
    wait_until("it has started anew", lambda: _started(herald) not in (None, started))


def test_restart_in_vain_is_refused_beforehand(site):
    """A group that this host does not have: the new start would fail."""
    herald = _lonely(site)
    herald.start()
    text = herald.config.read_text()
    herald.config.write_text(text.replace("[control]", '[control]\ngroup = "no-such-group"'))
    refused = herald.ctl("restart", check=False)
    assert refused.returncode == 1 and "no-such-group" in refused.stderr
    assert herald.process.running
    assert herald.ctl("status").returncode == 0


def test_neighbor_shut_down_stays_so_over_restart_and_crash(world):
    """Until the operator enables it."""
    world.herald.ctl("neighbor", "leaf1", "shutdown", "--reason", "new optics")

    def is_down():
        return world.herald.get("/v1/neighbors/leaf1")["shutdown"]
    assert is_down()
    world.herald.ctl("restart")
    assert is_down()
    world.herald.kill()
    world.herald.start()
    assert is_down()
    world.herald.ctl("neighbor", "leaf1", "enable")
    world.wait_announced()
    world.herald.kill()
    world.herald.start()
    assert not is_down()
    world.wait_announced()
