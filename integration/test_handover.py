"""Restarts that no router sees: the program that is on disk takes over, sessions and all."""

import os
import shutil
import threading
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException

import pytest

from lab.capture import UPDATE, Capture
from lab.flow import Flow
from lab.herald import HERALDD, PROGRAMS
from lab.processes import run
from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX, dns_service, settings, tcp_check
from lab.waiting import wait_until

HURRIED = {"hold_time": "3s"}
NOT_KEPT = "its configuration has changed"


@contextmanager
def unseen(world):
    """What is done in the context must leave the router with KEEPALIVEs alone."""
    with Flow(world.leaf.namespace, world.leaf.interface) as flow:
        yield
        assert flow.begun_or_ended() == []
        assert flow.only_keepalives_by(world.leaf.node_ipv4)
    assert world.undisturbed


def programs_of_its_own(world):
    """A copy of the program, which a test may replace; herald runs it from now on."""
    folder = world.site.folder / "bin"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("test_*", "fuzz_*", "bench_*"))
    world.herald.process.stop()
    world.herald.command = [folder / "heraldd"]
    world.herald.start()
    world.wait_announced()
    return folder / "heraldd"


def replace(program, source) -> None:
    """As a package does: the new file has the name at once."""
    shutil.copy2(source, program.with_suffix(".new"))
    os.replace(program.with_suffix(".new"), program)


def service_of(world) -> dict:
    """What herald shows of the service."""
    return world.herald.get("/v1/services/dns")


def test_keepalives_are_on_time_at_the_shortest_hold_time(site):
    """Restart after restart for as long as three hold times last."""
    world = announcing(site, neighbor=HURRIED)
    with unseen(world), Flow(world.leaf.namespace, world.leaf.interface) as flow:
        end = time.monotonic() + 9.0
        while time.monotonic() < end:
            assert world.herald.restart() == {"leaf1": "kept"}
        assert flow.longest_silence_of(world.leaf.node_ipv4) < 1.5
    world.service.kill()
    world.wait_withdrawn(AT_ONCE)


def test_with_graceful_restart_the_session_is_kept_all_the_same(site):
    """The router never has to keep stale routes."""
    world = announcing(site, neighbor={"graceful_restart": "30s", **HURRIED})
    with unseen(world):
        for _ in range(20):
            assert world.herald.restart() == {"leaf1": "kept"}


@pytest.mark.parametrize("stage", ["draining", "drained"])
def test_a_drain_goes_on_in_its_stage(site, stage):
    """And with its time: it is neither announced again, nor drained anew."""
    world = announcing(site, neighbor=HURRIED,
                       service={"drain_time": "1h" if stage == "draining" else "1ms"})
    world.herald.ctl("drain", "dns", "--reason", "new kernel", "--for", "2h")
    wait_until(stage, lambda: service_of(world)["administration"] == stage)
    wait_until("heard", lambda: world.herald.get("/v1/neighbors/leaf1")["acknowledged"])
    before = service_of(world)
    with unseen(world):
        assert world.herald.restart() == {"leaf1": "kept"}
        after = service_of(world)
    for key in ("administration", "drains", "since", "cause", "heard"):
        assert after[key] == before[key], key
    world.herald.ctl("undrain", "dns")
    world.wait_announced(AT_ONCE)


def test_a_hold_down_goes_on(site):
    """To the same end, and the checks go on with what they had."""
    world = announcing(site, neighbor=HURRIED, service={"hold_down": "1h", "hold_down_max": "1h"})
    world.service.kill()
    world.wait_withdrawn()
    world.service.start()
    wait_until("only held down", lambda: service_of(world)["checks"][0]["state"] == "pass")
    before = service_of(world)
    with unseen(world):
        assert world.herald.restart() == {"leaf1": "kept"}
    after = service_of(world)
    assert after["health"] == "down" and after["since"] == before["since"]
    assert after["hold_down"]["until"][:19] == before["hold_down"]["until"][:19]
    assert after["checks"][0]["runs"] >= before["checks"][0]["runs"]
    assert after["checks"][0]["state"] == before["checks"][0]["state"]


def test_counts_and_events_go_on(site):
    """They count from the start of the process; a restart is an event."""
    world = announcing(site, neighbor=HURRIED)

    def updates():
        counts = world.herald.get("/v1/neighbors/leaf1")["messages"]
        return next(each["sent"] for each in counts if each["type"] == "update")
    before, sent = world.herald.get("/v1/status"), updates()
    earlier = world.herald.get("/v1/events/recent")["events"]
    since = world.herald.get("/v1/neighbors/leaf1")["since"]
    world.herald.restart()
    after = world.herald.get("/v1/status")
    assert after["started"] == before["started"] and before["restarted"] is None
    assert after["restarted"] is not None
    assert updates() == sent and world.herald.get("/v1/neighbors/leaf1")["since"] == since
    events = world.herald.get("/v1/events/recent")["events"]
    assert events[:len(earlier)] == earlier and earlier
    assert ("restart", "leaf1", "kept") in [
        (event["type"], event["neighbor"], event["to"]) for event in events]


