"""A fleet's drains: permits, refusals, turns, and what outlives the daemon.

The rules are heraldctl(8), "drain", and heraldd(8), "The fleet".
"""

import json
import signal
import threading

import pytest

from lab.fleet import Fleet
from lab.waiting import stays_true, wait_until

SITES = ("madrid", "tokyo", "chicago")
# Of three sites: one may be out.
KEEP = 2


@pytest.fixture(scope="module")
def started():
    """One node in each of three sites; two sites must stay."""
    with Fleet(SITES, keep=KEEP) as built:
        yield built.start()


@pytest.fixture
def fleet(started):
    """The fleet, as it is when all is well, before and after."""
    yield started
    started.restore()


def _drain(node, *options: object) -> None:
    """Drains a node that may go."""
    node.herald.ctl("drain", "dns", "--now", "--wait", *options)
    wait_until(f"the routers have read that {node.name} is gone", lambda: not node.announced)


def _wait_queued(fleet, *nodes) -> None:
    """Returns when just these wait, in this order."""
    def waiting() -> list:
        shown = fleet.etcd.ctl("get", "--prefix", "/herald/queue/dns/", "--keys-only",
                               "--sort-by", "CREATE", "--order", "ASCEND").stdout
        return [line.rpartition("/")[2] for line in shown.split()]
    names = [node.name for node in nodes]
    wait_until(f"{names} wait", lambda: waiting() == names)


def _wait_administration(node, *those: str) -> None:
    wait_until(f"{node.name} is {those}", lambda: node.view()["administration"] in those)


def test_a_drain_has_a_permit_until_it_is_undrained(fleet):
    """Who drains and why is in etcd, and for every node to see."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid, "--reason", "kernel update")
    fleet.wait_announced(tokyo, chicago)
    permit = fleet.etcd.keys()["/herald/services/dns/madrid-1"]["permit"]
    assert (permit["reason"], permit["by"], permit["note"]) == ("drain", "root", "kernel update")
    seen = wait_until("others see it", lambda: tokyo.sees(madrid)["permit"])
    assert (seen["reason"], seen["by"], seen["note"]) == ("drain", "root", "kernel update")
    assert madrid.sees(madrid)["permit"] == seen
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()


def test_a_drain_that_leaves_too_few_is_refused(fleet):
    """Status 1, and one line that says who is out, where and why; nothing is drained."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid, "--reason", "kernel update")
    told = len(fleet.routers.updates)
    refused = tokyo.herald.ctl("drain", "dns", "--now", check=False)
    assert refused.returncode == 1 and refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "1 announced elsewhere, 2 must stay" in refused.stderr
    assert "madrid-1 (madrid): drained by root: kernel update" in refused.stderr
    status, _, body = chicago.herald.exchange("POST", "/v1/services/dns/drain", b"{}")
    assert status == 409 and body["reason"] == "guard_refused"
    assert [node.view()["administration"] for node in (tokyo, chicago)] == ["active", "active"]
    assert len(fleet.routers.updates) == told and fleet.permits() == {"madrid-1": "drain"}


def test_a_drain_by_force_needs_no_permit_and_is_told_of_as_such(fleet):
    """drain_forced is the event; only one that could have been refused is forced."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    _drain(tokyo, "--force", "--reason", "fire")
    fleet.wait_announced(chicago)
    commands = [event for event in tokyo.herald.get("/v1/events/recent")["events"]
                if event["type"] == "command" and event["service"] == "dns"]
    assert (commands[-1]["to"], commands[-1]["cause"]) == ("drain_forced", "fire")
    assert fleet.permits() == {"madrid-1": "drain"}
    _drain(chicago, "--force")
    fleet.wait_announced()


def test_turns_come_first_come_first_served(fleet):
    """Each that waits goes when the one before it is undrained, and then the next one."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    second = chicago.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, chicago)
    third = tokyo.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, chicago, tokyo)
    assert tokyo.sees(chicago)["waits"] and "chicago-3" in tokyo.herald.ctl("fleet").stdout
    assert second.running and third.running
    madrid.herald.ctl("undrain", "dns")
    assert second.wait() == 0
    fleet.wait_announced(madrid, tokyo)
    assert third.running and tokyo.view()["administration"] == "active"
    chicago.herald.ctl("undrain", "dns")
    assert third.wait() == 0
    fleet.wait_announced(madrid, chicago)
    _wait_queued(fleet)


