"""Taking a node out of service by hand, and what a restart must not forget."""

import getpass
import json
import time
from datetime import datetime, timezone

from lab.capture import UPDATE, Capture
from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX, dns_service, settings, tcp_check
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


def test_the_drain_file_drains_as_an_operator_does(site):
    """In stages; when the file is gone, the service is back."""
    file = site.folder / "not there yet" / "maintenance"
    world = announcing(site, service={"drain_file": str(file), "drain_time": "1s"})
    file.parent.mkdir()
    file.touch()
    wait_until("draining", lambda: _service(world)["administration"] == "draining", AT_ONCE)
    drain = _service(world)["drain"]
    assert (drain["source"], drain["by"], drain["until"]) == ("file", str(file), None)
    world.wait_withdrawn(1.0 + AT_ONCE)
    assert f"drained by the file {file}" in world.herald.ctl("services", "dns").stdout
    file.unlink()
    world.wait_announced(1.0 + AT_ONCE)
    assert _service(world)["drain"] is None


def test_the_operator_and_the_file_drain_apart(site):
    """Who, why and until when is shown of each; undrain says what still keeps it away."""
    file = site.folder / "maintenance"
    world = announcing(site, service={"drain_file": str(file)})
    world.herald.ctl("drain", "dns", "--now", "--reason", "kernel update", "--for", "1h")
    file.touch()
    wait_until("both", lambda: [(drain["source"], drain["reason"], drain["until"] is not None)
                                for drain in _service(world)["drains"]]
               == [("operator", "kernel update", True), ("file", "", False)], AT_ONCE)
    assert _service(world)["drains"][0]["by"] == getpass.getuser()
    world.wait_withdrawn(AT_ONCE)
    assert world.herald.ctl("undrain", "dns").stdout == f"dns: drained, by the file {file}\n"
    stays_true("nothing is announced again",
               lambda: world.router.has_none(IPV4_PREFIX, IPV6_PREFIX), 0.5)
    file.unlink()
    world.wait_announced(1.0 + AT_ONCE)


def test_a_drain_file_that_is_there_at_the_start(site):
    """Nothing is announced, not even for the time of draining."""
    file = site.folder / "maintenance"
    world = announcing(site, service={"drain_file": str(file), "drain_time": "1h"})
    file.touch()
    world.herald.kill()
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        world.herald.start()
        wait_until("the session", lambda: world.router.established(world.leaf.node_ipv4))
        wait_until("up", lambda: _service(world)["health"] == "up")
        assert _service(world)["administration"] == "drained"
        assert world.router.has_none(IPV4_PREFIX, IPV6_PREFIX)
        # End-of-RIB is all (RFC 4724 §2): four octets for IPv4, ten for IPv6.
        assert [len(message.body) for message in capture.arrived()
                if message.kind == UPDATE] == [4, 10]


def test_drain_of_a_service_that_is_down(world):
    """There is nothing to lead users away from: drained at once, --wait returns at once."""
    world.service.kill()
    world.wait_withdrawn()
    started = time.monotonic()
    done = world.herald.ctl("drain", "dns", "--wait")
    assert done.stdout == "dns: drained\ndns: withdrawn\n"
    assert time.monotonic() - started < AT_ONCE
    world.service.start()
    wait_until("up", lambda: _service(world)["health"] == "up")
    assert world.router.has_none(IPV4_PREFIX, IPV6_PREFIX)
    world.herald.ctl("undrain", "dns")
    world.wait_announced(AT_ONCE)


def test_drain_with_no_session_up(site):
    """Nobody has the routes: --wait returns at once, and a session that comes brings none."""
    leaf = site.add_leaf()
    herald = site.herald()
    herald.configure(settings([leaf.neighbor(connect_retry="1s")], [dns_service(check=None)]))
    herald.start()
    started = time.monotonic()
    herald.ctl("drain", "dns", "--now", "--wait")
    assert time.monotonic() - started < AT_ONCE
    router = site.start_router(leaf)
    wait_until("the session", lambda: router.established(leaf.node_ipv4))
    stays_true("nothing is announced", lambda: router.has_none(IPV4_PREFIX, IPV6_PREFIX), 0.5)