def test_clients_see_a_pause_and_no_refusal(site):
    """At the control socket and at the open listener, over twenty restarts."""
    world = announcing(site, neighbor=HURRIED, metrics={"listen": "127.0.0.1:9179"})
    failures, over, asked = [], threading.Event(), []

    def ask(over_tcp: bool) -> None:
        while not over.is_set():
            try:
                with closing(world.herald.connection()) as connection:
                    if over_tcp:
                        connection.sock = world.site.node.connect("127.0.0.1", 9179)
                    connection.request("GET", "/livez")
                    assert connection.getresponse().status == 200
                asked.append(over_tcp)
            except (OSError, HTTPException) as error:
                failures.append((over_tcp, repr(error)))
    clients = [threading.Thread(target=ask, args=(each,)) for each in (False, True)]
    for client in clients:
        client.start()
    try:
        with unseen(world):
            for _ in range(20):
                world.herald.restart()
    finally:
        over.set()
        for client in clients:
            client.join()
    assert failures == []
    assert asked.count(True) > 20 and asked.count(False) > 20


def test_a_program_of_a_check_is_ended_and_run_again(site):
    """No child is left behind, and what it would have said does not count."""
    program, passed = site.folder / "check", site.folder / "passed"
    program.write_text(f"#!/bin/sh\n[ -e {passed} ] || exec touch {passed}\nexec sleep 1000\n",
                       encoding="utf-8")
    program.chmod(0o755)
    slow = {"type": "exec", "name": "slow", "command": [str(program)], "timeout": "10m",
            "interval": "200ms", "rise": 1}
    world = announcing(site, neighbor=HURRIED, service={"check": [tcp_check(), slow]})
    wait_until("it runs", lambda: len(world.herald.process.children()) == 1)
    before = world.herald.process.children()
    with unseen(world):
        assert world.herald.restart() == {"leaf1": "kept"}
        wait_until("it runs again", lambda: len(world.herald.process.children()) == 1)
    assert world.herald.process.children() != before
    assert service_of(world)["health"] == "up"


# What the configuration says by then.

def test_a_session_that_its_new_settings_reset_is_reset_and_no_other(site):
    """6/6 as in a reload, once the new program has it."""
    leaves = [site.add_leaf(), site.add_leaf()]
    service, herald = site.service(), site.herald()
    service.start()
    for leaf in leaves:
        site.start_router(leaf)
    herald.configure(settings([leaf.neighbor() for leaf in leaves], [dns_service()]))
    herald.start()
    for leaf in leaves:
        wait_until("announced", lambda router=leaf.router: router.has(IPV4_PREFIX))
    herald.configure(settings([leaves[0].neighbor(hold_time="9s"), leaves[1].neighbor()],
                              [dns_service()]))
    assert herald.restart() == {"leaf1": NOT_KEPT, "leaf2": "kept"}
    wait_until("it is back", lambda: leaves[0].router.drops(leaves[0].node_ipv4) == 1
               and leaves[0].router.has(IPV4_PREFIX))
    assert leaves[1].router.drops(leaves[1].node_ipv4) == 0


def test_what_the_new_file_adds_is_announced_and_nothing_else(site):
    """One UPDATE, for the prefix that is new."""
    world = announcing(site, neighbor=HURRIED)
    more = "203.0.113.0/24"
    world.herald.configure(settings([world.leaf.neighbor(**HURRIED)],
                                    [dns_service(prefixes=[IPV4_PREFIX, IPV6_PREFIX, more])]))
    with Capture(world.leaf.namespace, world.leaf.interface) as seen:
        assert world.herald.restart() == {"leaf1": "kept"}
        wait_until("announced", lambda: world.router.has(more))
        assert len([one for one in seen.arrived() if one.kind == UPDATE]) == 1
    assert world.undisturbed


# What fails, and leaves everything as it was.

def _broken_file(world, _program):
    world.herald.config.write_text("[bgp]\nlocal_as = 'one'\n", encoding="utf-8")


def _occupied_port(world, _program):
    world.herald.configure({**settings([world.leaf.neighbor()], [dns_service()]),
                            "metrics": {"listen": "127.0.0.1:8053"}})


def _missing(_world, program):
    program.unlink()


def _crashing(_world, program):
    program.with_suffix(".sh").write_text("#!/bin/sh\nkill -SEGV $$\n", encoding="utf-8")
    program.with_suffix(".sh").chmod(0o755)
    os.replace(program.with_suffix(".sh"), program)


def _another(_world, program):
    replace(program, "/bin/true")


