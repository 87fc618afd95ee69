"""A fleet's health withdrawals: what fails everywhere at once stays announced where it must.

The rules are heraldd(8), "The fleet". What is announced is what the routers heard, message by
message.
"""

import json
import time
from typing import Optional

import pytest

from lab.fleet import HELD_PATH, OWN_PATH, Fleet
from lab.site import IPV4_PREFIX
from lab.waiting import stays_true, wait_until

SITES = ("madrid", "madrid", "tokyo", "tokyo", "chicago", "chicago")
KEEP = 2
# Held nodes go when nothing has changed for so long. A change is in etcd right after the routers
# have heard of it, or right before.
QUIET, SLACK = 5.0, 0.2


@pytest.fixture(scope="module")
def started():
    """Two nodes in each of three sites; two sites must stay."""
    with Fleet(SITES, keep=KEEP) as built:
        yield built.start()


@pytest.fixture
def fleet(started):
    """The fleet, as it is when all is well, before and after."""
    yield started
    started.restore()


def _fail(*nodes) -> float:
    """Fails all at once; returns when."""
    since = time.monotonic()
    for node in nodes:
        node.fail()
    return since


def _wait_settled(*nodes) -> tuple:
    """The nodes that are held and those that are gone, when each is one of them: a node that still
    waits for etcd's answer is not."""
    def settled() -> Optional[tuple]:
        views = {node: node.view() for node in nodes}
        held = [node for node, view in views.items()
                if view["heard"] == "held" and view["guard"]["refused"]]
        gone = [node for node, view in views.items() if view["heard"] == "none"]
        return (held, gone) if len(held) + len(gone) == len(nodes) else None
    return wait_until("each is held or gone", settled)


def _gone_at(fleet, node) -> float:
    """When the routers lost it, the last time."""
    return next(moment for moment, address, announced in reversed(fleet.routers.changes)
                if address == node.address and not announced)


def test_what_fails_everywhere_at_once_stays_in_as_many_sites_as_must_be(fleet):
    """The rest is gone, and two nodes in two sites are held."""
    since = _fail(*fleet.nodes)
    held, gone = _wait_settled(*fleet.nodes)
    assert len(held) == KEEP and len({node.site for node in held}) == KEEP
    fleet.wait_announced(*held)
    stays_true("nobody else goes", lambda: len(fleet.routers.announced) == KEEP, 1.0)
    assert fleet.least(since, fleet.sites) == KEEP
    assert set(fleet.permits()) == {node.name for node in gone}
    assert set(fleet.permits().values()) == {"health"}


def test_a_held_node_says_so_everywhere(fleet):
    """In its view, its metrics, what explain says, its events, and at the routers."""
    _fail(*fleet.nodes)
    held, gone = _wait_settled(*fleet.nodes)
    node, other = held[0], gone[0]
    view = wait_until("the refusal names who is gone", lambda: (
        lambda now: now if f"{other.name} ({other.site}): not announced" in now["cause"]
        else None)(node.view()))
    assert (view["heard"], view["health"], view["reason"]) == ("held", "down", "guard_refused")
    assert view["guard"]["permitted"] is False and view["guard"]["keep"] == str(KEEP)
    assert f"{KEEP} must stay" in view["guard"]["refused"]
    assert node.metric("herald_fleet_held") == 1 and other.metric("herald_fleet_held") == 0
    assert node.metric("herald_fleet_permitted") == 0
    assert other.metric("herald_fleet_permitted") == 1
    explained = node.herald.ctl("explain", IPV4_PREFIX).stdout
    assert "held" in explained and f"{KEEP} must stay" in explained
    why = node.herald.get(f"/v1/explain?prefix={IPV4_PREFIX}")
    assert [each["reason"] for each in why["neighbors"]] == ["guard_refused"]
    wait_until("routers prefer others",
               lambda: fleet.routers.paths[node.address] == HELD_PATH)
    events = [event for event in node.herald.get("/v1/events/recent")["events"]
              if event["type"] == "service"]
    # Whether the store has answered by the verdict is a matter of time.
    assert events[-1]["to"] == "down" and events[-1]["cause"].startswith("held: ")
    shown = fleet.nodes[0].herald.ctl("fleet", "dns").stdout
    assert all(each.name in shown for each in fleet.nodes) and "held" in shown


def test_recovery_announces_all_again_and_leaves_no_permits(fleet):
    """As it was: the paths are the usual ones, nothing is held, and etcd has no permit."""
    _fail(*fleet.nodes)
    held, _ = _wait_settled(*fleet.nodes)
    for node in fleet.nodes:
        node.serve()
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()
    wait_until("the usual paths", lambda: all(
        fleet.routers.paths[node.address] == OWN_PATH for node in fleet.nodes))
    for node in held:
        assert node.view()["heard"] == "normal" and node.metric("herald_fleet_held") == 0


def test_without_keep_all_of_it_goes(fleet):
    """The control: it is keep that holds nodes."""
    for node in fleet.nodes:
        node.reload(service={"keep": None})
    _fail(*fleet.nodes)
    fleet.wait_announced()
    assert all(node.view()["guard"] is None for node in fleet.nodes)


