"""Taking a node out of service by hand, and what a restart must not forget."""

from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import stays_true, wait_until


def test_drain_now_and_undrain(world):
    """--now withdraws, --wait returns when it is acknowledged, undrain brings it back."""
    world.herald.ctl("drain", "dns", "--now", "--wait", "--reason", "kernel update")
    world.wait_withdrawn(AT_ONCE)
    service = world.herald.get("/v1/services/dns")
    assert (service["health"], service["administration"]) == ("up", "drained")
    assert service["drain"]["reason"] == "kernel update"
    world.herald.ctl("undrain", "dns")
    world.wait_announced(AT_ONCE)
    assert world.undisturbed


def test_drain_warns_the_router_before_it_withdraws(site):
    """While draining, the routes carry GRACEFUL_SHUTDOWN (RFC 8326); then they go."""
    world = announcing(site, service={"drain_time": "1s"})
    world.herald.ctl("drain", "dns")
    wait_until("the community", lambda: all(
        _communities(world, prefix) == [("graceful-shutdown",)]
        for prefix in (IPV4_PREFIX, IPV6_PREFIX)), AT_ONCE)
    world.wait_withdrawn(1.0 + AT_ONCE)


def test_undrain_while_draining(site):
    """A drain taken back in time leaves the routes as they were."""
    world = announcing(site, service={"drain_time": "1h"})
    world.herald.ctl("drain", "--all")
    wait_until("the community",
               lambda: _communities(world, IPV4_PREFIX) == [("graceful-shutdown",)], AT_ONCE)
    world.herald.ctl("undrain", "--all")
    wait_until("no community", lambda: _communities(world, IPV4_PREFIX) == [()], AT_ONCE)


def test_drain_with_an_end(world):
    """--for undrains by itself."""
    world.herald.ctl("drain", "dns", "--now", "--for", "1s")
    world.wait_withdrawn(AT_ONCE)
    world.wait_announced(1.0 + AT_ONCE)


def test_drain_survives_a_restart(world):
    """Even one by SIGKILL right after the reply: it was on disk by then."""
    world.herald.ctl("drain", "dns", "--now")
    world.herald.kill()
    world.herald.start()
    wait_until("the session is back",
               lambda: world.router.established(world.leaf.node_ipv4))
    wait_until("the checks have settled",
               lambda: world.herald.get("/v1/services/dns")["health"] == "up")
    stays_true("the routes stay away", lambda: world.router.has_none(IPV4_PREFIX, IPV6_PREFIX),
               0.5)
    assert world.herald.get("/v1/services/dns")["administration"] == "drained"
    world.herald.ctl("undrain", "dns")
    world.wait_announced()


def test_drain_of_an_unknown_service_is_refused(world):
    """Refused with status 1 and one line; nothing is drained."""
    refused = world.herald.ctl("drain", "dns", "web", "--now", check=False)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1 and "web" in refused.stderr
    assert world.herald.get("/v1/services/dns")["administration"] == "active"


def _communities(world, prefix: str) -> list:
    return [path.communities for path in world.router.paths(prefix)]
