"""The daemon as a citizen of its machine: one of a kind, careful with its state, small."""

import os
import socket

import pytest

from lab.scenario import announcing
from lab.site import dns_service, settings
from lab.waiting import wait_until

MIB = 1024 * 1024


def refused_start(herald) -> str:
    """Starts a daemon that must refuse to, with status 1; returns what it says."""
    process = herald.launch()
    assert process.wait(5.0) == 1
    return process.output()


def second_daemon(world, **places: dict):
    """Another daemon on the same node; `places` overrides its sections."""
    second = world.site.herald("second")
    second.configure({**settings([world.leaf.neighbor()], [dns_service()]), **places})
    return second


def test_second_daemon_on_the_control_socket_is_refused(world):
    """It says why, and the first one does not notice."""
    second = second_daemon(world, control={"socket": str(world.herald.socket)})
    assert str(world.herald.socket) in refused_start(second)
    assert world.herald.get("/v1/status") and world.undisturbed


def test_second_daemon_on_the_state_directory_is_refused(world):
    """The same for the folder that the drains are in."""
    second = second_daemon(world, state={"directory": str(world.herald.state)})
    assert str(world.herald.state) in refused_start(second)
    assert world.herald.get("/v1/status") and world.undisturbed


def test_socket_of_a_killed_daemon_is_no_obstacle(world):
    """A stale socket file is taken over."""
    world.herald.kill()
    assert world.herald.socket.exists()
    world.herald.start()
    world.wait_announced()


@pytest.mark.parametrize("damage", [
    lambda content: content[:len(content) // 2],
    lambda content: b"",
    lambda content: b"\x00" * len(content),
    lambda content: content.replace(b":", b";"),
    lambda content: b'{"version": 999}',
], ids=["cut short", "empty", "zeros", "no JSON", "another version"])
def test_damaged_state_stops_the_start(world, damage):
    """Rather no start than a forgotten drain; the message names the file."""
    world.herald.ctl("drain", "dns", "--now")
    world.herald.kill()
    file = world.herald.state / "drains.json"
    content = file.read_bytes()
    file.write_bytes(damage(content))
    assert str(file) in refused_start(world.herald)
    file.write_bytes(content)
    world.herald.start()
    assert world.herald.get("/v1/services/dns")["administration"] == "drained"


def test_state_directory_that_cannot_be_made(site):
    """A file in the folder's place: no start."""
    herald = site.herald()
    herald.configure(settings([], [dns_service()]))
    herald.state.write_text("")
    assert str(herald.state) in refused_start(herald)


def test_service_manager_is_told(site):
    """READY=1 once it runs, STOPPING=1 when it is asked to stop (sd_notify)."""
    herald = site.herald()
    herald.configure(settings([], [dns_service()]))
    path = site.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(5.0)
        process = herald.launch({**os.environ, "NOTIFY_SOCKET": str(path)})
        assert b"READY=1" in manager.recv(4096)
        assert process.stop() == 0
        assert b"STOPPING=1" in manager.recv(4096)


@pytest.mark.measures
def test_resident_memory_and_idle_cpu(site):
    """One session and one prefix: under 10 MB resident, and no measurable CPU time."""
    world = announcing(site, service={"check": None})
    assert world.herald.process.resident_bytes() < 10_000_000
    before = world.herald.process.cpu_seconds()
    wait_until("three seconds without work", _Elapsed(3.0), 4.0)
    assert world.herald.process.cpu_seconds() - before <= 0.01


class _Elapsed:
    """True once that many seconds have passed: measuring idleness takes time."""

    def __init__(self, seconds: float):
        self._end = os.times().elapsed + seconds

    def __call__(self) -> bool:
        return os.times().elapsed >= self._end
