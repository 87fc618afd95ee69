"""heraldd as an ordinary user, with the one capability it can need, or with none."""

import os
import shutil
from pathlib import Path

import pytest

from lab.frr import FrrNeighbor
from lab.herald import HERALDD
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, settings
from lab.waiting import wait_until

USER = GROUP = 65534
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups"]
WITH_NOTHING = [*AS_USER, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
WITH_BIND_SERVICE = [*AS_USER, "--inh-caps=-all,+net_bind_service",
                     "--ambient-caps=-all,+net_bind_service",
                     "--bounding-set=-all,+net_bind_service", "--no-new-privs"]
PASSWORD = "a-shared-secret"
SERVICE = {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]}


@pytest.fixture
def herald(site):
    """A daemon whose folder belongs to the user, and where the user can run it, the program."""
    herald = site.herald()
    os.chown(herald.folder, USER, GROUP)
    shutil.copy(HERALDD, herald.folder)
    run_with(herald, WITH_NOTHING)
    return herald


def run_with(herald, words: list) -> None:
    """Chooses the user and the capabilities."""
    herald.command = [*words, herald.folder / HERALDD.name]


def capabilities(herald) -> set:
    """The sets of capabilities that the daemon has."""
    status = Path(f"/proc/{herald.process.pid}/status").read_text()
    fields = dict(line.split(":\t") for line in status.splitlines())
    assert fields["Uid"] == "\t".join([str(USER)] * 4)
    return {int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")}


def protected(leaf) -> list:
    """FRR's neighbor with TCP MD5 and TTL security."""
    return [FrrNeighbor(leaf.node_ipv4, HERALD_AS, [f"password {PASSWORD}", "timers connect 1",
                                                    "ttl-security hops 1"])]


def failure(herald) -> str:
    """What the daemon says that must not start."""
    process = herald.launch()
    assert process.wait() == 1
    return process.output()


def test_without_capabilities_it_dials_with_md5_and_ttl_security(site, herald):
    """State, control socket and session are an ordinary user's business."""
    leaf = site.add_leaf()
    router = site.start_router(leaf, protected(leaf))
    herald.configure(settings([leaf.neighbor(password=PASSWORD, ttl_security=1)], [SERVICE]))
    herald.start()
    assert capabilities(herald) == {0}
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    herald.ctl("drain", "dns", "--now", "--wait")
    assert herald.process.stop() == 0
    herald.start()
    assert "drained" in herald.ctl("services").stdout


def test_with_net_bind_service_it_also_listens_on_port_179(site, herald):
    """Listening sockets take MD5 keys and TTLs without a privilege, too; a restart keeps all."""
    leaf = site.add_leaf()
    router = site.start_router(leaf, protected(leaf))
    run_with(herald, WITH_BIND_SERVICE)
    neighbor = leaf.neighbor(password=PASSWORD, ttl_security=1, passive=True)
    herald.configure(settings([neighbor], [SERVICE], listen=["0.0.0.0", "::"]))
    herald.start()
    assert capabilities(herald) == {1 << 10}
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    herald.ctl("restart")
    assert capabilities(herald) == {1 << 10}
    assert router.drops(leaf.node_ipv4) == 0
    herald.ctl("restart", "--reset")
    assert capabilities(herald) == {1 << 10}
    wait_until("announced again", lambda: router.drops(leaf.node_ipv4) == 1
               and router.has(IPV4_PREFIX, IPV6_PREFIX))


def test_programs_of_checks_get_no_capability(herald):
    """What the service manager gave is the daemon's, and the program runs as its user only."""
    run_with(herald, WITH_BIND_SERVICE)
    script = "grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status | tr '\\n\\t' '  '"
    check = {"name": "caps", "type": "exec", "command": ["/bin/sh", "-c", script]}
    herald.configure(settings([], [{**SERVICE, "check": [check]}]))
    herald.start()
    wait_until("the check has run", lambda: herald.get("/v1/checks")["checks"][0]["runs"])
    nothing = "0" * 16
    assert (herald.get("/v1/checks")["checks"][0]["output"].split()
            == ["CapPrm:", nothing, "CapEff:", nothing, "CapAmb:", nothing])
    assert capabilities(herald) == {1 << 10}


def test_port_179_without_the_capability_is_refused_with_the_reason(herald):
    """The address, the port, and what is missing."""
    herald.configure(settings([], [SERVICE], listen=["127.0.0.1"]))
    said = failure(herald)
    assert "cannot listen on 127.0.0.1 port 179" in said and "Permission denied" in said
    assert "CAP_NET_BIND_SERVICE" in said


def test_folders_and_files_of_others_are_refused_by_name(herald):
    """Each with its path and the reason."""
    others = herald.folder / "root's"
    others.mkdir(mode=0o700)
    for changes in ({"state": {"directory": str(others)}},
                    {"control": {"socket": str(others / "control.sock")}}):
        herald.configure({**settings([], [SERVICE]), **changes})
        said = failure(herald)
        assert str(others) in said and "Permission denied" in said
    herald.configure(settings([], [SERVICE]))
    os.chown(herald.config, 0, 0)
    herald.config.chmod(0o600)
    said = failure(herald)
    assert f"{herald.config}:1:1: " in said and "Permission denied" in said
