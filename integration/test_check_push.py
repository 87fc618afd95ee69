"""push checks: results that come over the control socket."""

import json

from lab.checking import Checking
from lab.scenario import AT_ONCE, announcing
from lab.site import tcp_check
from lab.waiting import wait_until

PUSH = {"name": "told", "type": "push", "ttl": "1h"}


def test_report_decides(site):
    """Announced, degraded and withdrawn as it was told, each at once."""
    watched = Checking(site, {"told": {"type": "push", "ttl": "1h"}})
    service = "/v1/services/watched"
    assert watched.herald.get(service)["health"] == "unknown"
    for result, health in (("pass", "up"), ("degraded", "degraded"), ("fail", "down"),
                           ("pass", "up")):
        done = watched.herald.ctl("report", "watched", "told", result,
                                  "--output", f"it is {result}")
        assert done.stdout == f"watched told: {result}\n"
        assert watched.herald.get(service)["health"] == health
        assert watched.result("told") == (result, f"it is {result}")


def test_lease_expires(site):
    """Without another report it fails, and a report brings it back."""
    watched = Checking(site, {"told": {"type": "push", "ttl": "300ms"}})
    watched.herald.ctl("report", "watched", "told", "pass")
    assert watched.wait("told", "fail") == "no report for 0.3s"
    watched.herald.ctl("report", "watched", "told", "pass", "--ttl", "1h")
    watched.wait("told", "pass")


def test_router_hears_of_it(site):
    """From the report to the router in one go."""
    world = announcing(site, service={"check": [tcp_check(), {**PUSH, "on_fail": "down"}],
                                      "require": "any"})
    world.service.kill()
    world.wait_withdrawn()
    world.herald.ctl("report", "dns", "told", "pass")
    world.wait_announced(AT_ONCE)
    world.herald.ctl("report", "dns", "told", "fail")
    world.wait_withdrawn(AT_ONCE)
    assert world.undisturbed


def test_wrong_reports(site):
    """404, 409 and 400 as problem documents; heraldctl says so in a line."""
    watched = Checking(site, {"told": {"type": "push"},
                              "run": {"type": "exec", "command": ["/bin/true"]}})
    body = json.dumps({"result": "pass"}).encode()
    for path, content, status in (("watched/none", body, 404), ("none/told", body, 404),
                                  ("watched/run", body, 409), ("watched/told", b"{}", 400),
                                  ("watched/told", b'{"result": "ok"}', 400)):
        found, kind, document = watched.herald.exchange("POST", f"/v1/checks/{path}/report",
                                                        content)
        assert (found, kind) == (status, "application/problem+json"), document
    refused = watched.herald.ctl("report", "watched", "run", "pass", check=False)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1 and "exec" in refused.stderr
    assert watched.view("told")["runs"] == 0


def test_many_reports(site):
    """Thousands of them leave nothing behind."""
    watched = Checking(site, {"told": {"type": "push", "ttl": "1h"}})
    report = json.dumps({"result": "pass", "output": "x" * 1000}).encode()

    def tell(times: int) -> None:
        for _ in range(times):
            assert watched.herald.exchange("POST", "/v1/checks/watched/told/report",
                                           report)[0] == 200
    tell(200)
    before = watched.herald.process.resident_bytes(), watched.descriptors()
    tell(2000)
    wait_until("no descriptor more", lambda: watched.descriptors() <= before[1])
    assert watched.herald.process.resident_bytes() < before[0] + 512 * 1024
