"""A fleet's store: etcd that does not answer, or changes its leader; daemons that restart, share a
name, stop, or take another configuration. Nothing is withdrawn or announced because of etcd.

The rules are heraldd(8), "The fleet".
"""

import signal
import socket
import time

import pytest

from lab.fleet import HELD_PATH, Fleet
from lab.waiting import stays_true, wait_until

SITES = ("madrid", "tokyo", "chicago")
KEEP = 2
QUIET = 5.0
# No lease of this length ends within a test.
LONG_TTL = "1m"


@pytest.fixture(scope="module")
def started():
    """One node in each of three sites; two sites must stay."""
    with Fleet(SITES, keep=KEEP) as built:
        yield built.start()


@pytest.fixture
def fleet(started):
    """The fleet, as it is when all is well, before and after."""
    yield started
    member = started.etcd.members[0]
    if not member.process.running:
        member.start()
        wait_until("etcd answers", started.etcd.healthy)
    started.restore()


def _wait_lost(*nodes) -> None:
    """Returns when these know that they cannot ask etcd."""
    for node in nodes:
        wait_until(f"{node.name} knows",
                   lambda of=node: not of.herald.get("/v1/fleet")["reached"])


def _told(fleet) -> int:
    """How many UPDATEs the routers have had."""
    return len(fleet.routers.updates)


@pytest.mark.parametrize("how", ["silent", "killed"])
def test_etcd_that_is_gone_changes_no_route(fleet, how):
    """What is drained stays so, what is announced too; views say how old they are."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.herald.ctl("drain", "dns", "--now", "--wait")
    fleet.wait_announced(tokyo, chicago)
    told = _told(fleet)
    if how == "killed":
        fleet.etcd.members[0].process.kill()
    else:
        for node in fleet.nodes:
            node.cut_off()
    _wait_lost(*fleet.nodes)
    seen = tokyo.herald.get("/v1/fleet")
    assert seen["present"] is False and seen["trouble"]
    nodes = seen["services"][0]["nodes"]
    assert {each["node"] for each in nodes} == {node.name for node in fleet.nodes}
    assert all(each["stale"] for each in nodes)
    assert "stale" in tokyo.herald.ctl("fleet").stdout
    assert tokyo.metric("herald_fleet_store_reached") == 0
    assert tokyo.metric("herald_fleet_present") == 0
    stays_true("no route changes", lambda: _told(fleet) == told, 1.0)
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(*fleet.nodes)


@pytest.mark.parametrize("how", ["silent", "killed"])
def test_a_failure_while_etcd_is_gone_is_held_until_it_is_back(fleet, how):
    """And goes after five quiet seconds then. A drain is refused meanwhile: store_lost."""
    madrid, tokyo, _ = fleet.nodes
    member = fleet.etcd.members[0]
    if how == "killed":
        member.process.kill()
    else:
        for node in fleet.nodes:
            node.cut_off()
    madrid.fail()
    view = madrid.wait_heard("held")
    assert (view["health"], view["reason"]) == ("down", "guard_refused")
    _wait_lost(*fleet.nodes)
    assert "etcd cannot be asked" in madrid.view()["cause"]
    refused = tokyo.herald.ctl("drain", "dns", "--now", check=False)
    assert refused.returncode == 1 and "etcd cannot be asked" in refused.stderr
    status, _, body = tokyo.herald.exchange("POST", "/v1/services/dns/drain", b"{}")
    assert status >= 400 and body["reason"] == "store_lost"
    stays_true("all are announced", lambda: len(fleet.routers.announced) == len(SITES), 1.0)
    back = time.monotonic()
    if how == "killed":
        member.start()
    else:
        for node in fleet.nodes:
            node.reconnect()
    fleet.wait_announced(*fleet.nodes[1:], timeout=QUIET + 20.0)
    assert fleet.routers.changes[-1][0] - back >= QUIET
    assert fleet.permits() == {madrid.name: "health"}


def test_withdraw_on_store_loss_waits_until_the_loss_is_known(fleet):
    """Only the node whose etcd is gone does so, and no sooner than its lease's time to live."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.reload(service={"on_store_loss": "withdraw"})
    tokyo.reload(service={"on_store_loss": "withdraw"})
    tokyo.fail()
    fleet.wait_announced(madrid, chicago)
    madrid.fail()
    madrid.wait_heard("held")  # etcd can be asked, and says no
    madrid.cut_off()
    fleet.wait_announced(chicago)
    assert madrid.view()["reason"] == "check_failed"
    assert madrid.herald.get("/v1/fleet")["reached"] is False


def test_a_held_node_recovers_without_etcd(fleet):
    """Announcing again takes no permit."""
    madrid = fleet.nodes[0]
    madrid.cut_off()
    madrid.fail()
    madrid.wait_heard("held")
    madrid.serve()
    madrid.wait_heard("normal")
    assert fleet.routers.announced == {node.address for node in fleet.nodes}