def test_no_neighbor_hears_when_held_of_a_node_that_may_go(fleet):
    """While there is slack the permit is there by the verdict: the first change is the end."""
    node = fleet.nodes[0]
    node.reload(check={"fall": 20})  # etcd has a second
    told = len(fleet.routers.updates)
    _fail(node)
    fleet.wait_announced(*fleet.nodes[1:])
    assert [address for _, address in fleet.routers.updates[told:]] == [node.address]
    assert fleet.permits() == {node.name: "health"}


def test_a_check_that_recovers_before_its_verdict_gives_the_early_permit_back(fleet):
    """It was asked for at the first failing result; nothing was withdrawn."""
    node = fleet.nodes[0]
    node.reload(check={"fall": 200})
    told = len(fleet.routers.updates)
    node.fail()
    wait_until("the early permit", lambda: fleet.permits() == {node.name: "health"})
    assert node.view()["heard"] == "normal"
    node.serve()
    fleet.wait_permits()
    assert len(fleet.routers.updates) == told and node.view()["heard"] == "normal"


def test_slack_that_returns_lets_held_nodes_go_one_at_a_time(fleet):
    """Each five seconds or more after the last change, and never below keep."""
    since = _fail(*fleet.nodes)
    held, gone = _wait_settled(*fleet.nodes)
    for node in gone:
        node.serve()
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_announced(*gone, timeout=2 * QUIET + 10.0)
    back = max(moment for moment, _, announced in fleet.routers.changes if announced)
    first, second = sorted(_gone_at(fleet, node) for node in held)
    assert first - back >= QUIET - SLACK and second - first >= QUIET - SLACK
    assert fleet.least(since, fleet.sites) == KEEP


def test_a_node_that_was_killed_does_not_count(fleet):
    """Its record stays, but its beats do not come; nobody relies on it."""
    madrid, other, chicago = fleet.nodes[0], fleet.nodes[1], fleet.nodes[4]
    killed = (fleet.nodes[2], fleet.nodes[3], fleet.nodes[5])
    for node in killed:
        node.herald.kill()
    wait_until("they are stale", lambda: all(
        of.sees(node)["stale"] for of in (madrid, other) for node in killed))
    since = _fail(madrid, other)
    held, gone = _wait_settled(madrid, other)
    assert len(held) == 1 and len(gone) == 1
    assert "tokyo-3 (tokyo): has not been heard of" in held[0].view()["cause"]
    assert chicago.announced and fleet.least(since, fleet.sites) == KEEP


def test_a_share_is_of_all_that_are_known_until_one_is_forgotten(fleet):
    """60 % of six nodes are four, also where one of them is dead; of five they are three."""
    for node in fleet.nodes:
        node.reload(service={"keep": "60%", "keep_per": "node"})
    dead = fleet.nodes[5]
    dead.herald.kill()
    first, second = fleet.nodes[:2]
    wait_until("it is stale", lambda: first.sees(dead)["stale"] and second.sees(dead)["stale"])
    _fail(first, second)
    (held,), (gone,) = _wait_settled(first, second)
    assert held.view()["guard"]["keep"] == "60%"
    assert "3 announced elsewhere, 4 must stay" in held.view()["cause"]
    done = gone.herald.ctl("fleet", "forget", dead.name)
    assert done.returncode == 0 and held.sees(dead) is None
    held.wait_heard("none", timeout=QUIET + 10.0)
    fleet.wait_count(3)


def test_who_is_there_is_neither_forgotten_nor_released(fleet):
    """Status 1, one line, and nothing has changed; as with a node that nobody knows."""
    node, other = fleet.nodes[:2]
    before = fleet.etcd.keys("/herald/services/")
    for action in ("forget", "release"):
        refused = node.herald.ctl("fleet", action, other.name, check=False)
        assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1, refused
        assert other.name in refused.stderr
        refused = node.herald.ctl("fleet", action, "nobody", check=False)
        assert refused.returncode == 1 and "no node nobody is known" in refused.stderr
    assert fleet.etcd.keys("/herald/services/") == before


def test_the_fleet_is_seen_from_every_node(fleet):
    """JSON has site, health, what is heard, since, permit, cause and reason of each."""
    _fail(fleet.nodes[0])
    fleet.wait_announced(*fleet.nodes[1:])
    wait_until("the permit is shown", lambda: all(
        (of.sees(fleet.nodes[0])["permit"] or {}).get("reason") == "health"
        and of.sees(fleet.nodes[0])["heard"] == "none" for of in fleet.nodes))
    shown = json.loads(fleet.nodes[5].herald.ctl("--json", "fleet").stdout)
    assert (shown["node"], shown["site"]) == ("chicago-6", "chicago")
    assert shown["reached"] and shown["present"] and shown["trouble"] is None
    (service,) = shown["services"]
    nodes = {each["node"]: each for each in service["nodes"]}
    assert service["service"] == "dns" and set(nodes) == {node.name for node in fleet.nodes}
    failed, well = nodes["madrid-1"], nodes["tokyo-3"]
    assert (failed["site"], failed["health"], failed["reason"]) == ("madrid", "down",
                                                                    "check_failed")
    assert "refused" in failed["cause"] and failed["stale"] is False and failed["since"]
    assert (well["health"], well["heard"], well["permit"]) == ("up", "normal", None)