def _damaged_drains(world, _program):
    (world.herald.state / "drains.json").write_text("{", encoding="utf-8")


FAILURES = {"the file is broken": (_broken_file, "herald.toml:"),
            "a port is taken": (_occupied_port, "metrics.listen"),
            "no program": (_missing, "No such file"),
            "a program that crashes": (_crashing, "status 11"),
            "a program that is another": (_another, "another program"),
            "drains that cannot be read": (_damaged_drains, "drains.json")}


@pytest.mark.parametrize("breaks, reason", FAILURES.values(), ids=FAILURES)
def test_a_restart_that_cannot_succeed_changes_nothing(site, breaks, reason):
    """It is refused with the reason; once that is gone, a restart works."""
    world = announcing(site, neighbor=HURRIED)
    program = programs_of_its_own(world)
    drops = world.router.drops(world.leaf.node_ipv4)
    good = world.herald.config.read_bytes()
    with Flow(world.leaf.namespace, world.leaf.interface) as flow:
        breaks(world, program)
        refused = world.herald.ctl("restart", check=False)
        assert refused.returncode == 1
        assert "not restarted" in refused.stderr and reason in refused.stderr
        assert world.herald.get("/v1/status")["restarted"] is None
        world.herald.config.write_bytes(good)
        (world.herald.state / "drains.json").unlink(missing_ok=True)
        replace(program, HERALDD)
        assert world.herald.restart() == {"leaf1": "kept"}
        assert flow.begun_or_ended() == []
    assert world.router.drops(world.leaf.node_ipv4) == drops


def test_a_program_that_is_gone_when_it_is_to_begin(site):
    """It rehearsed well: the old one goes on, says why, and takes clients again."""
    world = announcing(site, neighbor=HURRIED)
    program = programs_of_its_own(world)
    drops = world.router.drops(world.leaf.node_ipv4)
    program.with_suffix(".sh").write_text(f'#!/bin/sh\nrm {program}\nexec {HERALDD} "$@"\n',
                                          encoding="utf-8")
    program.with_suffix(".sh").chmod(0o755)
    os.replace(program.with_suffix(".sh"), program)
    with Flow(world.leaf.namespace, world.leaf.interface) as flow:
        assert world.herald.exchange("POST", "/v1/restart", b"{}")[0] == 200
        wait_until("it was called off", lambda: any(
            event["type"] == "restart" and event["to"] == "refused" and "No such" in event["cause"]
            for event in world.herald.get("/v1/events/recent")["events"]))
        runs = service_of(world)["checks"][0]["runs"]
        wait_until("checks run", lambda: service_of(world)["checks"][0]["runs"] > runs)
        replace(program, HERALDD)
        assert world.herald.restart() == {"leaf1": "kept"}
        assert flow.begun_or_ended() == []
    assert world.router.drops(world.leaf.node_ipv4) == drops


def test_an_upgrade_and_a_downgrade_keep_the_session(site):
    """Two really different versions of the program, there and back."""
    world = announcing(site, neighbor=HURRIED)
    program = programs_of_its_own(world)
    before = world.herald.get("/v1/status")["version"]
    drops = world.router.drops(world.leaf.node_ipv4)
    versions = []
    for source in (PROGRAMS / "next" / "heraldd", HERALDD):
        replace(program, source)
        assert world.herald.restart() == {"leaf1": "kept"}
        versions.append(world.herald.get("/v1/status")["version"])
    assert versions[0] != before and versions[1] == before
    assert world.router.drops(world.leaf.node_ipv4) == drops


def test_a_full_disk_does_not_matter(site):
    """What goes over is in memory; a drain cannot be stored, before or after."""
    folder = site.folder / "small"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
    try:
        world = announcing(site, neighbor=HURRIED, state=str(folder))
        with suppress(OSError), (folder / "filling").open("wb", buffering=0) as filling:
            while filling.write(bytes(4096)):
                pass
        with unseen(world):
            assert world.herald.ctl("drain", "dns", check=False).returncode == 1
            assert world.herald.restart() == {"leaf1": "kept"}
            assert world.herald.ctl("drain", "dns", check=False).returncode == 1
        world.herald.kill()
    finally:
        run("umount", folder)


@pytest.mark.parametrize("given", ["99", "0", "-1", "one"])
def test_a_state_that_nobody_left_is_refused_as_a_whole(site, given):
    """The daemon starts as after any stop, and says that it could use nothing."""
    herald = site.herald()
    herald.configure(settings([], [{"name": "web", "prefixes": [IPV4_PREFIX]}]))
    herald.start(env={**os.environ, "HERALD_STATE": given})
    herald.wait_logged("cannot be used")
    assert herald.get("/v1/status")["restarted"] is None


def test_a_killed_daemon_is_seen_at_once(world):
    """kill -9 hands nothing over."""
    world.herald.kill()
    world.wait_withdrawn(AT_ONCE)