def test_who_has_gone_comes_back_without_etcd(fleet):
    """And its permit is given back when etcd is there again."""
    madrid = fleet.nodes[0]
    madrid.fail()
    fleet.wait_announced(*fleet.nodes[1:])
    fleet.wait_permits(madrid_1="health")
    madrid.cut_off()
    _wait_lost(madrid)
    madrid.serve()
    fleet.wait_announced(*fleet.nodes)
    assert fleet.permits() == {"madrid-1": "health"}
    madrid.reconnect()
    fleet.wait_permits()


def test_a_restart_in_place_is_nothing_that_anybody_notices(fleet):
    """Held services stay held, permits and presence stay, and no UPDATE comes."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.fail()
    fleet.wait_announced(tokyo, chicago)
    tokyo.fail()
    wait_until("all know that it is held", lambda: (
        chicago.sees(tokyo)["heard"] == "held" and chicago.sees(madrid)["heard"] == "none"
        and fleet.routers.paths[tokyo.address] == HELD_PATH))
    records = fleet.etcd.keys("/herald/services/")
    told = _told(fleet)
    created = _created(fleet)
    for node in fleet.nodes:
        assert node.herald.restart() == {"router": "kept"}
        stays_true("others see it", lambda of=node: next(
            each for each in fleet.nodes if each != of).sees(of)["stale"] is False, 1.0)
    # Longer than a lease that nobody keeps.
    stays_true("nothing changes", lambda: tokyo.view()["heard"] == "held", 3.0)
    assert _told(fleet) == told and _created(fleet) == created
    assert fleet.permits() == {"madrid-1": "health"}
    assert fleet.etcd.keys("/herald/services/") == records
    for node in (madrid, tokyo):
        node.serve()
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()


def _created(fleet) -> list:
    """When each node's presence appeared, as etcd counts."""
    shown = fleet.etcd.ctl("get", "--prefix", "/herald/present/", "-w", "fields").stdout
    return [line for line in shown.splitlines() if "CreateRevision" in line]


