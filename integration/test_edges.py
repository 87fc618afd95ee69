"""The order of things at the edges: the start, a change in mid-change, and what the machine denies.
"""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from lab.capture import UPDATE, Capture
from lab.processes import run
from lab.scenario import AT_ONCE, announcing, as_ordinary
from lab.site import IPV4_PREFIX, IPV6_PREFIX, dns_service, settings, tcp_check
from lab.waiting import stays_true, wait_until

END_OF_RIB = (4, 10)  # octets of the body, IPv4 and IPv6, RFC 4724 §2
ORDINARY_USER = 65534


def exec_check(program: Path, **changes: object) -> dict:
    """A check by a program that may change; each run settles it."""
    return {"type": "exec", "command": [str(program)], "interval": "100ms",
            "fast_interval": "100ms", "rise": 1, "fall": 1, **changes}


def check_of(world) -> dict:
    """The service's only check, as herald shows it."""
    return world.herald.get("/v1/services/dns")["checks"][0]


def test_nothing_is_announced_before_health_has_settled_and_end_of_rib_follows(site):
    """While the service is unknown not even End-of-RIB is sent: routers would take it for none."""
    leaf = site.add_leaf()
    router = site.start_router(leaf)
    service, herald = site.service(), site.herald()
    herald.configure(settings([leaf.neighbor()], [dns_service(check=[tcp_check(fall=1000)])]))
    with Capture(leaf.namespace, leaf.interface) as capture:
        herald.start()
        wait_until("the session", lambda: router.established(leaf.node_ipv4))
        stays_true("no UPDATE", lambda: not [message for message in capture.arrived()
                                             if message.kind == UPDATE], 1.0)
        service.start()
        lengths: list = []
        wait_until("both families and their ends", lambda: lengths.extend(
            len(message.body) for message in capture.arrived() if message.kind == UPDATE)
            or len(lengths) == 4)
    assert tuple(lengths[2:]) == END_OF_RIB
    assert not set(lengths[:2]) & set(END_OF_RIB)
    assert router.has(IPV4_PREFIX, IPV6_PREFIX)


def test_a_service_that_fails_while_it_drains(site):
    """Withdrawn at once; what comes back within the drain time is still to be left."""
    world = announcing(site, service={"drain_time": "1h"})
    world.herald.ctl("drain", "dns")
    world.service.kill()
    world.wait_withdrawn()
    world.service.start()
    world.wait_announced()
    assert world.router.paths(IPV4_PREFIX)[0].communities == ("graceful-shutdown",)


def test_a_router_that_restarts_while_the_service_drains(site):
    """It hears of the new session what the others hear."""
    world = announcing(site, service={"drain_time": "1h"})
    world.herald.ctl("drain", "dns")
    world.router.restart()
    world.wait_announced()
    for prefix in (IPV4_PREFIX, IPV6_PREFIX):
        assert world.router.paths(prefix)[0].communities == ("graceful-shutdown",)


def test_a_service_that_fails_while_the_router_is_away(world):
    """A withdrawal for nobody: the session that comes brings nothing."""
    world.router.kill()
    world.service.kill()
    wait_until("down", lambda: world.herald.get("/v1/services/dns")["health"] == "down")
    world.router.start()
    wait_until("the session", lambda: world.router.established(world.leaf.node_ipv4))
    stays_true("no routes", lambda: world.router.has_none(IPV4_PREFIX, IPV6_PREFIX), 0.5)


@contextmanager
def small_file_system(path: Path):
    """A file system of 64 KiB."""
    path.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "herald-lab", path)
    try:
        yield
    finally:
        run("umount", "--lazy", path)


def test_a_full_disk_refuses_drains_and_disturbs_nothing(site):
    """500 with the reason, status 1 for heraldctl; with room again the drain is made."""
    with small_file_system(site.folder / "small"):
        state = site.folder / "small" / "state"
        world = announcing(site, state=str(state))
        filler = site.folder / "small" / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass  # full
        refused = world.herald.ctl("drain", "dns", "--now", check=False)
        assert refused.returncode == 1
        assert refused.stderr == ("heraldctl: the drain could not be stored: "
                                  "No space left on device\n")
        status, kind, problem = world.herald.exchange("POST", "/v1/services/dns/drain", b"{}")
        assert (status, kind) == (500, "application/problem+json")
        assert problem["detail"] == "the drain could not be stored: No space left on device"
        assert world.herald.get("/v1/services/dns")["administration"] == "active"
        assert world.router.has(IPV4_PREFIX, IPV6_PREFIX) and world.undisturbed
        filler.unlink()
        world.herald.ctl("drain", "dns", "--now", "--wait")
        world.wait_withdrawn(AT_ONCE)
        world.herald.kill()


def test_a_check_for_which_there_is_no_process(site):
    """fork fails: the check has failed, herald says that it could not run and why, and goes on."""
    world = announcing(site, service={"check": [exec_check(Path("/bin/true"))]},
                       as_user=ORDINARY_USER)
    allow_processes(world, 0)
    world.wait_withdrawn()
    check = check_of(world)
    assert (check["could_run"], check["last_result"]) == (False, "fail")
    assert check["output"] == "/bin/true: Resource temporarily unavailable"
    assert "could not run: /bin/true: Resource" in world.herald.ctl("status").stdout
    allow_processes(world, 1000)
    world.wait_announced()
    assert world.undisturbed


def allow_processes(world, count: int) -> None:
    """How many processes herald's user may have."""
    run(*as_ordinary(ORDINARY_USER), "prlimit", "--pid", world.herald.process.pid,
        f"--nproc={count}:")


def install(program: Path, content: str, mode: int = 0o755) -> None:
    """Puts a program in the place of another as package managers do: written, then renamed."""
    fresh = program.with_suffix(".new")
    fresh.write_text(content)
    fresh.chmod(mode)
    os.replace(fresh, program)


def test_a_check_s_program_replaced_while_it_runs(site):
    """The run that is under way ends as the old program; the next is the new one's."""
    program, started = site.folder / "check", site.folder / "started"
    install(program, f"#!/bin/sh\ntouch {started}\nsleep 0.3\necho old\n")
    world = announcing(site, service={"check": [exec_check(program)]})
    assert check_of(world)["output"] == "old"
    started.unlink()
    wait_until("a run is under way", started.exists)
    install(program, "#!/bin/sh\necho new\n")
    wait_until("the new program has run", lambda: check_of(world)["output"] == "new")
    assert check_of(world)["last_result"] == "pass"
    assert "failed" not in world.herald.process.output()


def test_a_check_s_program_that_cannot_be_run(site):
    """Neither executable, nor there, nor a program: failed, with the reason; then well again."""
    program = site.folder / "check"
    install(program, "#!/bin/sh\necho fine\n")
    world = announcing(site, service={"check": [exec_check(program)]})
    for damage, reason in (
            (lambda: program.chmod(0o644), "Permission denied"),
            (program.unlink, "No such file or directory"),
            (lambda: install(program, "\x7fELF"), "Exec format error")):
        damage()
        world.wait_withdrawn()
        check = check_of(world)
        assert (check["could_run"], check["last_result"]) == (False, "fail")
        assert reason in check["output"]
        install(program, "#!/bin/sh\necho fine\n")
        world.wait_announced()
    shutil.copy("/bin/false", program.with_suffix(".binary"))
    os.replace(program.with_suffix(".binary"), program)
    world.wait_withdrawn()
    assert check_of(world)["could_run"]