def test_who_waits_longer_goes_before_who_comes_without_a_turn(fleet):
    """A drain without --queue is refused as long as somebody waits, and says who does."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    waiting = chicago.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, chicago)
    refused = tokyo.herald.ctl("drain", "dns", check=False)
    assert refused.returncode == 1 and "chicago-3 waits longer" in refused.stderr
    madrid.herald.ctl("undrain", "dns")
    assert waiting.wait() == 0


def test_a_turn_that_does_not_come_in_time_never_comes(fleet):
    """Status 1 at the time that was given; the drain does not happen later either."""
    madrid, tokyo, _ = fleet.nodes
    _drain(madrid)
    late = tokyo.herald.ctl("--json", "drain", "dns", "--now", "--queue", "--timeout", "1s",
                            check=False)
    assert late.returncode == 1 and "madrid-1" in late.stdout + late.stderr
    _wait_queued(fleet)
    told = len(fleet.routers.updates)
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(*fleet.nodes)
    stays_true("it is not drained",
               lambda: tokyo.view()["administration"] == "active" and tokyo.announced, 1.0)
    assert {address for _, address in fleet.routers.updates[told:]} == {madrid.address}
    fleet.wait_permits()


def test_the_reason_of_a_turn_that_did_not_come_is_for_programs_too(fleet):
    """queue_timeout, with the words of the refusal."""
    madrid, tokyo, _ = fleet.nodes
    _drain(madrid)
    content = json.dumps({"queue": True, "timeout": 0.5}).encode()
    status, _, body = tokyo.herald.exchange("POST", "/v1/services/dns/drain", content)
    assert status >= 400 and body["reason"] == "queue_timeout"
    assert "2 must stay" in json.dumps(body)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_who_waits_no_more_gives_the_place_up(fleet, how):
    """The next in the queue has it; the drain that was given up does not happen."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    given_up = tokyo.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, tokyo)
    waiting = chicago.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, tokyo, chicago)
    given_up.signal(how)
    given_up.wait()
    _wait_queued(fleet, chicago)
    madrid.herald.ctl("undrain", "dns")
    assert waiting.wait() == 0
    fleet.wait_announced(madrid, tokyo)
    assert tokyo.view()["administration"] == "active"


def test_the_queue_forgets_a_node_that_is_killed(fleet):
    """Its place goes with its lease."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    tokyo.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, tokyo)
    waiting = chicago.start_ctl("drain", "dns", "--queue", "--now")
    _wait_queued(fleet, tokyo, chicago)
    tokyo.herald.kill()
    _wait_queued(fleet, chicago)
    tokyo.herald.start()
    madrid.herald.ctl("undrain", "dns")
    assert waiting.wait() == 0
    assert tokyo.view()["administration"] == "active"


def test_a_drains_permit_outlives_the_daemon(fleet):
    """kill -9, longer than the lease, and a start: it is drained with the same permit."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid, "--reason", "disk")
    permit = fleet.etcd.keys()["/herald/services/dns/madrid-1"]["permit"]
    madrid.herald.kill()
    wait_until("it is stale", lambda: tokyo.sees(madrid)["stale"])
    refused = tokyo.herald.ctl("drain", "dns", check=False)
    assert refused.returncode == 1
    assert "madrid-1 (madrid): drained by root: disk" in refused.stderr
    madrid.herald.start()
    wait_until("it is there again", lambda: tokyo.sees(madrid)["stale"] is False)
    wait_until("its checks pass", lambda: madrid.view()["health"] == "up")
    assert madrid.view()["administration"] == "drained" and not madrid.announced
    assert fleet.etcd.keys()["/herald/services/dns/madrid-1"]["permit"] == permit
    assert tokyo.herald.ctl("drain", "dns", check=False).returncode == 1
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()