def test_a_killed_node_takes_its_name_back_at_once(fleet):
    """Its instance is on disk: the lease that it had is nobody else's."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.reload(fleet={"ttl": LONG_TTL})
    wait_until("it is present", lambda: madrid.herald.get("/v1/fleet")["present"])
    madrid.fail()
    fleet.wait_announced(tokyo, chicago)
    madrid.herald.kill()
    madrid.herald.start()
    wait_until("it is present", lambda: madrid.herald.get("/v1/fleet")["present"])
    madrid.reload()
    madrid.serve()
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()
    fleet.wait_counted(*fleet.nodes)
    tokyo.herald.ctl("drain", "dns", "--now")  # madrid counts


def test_a_second_node_by_a_name_is_told_by_which_host(fleet):
    """It takes no permits, and what the first one says stays."""
    madrid, tokyo, chicago = fleet.nodes
    tokyo.herald.kill()
    wait_until("its name is free", lambda: chicago.sees(tokyo)["stale"])
    before = fleet.etcd.keys()["/herald/services/dns/madrid-1"]
    tokyo.configure(fleet={"node": madrid.name})
    tokyo.herald.start()
    fleet.wait_announced(*fleet.nodes)
    told = f"another herald calls itself {madrid.name}, on the host {socket.gethostname()}"
    wait_until("it is told", lambda: tokyo.herald.get("/v1/fleet")["trouble"] == told)
    assert tokyo.herald.get("/v1/fleet")["present"] is False
    assert told in tokyo.herald.ctl("fleet").stdout
    assert told in tokyo.herald.ctl("status", check=False).stdout
    tokyo.fail()
    tokyo.wait_heard("held")
    assert tokyo.herald.ctl("drain", "dns", check=False).returncode == 1
    assert fleet.etcd.keys()["/herald/services/dns/madrid-1"] == before
    assert madrid.herald.get("/v1/fleet")["present"]
    assert fleet.permits() == {} and len(fleet.routers.announced) == len(SITES)


def test_a_stop_is_recorded_and_the_node_is_gone_at_once(fleet):
    """Others count without it before its lease would have expired."""
    madrid, tokyo, _ = fleet.nodes
    madrid.reload(fleet={"ttl": LONG_TTL})
    wait_until("it is present", lambda: madrid.herald.get("/v1/fleet")["present"])
    assert madrid.herald.process.stop() == 0
    wait_until("its presence is gone", lambda: madrid.name not in fleet.beats())
    record = fleet.etcd.keys()["/herald/services/dns/madrid-1"]
    assert (record["heard"], record["reason"]) == ("none", "stopped") and "permit" not in record
    assert tokyo.sees(madrid)["reason"] == "stopped" and tokyo.sees(madrid)["stale"]
    refused = tokyo.herald.ctl("drain", "dns", check=False)
    assert refused.returncode == 1 and "madrid-1 (madrid)" in refused.stderr


def test_a_stop_of_a_drained_node_keeps_its_permit(fleet):
    """A drain's permit outlives it; a health's goes when it is announced again."""
    madrid, tokyo, _ = fleet.nodes
    madrid.herald.ctl("drain", "dns", "--now", "--wait")
    assert madrid.herald.process.stop() == 0
    wait_until("its presence is gone", lambda: madrid.name not in fleet.beats())
    assert fleet.permits() == {"madrid-1": "drain"}
    refused = tokyo.herald.ctl("drain", "dns", check=False)
    assert "madrid-1 (madrid): drained by root" in refused.stderr


@pytest.mark.parametrize("change", [
    {"service": {"keep": 1}}, {"service": {"keep": None}}, {"service": {"keep_per": "node"}},
    {"fleet": {"ttl": "3s"}}, {"fleet": {"site": "berlin"}}, {"fleet": {"node": "berlin-1"}},
    {"fleet": {"prefix": "/other/"}}, {"check": {"fall": 2}}], ids=str)
def test_a_reload_of_the_fleet_changes_no_route(fleet, change):
    """Whatever changes, there and back: the node is present again, by what it is called now."""
    madrid = fleet.nodes[0]
    told = _told(fleet)
    for settings in (change, {}):
        madrid.reload(**settings)
        shown = wait_until("it is present", lambda: (
            lambda now: now if now["present"] else None)(madrid.herald.get("/v1/fleet")))
        wanted = settings.get("fleet", {})
        assert shown["node"] == wanted.get("node", madrid.name)
        assert shown["site"] == wanted.get("site", madrid.site)
        wait_until("its record is there", lambda: any(
            each["node"] == shown["node"] and each["site"] == shown["site"]
            for service in madrid.herald.get("/v1/fleet")["services"]
            for each in service["nodes"]))
    assert _told(fleet) == told
    madrid.herald.ctl("fleet", "forget", "berlin-1", check=False)
    assert "/herald/services/dns/berlin-1" not in fleet.etcd.keys()


def test_a_reload_that_adds_keep_guards_from_then_on(fleet):
    """The next failure is counted against it."""
    for node in fleet.nodes:
        node.reload(service={"keep": None})
    madrid, tokyo, chicago = fleet.nodes
    madrid.fail()
    fleet.wait_announced(tokyo, chicago)
    for node in fleet.nodes:
        node.reload()
    assert tokyo.view()["guard"]["keep"] == str(KEEP)
    told = _told(fleet)
    tokyo.fail()
    tokyo.wait_heard("held")
    assert {address for _, address in fleet.routers.updates[told:]} <= {tokyo.address}
    fleet.wait_announced(tokyo, chicago)


def test_a_reload_without_the_fleet_leaves_it(fleet):
    """The node is gone from the others' view at once, and its service is not guarded."""
    madrid, tokyo, chicago = fleet.nodes
    told = _told(fleet)
    madrid.reload(fleet={"ttl": LONG_TTL})
    wait_until("it is present", lambda: madrid.herald.get("/v1/fleet")["present"])
    madrid.configure(service={"keep": None})
    text = madrid.herald.config.read_text()
    begin = text.index("[fleet]")
    madrid.herald.config.write_text(text[:begin] + text[text.index("[[neighbor]]"):])
    madrid.herald.ctl("reload")
    wait_until("it is gone", lambda: tokyo.sees(madrid)["stale"])
    assert _told(fleet) == told and madrid.view()["guard"] is None
    refused = tokyo.herald.ctl("drain", "dns", check=False)
    assert refused.returncode == 1 and "madrid-1 (madrid)" in refused.stderr
    madrid.fail()
    fleet.wait_announced(tokyo, chicago)
    madrid.serve()
    fleet.wait_announced(*fleet.nodes)
    madrid.reload()
    wait_until("it is back", lambda: madrid.herald.get("/v1/fleet")["present"])


def test_a_frozen_node_does_not_count_and_wakes_up_to_the_truth(fleet):
    """It beats no more: nobody relies on it. A permit that it had not used is not used later."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.herald.process.signal(signal.SIGSTOP)
    try:
        wait_until("it is stale", lambda: tokyo.sees(madrid)["stale"])
        since = time.monotonic()
        tokyo.fail()
        view = tokyo.wait_heard("held")
        assert "madrid-1 (madrid): has not been heard of" in view["cause"]
        madrid.fail()
    finally:
        madrid.herald.process.signal(signal.SIGCONT)
    madrid.wait_heard("held", "none", timeout=15.0)
    stays_true("two are announced", lambda: len(fleet.routers.announced) >= KEEP, 2.0)
    assert fleet.least(since) >= KEEP
