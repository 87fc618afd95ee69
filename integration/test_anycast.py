"""What users of an anycast service notice: queries at a steady pace, two nodes, one router."""

import time

import pytest

from lab.anycast import Anycast
from lab.outage import fail
from lab.waiting import wait_until

pytestmark = pytest.mark.measures


@pytest.fixture
def anycast():
    """The world without its programs."""
    with Anycast() as world:
        yield world


def drain(world: Anycast, node, other) -> None:
    """Drains a node, looks who serves then, and puts it back."""
    node.herald.ctl("drain", "dns", "--wait")
    world.wait_paths(other)
    node.herald.ctl("undrain", "dns")
    world.wait_paths(*world.nodes)


@pytest.mark.parametrize("managed", [False, True], ids=["own addresses", "managed addresses"])
def test_drain_and_undrain_lose_no_query(anycast, managed):
    """Each of the nodes in turn, with the stage of draining; and a stop and start of herald.

    Where herald manages the address it is removed from the drained node, and brought back.
    """
    anycast.start(managed)
    first, second = anycast.nodes
    with anycast.ask() as asked:
        wait_until("both serve", lambda: asked.servers_since(0.0) == {"node1", "node2"})
        first.herald.ctl("drain", "dns", "--wait")
        anycast.wait_paths(second)
        drained = time.time()
        if managed:
            wait_until("the address is gone", lambda: not {"192.0.2.53"} & set(
                first.namespace.addresses("lo")))
        wait_until("asked for a while", lambda: time.time() > drained + 0.5)
        assert asked.servers_since(drained) == {"node2"}
        first.herald.ctl("undrain", "dns")
        anycast.wait_paths(first, second)
        drain(anycast, second, first)
        drain(anycast, first, second)
        first.herald.ctl("drain", "dns", "--now", "--wait")
        assert first.herald.process.stop() == 0
        first.herald.start()
        first.herald.ctl("undrain", "dns")
        anycast.wait_paths(first, second)
    print(f"drain and undrain: {len(asked.queries)} queries, {len(asked.lost)} lost")
    assert asked.lost == []


def test_a_hundred_restarts_lose_no_query(anycast):
    """Of each node fifty, in turn; the sessions stay as they are."""
    anycast.start()
    with anycast.ask() as asked:
        wait_until("both serve", lambda: asked.servers_since(0.0) == {"node1", "node2"})
        for _ in range(50):
            for node in anycast.nodes:
                assert set(node.herald.restart().values()) == {"kept"}
        restarted = time.time()
        wait_until("asked for a while", lambda: time.time() > restarted + 0.5)
        assert asked.servers_since(restarted) == {"node1", "node2"}
    print(f"restarts: {len(asked.queries)} queries, {len(asked.lost)} lost")
    assert asked.lost == []


def test_a_failure_loses_what_detection_costs(anycast):
    """A server that is killed: queries are lost until herald knows, and none for herald after."""
    anycast.start()
    outage = fail(anycast, *anycast.nodes)
    print(outage)
    assert outage.lost_in_detection > 0
    # Detection takes two runs of a check, and a reaction the rest of a turn of the event loop.
    assert outage.reaction < outage.detection
    assert outage.lost_in_reaction <= outage.lost_in_detection
