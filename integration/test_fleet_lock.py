"""FleetLock: the node's own agent (Zincati, say) asks before it reboots.

The protocol is https://coreos.github.io/zincati/development/fleetlock/protocol/; what herald makes
of it is in heraldd(8), "The fleet".
"""

import http.client
import json
from typing import Optional

import pytest

from lab.fleet import Fleet, Node
from lab.waiting import wait_until

SITES = ("madrid", "tokyo", "chicago")
# Of three sites: one may be out.
KEEP = 2
HEADER = {"fleet-lock-protocol": "true"}
AGENT = {"client_params": {"id": "0123abcd", "group": "default"}}


def _port(node: Node) -> int:
    return 9180 + node.number


@pytest.fixture(scope="module")
def started():
    """One node in each of three sites; each with a place for its agent."""
    with Fleet(SITES, keep=KEEP) as built:
        built.start()
        for node in built.nodes:
            node.reload(fleet={"fleetlock": f"127.0.0.1:{_port(node)}"})
        yield built


@pytest.fixture
def fleet(started):
    """The fleet, as it is when all is well, before and after."""
    yield started
    for node in started.nodes:
        node.herald.ctl("undrain", "dns")
    started.wait_announced(*started.nodes)
    started.wait_permits()


def _ask(node: Node, path: str, header: Optional[dict] = None,
         content: Optional[dict] = None) -> tuple:
    """One request of the agent: status and decoded body."""
    with node.fleet.namespace.entered():
        connection = http.client.HTTPConnection("127.0.0.1", _port(node), timeout=20.0)
        connection.connect()
    try:
        connection.request("POST", path, json.dumps(AGENT if content is None else content),
                           HEADER if header is None else header)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_node_that_may_go_is_drained_when_its_agent_is_told_so(fleet):
    """200 comes after the withdrawal was acknowledged; asked again it is the same."""
    madrid, tokyo, chicago = fleet.nodes
    assert _ask(madrid, "/v1/pre-reboot") == (200, {})
    assert madrid.view()["heard"] == "none" and madrid.view()["acknowledged"]
    fleet.wait_announced(tokyo, chicago)
    assert madrid.view()["drain"]["by"] == "FleetLock 0123abcd"
    assert _ask(madrid, "/v1/pre-reboot") == (200, {})


def test_the_next_node_waits_until_the_first_is_back(fleet):
    """409 with who is out, in the protocol's form; then its turn comes."""
    madrid, tokyo, chicago = fleet.nodes
    assert _ask(madrid, "/v1/pre-reboot") == (200, {})
    status, problem = _ask(tokyo, "/v1/pre-reboot")
    assert (status, problem["kind"]) == (409, "guard_refused")
    assert "madrid-1 (madrid): drained by FleetLock 0123abcd: reboot" in problem["value"]
    assert tokyo.view()["administration"] == "active"
    assert _ask(madrid, "/v1/steady-state") == (200, {})
    fleet.wait_announced(*fleet.nodes)
    fleet.wait_permits()
    fleet.wait_counted(*fleet.nodes)
    assert _ask(tokyo, "/v1/pre-reboot") == (200, {})
    fleet.wait_announced(madrid, chicago)


def test_what_an_operator_has_drained_is_not_the_agents(fleet):
    """It may reboot, and steady-state leaves the drain as it is."""
    madrid = fleet.nodes[0]
    madrid.herald.ctl("drain", "dns", "--now", "--wait", "--reason", "disk")
    assert _ask(madrid, "/v1/pre-reboot") == (200, {})
    assert _ask(madrid, "/v1/steady-state") == (200, {})
    assert madrid.view()["drain"]["reason"] == "disk"


def test_steady_state_of_a_node_that_is_not_drained_is_well(fleet):
    """An agent says so at every start."""
    assert _ask(fleet.nodes[0], "/v1/steady-state") == (200, {})


@pytest.mark.parametrize("header, content", [
    ({}, AGENT), (HEADER, {}), (HEADER, {"client_params": {}}),
    (HEADER, {"client_params": {"id": 7}})], ids=["no header", "no client", "no id", "no text"])
def test_what_is_not_the_protocol_is_refused(fleet, header, content):
    """A browser's page cannot send the header; and nothing is drained."""
    madrid = fleet.nodes[0]
    status, problem = _ask(madrid, "/v1/pre-reboot", header, content)
    assert (status, problem["kind"]) == (400, "not_fleet_lock")
    assert madrid.view()["administration"] == "active"


def test_the_agents_place_has_nothing_else(fleet):
    """Neither commands nor views; and the agent's requests are of no use elsewhere."""
    madrid = fleet.nodes[0]
    for path in ("/v1/drain", "/v1/services/dns/drain", "/v1/restart", "/v1/status", "/metrics"):
        assert _ask(madrid, path)[0] == 404
    content = json.dumps(AGENT).encode()
    assert madrid.herald.exchange("POST", "/v1/pre-reboot", content)[0] == 404


def test_a_place_that_is_taken_away_is_closed(fleet):
    """A reload without fleetlock listens no more; with another port it listens there."""
    madrid = fleet.nodes[0]
    madrid.reload()
    with pytest.raises(ConnectionRefusedError):
        _ask(madrid, "/v1/steady-state")
    madrid.reload(fleet={"fleetlock": f"127.0.0.1:{_port(madrid)}"})
    wait_until("it listens", lambda: _ask(madrid, "/v1/steady-state")[0] == 200)
