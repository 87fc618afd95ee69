"""The service's health decides what the router has."""

import re
import time
from pathlib import Path

import pytest

from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, dns_service, settings, tcp_check
from lab.waiting import wait_until


def test_killed_service_is_withdrawn_and_comes_back(world):
    """The main job, in both families, on one session that stays up."""
    world.service.kill()
    world.wait_withdrawn()
    world.service.start()
    world.wait_announced()
    assert world.undisturbed


def test_degraded_service_is_prepended(site):
    """A failing check with on_fail = "degrade" leaves the prefix up, by when.degraded."""
    world = announcing(site, service={"check": [tcp_check(), tcp_check(8054, name="cache",
                                                                       on_fail="degrade")]},
                       neighbor={"when": {"degraded": {"prepend": 4,
                                                       "communities": ["64500:80"]}}})
    wait_until("prepends", lambda: _path(world).as_path == " ".join(["65010"] * 5))
    assert _path(world).communities == ("64500:80",)
    site.service(8054).start()
    wait_until("normal again", lambda: _path(world).as_path == "65010")
    assert _path(world).communities == ()


def test_a_service_does_not_start_as_up_before_it_is_known_whether_it_is_degraded(site):
    """A check that only degrades and has not settled: not announced; the cause says which it is."""
    leaf = site.add_leaf()
    router = site.start_router(leaf)
    site.service().start()
    herald = site.herald()
    herald.configure(settings([leaf.neighbor()], [dns_service(check=[
        tcp_check(), {"type": "push", "name": "cache", "ttl": "1h", "on_fail": "degrade"}])]))
    herald.start()
    wait_until("the other check passes",
               lambda: herald.get("/v1/services/dns")["checks"][0]["state"] == "pass")
    service = herald.get("/v1/services/dns")
    assert (service["health"], service["heard"]) == ("unknown", "none")
    assert service["cause"] == "check cache has not settled"
    herald.ctl("report", "dns", "cache", "fail", "--output", "cold")
    wait_until("it is announced as degraded",
               lambda: [path.as_path for path in router.paths(IPV4_PREFIX)]
               == [" ".join(["65010"] * 4)])
    assert herald.get("/v1/services/dns")["cause"] == "check cache failed: cold"


def test_deprefer_keeps_a_last_site_standing(site):
    """on_down = "deprefer": a service that is down is announced with more prepends."""
    world = announcing(site, service={"on_down": "deprefer"})
    world.service.kill()
    wait_until("built-in prepends of when.down",
               lambda: _path(world).as_path == " ".join(["65010"] * 7))


def test_require_any_survives_one_failing_check(site):
    """With require = "any" the service goes down with its last check."""
    second = site.service(8054)
    second.start()
    world = announcing(site, service={"require": "any",
                                      "check": [tcp_check(), tcp_check(8054, name="second")]})
    world.service.kill()
    wait_until("the first check failed", lambda: _states(world) == ["fail", "pass"])
    assert world.router.has(IPV4_PREFIX)
    second.kill()
    world.wait_withdrawn()


def test_hung_exec_check_fails_and_leaves_no_process(site):
    """A check that never ends is killed with its children, and reaped."""
    switch = site.folder / "hang"
    script = f"echo fine; if test -e {switch}; then sleep 1000 & sleep 1000; fi"
    check = {"type": "exec", "command": ["/bin/sh", "-c", script], "interval": "100ms",
             "fast_interval": "100ms", "timeout": "300ms", "rise": 1, "fall": 1}
    world = announcing(site, service={"check": [check]})
    assert world.herald.get("/v1/services/dns")["checks"][0]["output"] == "fine"
    switch.touch()
    world.wait_withdrawn()
    switch.unlink()
    world.wait_announced()
    assert "sleep" not in site.node.programs()
    wait_until("every child is reaped", lambda: not world.herald.process.children())


def test_what_no_check_needs_is_not_loaded(site):
    """TLS and DNS cost a daemon nothing that needs neither."""
    world = announcing(site)
    mapped = Path(f"/proc/{world.herald.process.pid}/maps").read_text()
    assert "heraldd" in mapped
    assert not re.search(r"libssl|libcrypto|libldns|herald-(tls|dns)", mapped)


def test_service_without_checks_is_up(site):
    """No checks: announced as soon as the session is up."""
    world = announcing(site, service={"check": None})
    world.service.kill()
    assert world.router.has(IPV4_PREFIX)


def _path(world):
    return world.router.paths(IPV4_PREFIX)[0]


def _states(world) -> list:
    return [check["state"] for check in world.herald.get("/v1/services/dns")["checks"]]


@pytest.mark.measures
def test_a_service_that_failed_is_held_down(site):
    """It stays away for hold_down, though its checks pass, and twice as long the next time."""
    world = announcing(site, service={"hold_down": "1s"})
    for flaps, seconds in ((1, 1.0), (2, 2.0)):
        world.service.kill()
        world.wait_withdrawn()
        gone = time.monotonic()
        world.service.start()
        wait_until("held down", lambda: (_hold(world) or {}).get("decides"))
        assert _hold(world)["flaps"] == flaps
        cause = world.herald.get("/v1/services/dns")["cause"]
        assert cause == f"held down for {flaps} s more after {flaps} flap{'s' * (flaps > 1)}"
        assert cause in world.herald.ctl("services", "dns").stdout
        world.wait_announced()
        assert seconds - 0.3 < time.monotonic() - gone < seconds + AT_ONCE
    assert _hold(world) is None


def _hold(world) -> dict:
    return world.herald.get("/v1/services/dns")["hold_down"]