def test_drain_while_the_service_is_still_unknown(site):
    """A drain in the middle of the start: what settles later is not announced."""
    leaf = site.add_leaf()
    router = site.start_router(leaf)
    service, herald = site.service(), site.herald()
    herald.configure(settings([leaf.neighbor()], [dns_service(
        check=[tcp_check(fall=1000)], drain_time="1h")]))
    herald.start()
    assert herald.ctl("drain", "dns").stdout == "dns: drained\n"
    service.start()
    wait_until("up", lambda: herald.get("/v1/services/dns")["health"] == "up")
    wait_until("the session", lambda: router.established(leaf.node_ipv4))
    assert router.has_none(IPV4_PREFIX, IPV6_PREFIX)
    herald.ctl("undrain", "dns")
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))


def test_drain_that_ends_before_its_withdrawal(site):
    """--for shorter than drain_time: less preferred for that long; --wait says so, and ends."""
    world = announcing(site, service={"drain_time": "1h"})
    waited = world.herald.ctl("drain", "dns", "--for", "1s", "--wait", check=False)
    assert (waited.returncode, waited.stdout) == (1, "dns: draining\n")
    assert "not withdrawn within 1s" in waited.stderr
    wait_until("no community", lambda: _communities(world, IPV4_PREFIX) == [()], AT_ONCE)
    assert _service(world)["drain"] is None


def test_drain_now_while_draining(site):
    """--now ends the draining."""
    world = announcing(site, service={"drain_time": "1h"})
    assert world.herald.ctl("drain", "dns", "--reason", "update").stdout == "dns: draining\n"
    done = world.herald.ctl("drain", "dns", "--reason", "fire", "--now", "--wait")
    assert done.stdout == "dns: drained\ndns: withdrawn\n"
    world.wait_withdrawn(AT_ONCE)
    assert [drain["reason"] for drain in _service(world)["drains"]] == ["fire"]


def test_drain_that_expires_while_herald_is_down(world):
    """It is not applied, though it is still on disk; one that lasts is, with who and why."""
    world.herald.ctl("drain", "dns", "--now", "--for", "1s")
    world.wait_withdrawn(AT_ONCE)
    world.herald.kill()
    until = json.loads((world.herald.state / "drains.json").read_text())["drains"]["dns"]["until"]
    wait_until("it expires", lambda: datetime.now(timezone.utc) > datetime.fromisoformat(until))
    world.herald.start()
    world.wait_announced()
    world.herald.ctl("drain", "dns", "--reason", "new disk", "--for", "1h")
    before = _service(world)["drain"]
    world.herald.kill()
    world.herald.start()
    after = _service(world)["drain"]
    assert after == before
    assert (after["by"], after["reason"]) == (getpass.getuser(), "new disk")


def _communities(world, prefix: str) -> list:
    return [path.communities for path in world.router.paths(prefix)]


def _service(world) -> dict:
    return world.herald.get("/v1/services/dns")


def test_services_that_go_together_share_an_update(site):
    """What changes in one turn of the loop is sent once, and packed."""
    leaf = site.add_leaf()
    router, herald = site.start_router(leaf), site.herald()
    prefixes = [f"203.0.113.{16 * number}/28" for number in range(8)]
    herald.configure(settings([leaf.neighbor()], [
        {"name": f"s{number}", "prefixes": [prefix]} for number, prefix in enumerate(prefixes)]))
    herald.start()
    wait_until("announced", lambda: router.has(*prefixes))
    with Capture(leaf.namespace, leaf.interface) as capture:
        herald.ctl("drain", "--all", "--now", "--wait")
        wait_until("withdrawn", lambda: router.has_none(*prefixes), AT_ONCE)
        assert len([each for each in capture.arrived() if each.kind == UPDATE]) == 1
        herald.ctl("undrain", "--all")
        wait_until("announced", lambda: router.has(*prefixes), AT_ONCE)
        assert len([each for each in capture.arrived() if each.kind == UPDATE]) == 1