def test_the_permit_of_a_node_that_does_not_come_back_can_be_released(fleet):
    """Not while it is there; then a node that is well may count by itself again."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    refused = tokyo.herald.ctl("fleet", "release", madrid.name, check=False)
    assert refused.returncode == 1 and fleet.permits() == {"madrid-1": "drain"}
    madrid.herald.kill()
    wait_until("it is stale", lambda: tokyo.sees(madrid)["stale"])
    tokyo.herald.ctl("fleet", "release", madrid.name)
    fleet.wait_permits()
    commands = [event for event in tokyo.herald.get("/v1/events/recent")["events"]
                if event["type"] == "command"]
    assert (commands[-1]["to"], commands[-1]["cause"]) == ("release", "madrid-1")
    refused = chicago.herald.ctl("drain", "dns", check=False)
    assert "madrid-1 (madrid): has not been heard of" in refused.stderr
    madrid.herald.start()
    wait_until("it is there again", lambda: tokyo.sees(madrid)["stale"] is False)
    wait_until("its checks pass", lambda: madrid.view()["health"] == "up")
    assert madrid.view()["administration"] == "drained" and not madrid.announced


def test_what_is_not_announced_is_drained_without_a_permit(fleet):
    """It changes nothing for anybody: a service that is down and gone, also of the last."""
    madrid, tokyo, chicago = fleet.nodes
    madrid.fail()
    fleet.wait_announced(tokyo, chicago)
    assert tokyo.herald.ctl("drain", "dns", check=False).returncode == 1
    _drain(madrid)
    assert madrid.view()["administration"] == "drained"


def test_a_drain_file_waits_for_its_turn(fleet):
    """It is drained when the one before it is back, and a file that goes gives its place up."""
    madrid, tokyo, chicago = fleet.nodes
    file = fleet.folder / "maintenance"
    tokyo.reload(service={"drain_file": str(file)})
    _drain(madrid)
    file.touch()
    _wait_queued(fleet, tokyo)
    assert tokyo.view()["administration"] == "active" and tokyo.announced
    file.unlink()
    _wait_queued(fleet)
    file.touch()
    _wait_queued(fleet, tokyo)
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(madrid, chicago)
    fleet.wait_permits(tokyo_2="drain")
    file.unlink()
    fleet.wait_announced(*fleet.nodes)


def test_one_that_fails_while_another_is_drained_is_held(fleet):
    """And goes when the drained one is back, after five quiet seconds."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid, "--reason", "disk")
    tokyo.fail()
    assert "madrid-1 (madrid): drained by root: disk" in tokyo.wait_heard("held")["cause"]
    madrid.herald.ctl("undrain", "dns")
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_announced(madrid, chicago)


def test_a_held_node_is_not_drained_either(fleet):
    """There is no permit for it; by force it goes."""
    madrid, tokyo, chicago = fleet.nodes
    _drain(madrid)
    tokyo.fail()
    tokyo.wait_heard("held")
    assert tokyo.herald.ctl("drain", "dns", "--now", check=False).returncode == 1
    assert tokyo.announced
    _drain(tokyo, "--force")
    fleet.wait_announced(chicago)


def test_rolling_through_all_nodes_at_once(fleet):
    """Everybody drains in the same moment, with --queue --wait, and undrains when it has: all
    have their turn, and never are fewer announced than must be."""
    told = len(fleet.routers.changes)
    failed: list = []

    def roll(node) -> None:
        try:
            node.herald.ctl("drain", "--all", "--queue", "--wait", "--timeout", "1m",
                            timeout=70.0)
            wait_until(f"the routers have read that {node.name} is gone",
                       lambda: not node.announced)
            node.herald.ctl("undrain", "--all")
        except AssertionError as error:
            failed.append(error)
    threads = [threading.Thread(target=roll, args=(node,)) for node in fleet.nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    fleet.wait_announced(*fleet.nodes)
    assert fleet.least(fleet.routers.changes[told][0]) == KEEP
    assert sorted(address for _, address, announced in fleet.routers.changes[told:]
                  if not announced) == sorted(node.address for node in fleet.nodes)
