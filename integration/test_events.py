"""Events: what happened, why, in order; and readers of every kind."""

import json
import os
import subprocess

import pytest

from lab.herald import HERALDCTL, control_socket
from lab.processes import Process
from lab.scenario import announcing
from lab.waiting import wait_until

REQUEST = b"GET /v1/events HTTP/1.1\r\nHost: herald\r\n\r\n"
KEYS = ["time", "type", "neighbor", "service", "check", "from", "to", "cause", "direction", "code",
        "subcode", "uid", "by"]
REASON = 1000  # the longest there may be
NAMES = ("neighbor", "service", "check")


class Follower:
    """`heraldctl events`, and what it printed."""

    def __init__(self, world, name: str = "events.log"):
        self._process = Process([HERALDCTL, "--socket", world.herald.socket, "events"],
                                world.site.folder / name)
        # It follows once it is connected, which only an event can show.
        herald = world.herald
        wait_until("it follows", lambda: self._poke(herald))

    def _poke(self, herald) -> bool:
        herald.ctl("drain", "dns", "--now")
        herald.ctl("undrain", "dns")
        return bool(self.events)

    @property
    def events(self) -> list:
        """Those that it printed so far."""
        lines = self._process.output().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_for(self, **expected: object) -> dict:
        """The first event with these values, once it is there."""
        def find():
            return next((event for event in self.events
                         if all(event[key] == value for key, value in expected.items())), None)
        return wait_until(f"an event with {expected}", find)

    def wait_for_end(self) -> tuple:
        """Its exit status and last line."""
        status = self._process.wait(10.0)
        return status, self._process.output().splitlines()[-1]


def test_failing_check_is_told_with_its_consequences(world):
    """The verdict and what follows from it, each with its cause."""
    follower = Follower(world)
    world.service.kill()
    down = follower.wait_for(type="service", to="down")
    check = follower.wait_for(type="check", to="fail")
    assert [down[key] for key in ("service", "from", "check")] == ["dns", "up", None]
    assert [check[key] for key in NAMES] == [None, "dns", "tcp"]
    assert check["from"] == "pass" and "refused" in check["cause"]
    assert down["cause"].startswith("check tcp ") and "refused" in down["cause"]
    assert all(list(event) == KEYS for event in follower.events)
    times = [event["time"] for event in follower.events]
    assert times == sorted(times)


def test_drain_is_told_with_its_reason(world):
    """Draining, drained, active."""
    follower = Follower(world)
    world.herald.ctl("drain", "dns", "--reason", "new disk")
    draining = follower.wait_for(type="drain", to="draining")
    assert draining["from"] == "active" and draining["cause"].endswith("new disk")
    world.herald.ctl("undrain", "dns")
    follower.wait_for(type="drain", **{"from": "draining", "to": "active"})


def test_commands_are_told_and_logged_with_who_asked(world):
    """The uid as the kernel has it, always; `by` as what they say of themselves."""
    follower = Follower(world)
    asked = [("/v1/services/dns/drain", "drain"), ("/v1/services/dns/undrain", "undrain"),
             ("/v1/neighbors/leaf1/refresh", "refresh"), ("/v1/reload", "reload")]
    for path, command in asked:
        assert world.herald.exchange("POST", path, b'{"by":"alice"}')[0] == 200
        told = follower.wait_for(type="command", to=command, by="alice")
        assert told["uid"] == os.getuid()
        world.herald.wait_logged(f"command={command} uid={os.getuid()} by=alice")
    assert world.herald.exchange("POST", "/v1/reload")[0] == 200
    assert follower.wait_for(type="command", to="reload", by=None)["uid"] == os.getuid()


def test_notification_is_told_with_its_text(world):
    """What the router's operator said, RFC 9003."""
    follower = Follower(world)
    world.router.command("conf t\nrouter bgp 64500\n"
                         f"neighbor {world.leaf.node_ipv4} shutdown message upgrade at ten\n")
    event = follower.wait_for(type="notification")
    assert [event[key] for key in ("neighbor", "direction", "code", "subcode")] == [
        "leaf1", "received", 6, 2]
    assert event["cause"].endswith("upgrade at ten")
    ended = follower.wait_for(type="neighbor", **{"from": "Established"})
    assert "upgrade at ten" in ended["cause"]


def test_stop_is_the_last_event(world):
    """The reader sees why the stream ends; heraldctl ends with status 3."""
    follower = Follower(world)
    assert world.herald.process.stop() == 0
    status, last = follower.wait_for_end()
    assert (status, last) == (3, "heraldctl: the daemon has gone")
    assert follower.wait_for(type="stop")["cause"] == "heraldd was stopped by SIGTERM"
    sent = follower.wait_for(type="notification", direction="sent")
    assert (sent["code"], sent["subcode"]) == (6, 2)


def test_killed_daemon_ends_the_stream(world):
    """So that a script does not wait for ever."""
    follower = Follower(world)
    world.herald.kill()
    assert follower.wait_for_end()[0] == 3


def test_no_daemon_is_status_3(site):
    """As with every command."""
    herald = site.herald()
    assert herald.ctl("events", check=False).returncode == 3


def test_recent_events_are_kept(world):
    """The last 100, for who comes later."""
    for _ in range(60):
        world.herald.ctl("drain", "dns", "--now")
        world.herald.ctl("undrain", "dns")
    events = world.herald.get("/v1/events/recent")["events"]
    assert len(events) == 100
    assert (events[-1]["type"], events[-1]["to"]) == ("drain", "active")


def test_reader_that_does_not_read_is_dropped(world):
    """It costs nobody else anything, and the log says so."""
    follower = Follower(world)
    with control_socket(world.herald.socket) as deaf:
        deaf.sendall(REQUEST)
        body = json.dumps({"now": True, "reason": "x" * REASON}).encode()

        def dropped() -> bool:
            for action, content in (("drain", body), ("undrain", None)):
                assert world.herald.exchange("POST", f"/v1/services/dns/{action}", content)[0] == 200
            return "did not keep up" in world.herald.process.output()
        wait_until("the reader is dropped", dropped, 60.0)
    seen = len(follower.events)
    world.herald.ctl("drain", "dns", "--now")
    wait_until("others go on", lambda: len(follower.events) > seen)
    assert world.undisturbed
    assert world.herald.process.resident_bytes() < 64_000_000


@pytest.mark.parametrize("readers", [100])
def test_many_readers(world, readers):
    """All of them are told."""
    clients = [control_socket(world.herald.socket) for _ in range(readers)]
    for client in clients:
        client.sendall(REQUEST)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    world.herald.ctl("drain", "dns", "--now")
    for client in clients:
        received = b""
        while b'"type":"drain"' not in received:
            received += client.recv(65536)
        client.close()


def test_events_end_quietly_where_the_output_is_closed(world):
    """`heraldctl events | head -1` ends with the next event."""
    with subprocess.Popen([HERALDCTL, "--socket", world.herald.socket, "events"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        reader.stdout.close()

        def ended() -> bool:
            world.herald.ctl("drain", "dns", "--now")
            world.herald.ctl("undrain", "dns")
            return reader.poll() is not None
        wait_until("it has ended", ended)
