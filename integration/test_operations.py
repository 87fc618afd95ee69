"""The operator's hand on sessions, and why a prefix is heard: at a real FRR."""

from lab.capture import UPDATE, Capture
from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import wait_until


def _last_error(world) -> tuple:
    seen = world.router.neighbor(world.leaf.node_ipv4)
    return seen.get("lastErrorCodeSubcode"), seen.get("lastShutdownDescription")


def test_neighbor_shutdown_says_why_and_lasts_until_enable(world):
    """NOTIFICATION 6/2 with the reason (RFC 9003); nothing is dialled until enable."""
    world.herald.ctl("neighbor", "leaf1", "shutdown", "--reason", "new fibre")
    world.wait_withdrawn(AT_ONCE)
    assert _last_error(world) == ("0602", "new fibre")
    view = world.herald.get("/v1/neighbors/leaf1")
    assert (view["state"], view["shutdown"]) == ("Idle", True)
    world.router.command("clear bgp *")
    assert "administratively down" in world.herald.ctl("status").stdout
    world.herald.ctl("neighbor", "leaf1", "enable")
    world.wait_announced()
    assert world.herald.get("/v1/neighbors/leaf1")["shutdown"] is False


def test_neighbor_reset_begins_anew(world):
    """NOTIFICATION 6/4 (RFC 4486), and the routes are back."""
    world.herald.ctl("neighbor", "leaf1", "reset")
    wait_until("the session was reset",
               lambda: world.router.drops(world.leaf.node_ipv4) == 1)
    assert _last_error(world)[0] == "0604"
    world.wait_announced()


def test_neighbor_refresh_sends_everything_again(world):
    """As if the router had asked for it (RFC 2918); the session stays."""
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        world.herald.ctl("neighbor", "leaf1", "refresh")
        updates = []
        wait_until("two UPDATEs", lambda: updates.extend(
            message for message in capture.arrived() if message.kind == UPDATE) or
            len(updates) >= 2)
    assert world.undisturbed


def test_neighbor_that_does_not_exist(world):
    """Refused by name."""
    refused = world.herald.ctl("neighbor", "leaf9", "reset", check=False)
    assert (refused.returncode, refused.stderr) == (
        1, 'heraldctl: there is no neighbor "leaf9"\n')


def test_explain_shows_what_is_on_the_wire(site):
    """From the check to the attributes, as FRR has them."""
    world = announcing(site, neighbor={"prepend": 1, "med": 7, "communities": ["64500:1"]})
    path = world.router.paths(IPV4_PREFIX)[0]
    explained = world.herald.get(f"/v1/explain?prefix={IPV4_PREFIX}")
    assert explained["service"]["name"] == "dns" and explained["service"]["health"] == "up"
    hearing = explained["neighbors"][0]
    assert (hearing["hears"], hearing["settled"]) == (True, True)
    assert hearing["why"] == "announced by the neighbor's own settings"
    assert hearing["reason"] == "announced"
    route = hearing["route"]
    assert " ".join(map(str, route["as_path"])) == path.as_path
    assert (route["next_hop"],) == path.next_hops
    assert route["med"] == path.med and tuple(route["communities"]) == path.communities
    text = world.herald.ctl("explain", "192.0.2.53").stdout
    assert "AS_PATH 65010 65010, NEXT_HOP 198.51.100.6, MED 7, 64500:1" in text
    assert max(map(len, text.splitlines())) <= 80


def test_explain_says_why_not(world):
    """A drain, a failed check, a session that is down, a prefix that nobody has."""
    def why():
        return world.herald.get(f"/v1/explain?prefix={IPV6_PREFIX}")["neighbors"][0]["reason"]
    world.herald.ctl("drain", "dns", "--now", "--wait")
    assert why() == "drained"
    world.wait_withdrawn(AT_ONCE)
    world.herald.ctl("undrain", "dns")
    world.wait_announced()
    world.herald.ctl("neighbor", "leaf1", "shutdown")
    assert why() == "neighbor_shutdown"
    world.wait_withdrawn(AT_ONCE)
    world.herald.ctl("neighbor", "leaf1", "enable")
    world.wait_announced()
    world.service.kill()
    world.wait_withdrawn()
    assert why() == "service_down"
    status, _, refusal = world.herald.exchange("GET", "/v1/explain?prefix=203.0.113.0/24")
    assert (status, refusal["reason"]) == (404, "unknown_prefix")
    refused = world.herald.ctl("explain", "203.0.113.0/24", check=False)
    assert (refused.returncode, refused.stderr) == (
        1, "heraldctl: no service has the prefix 203.0.113.0/24\n")


def test_log_level_changes_while_it_runs(world):
    """At `debug` a state change of a neighbor is a line; at `error` it is none."""
    world.herald.ctl("log", "error")
    before = len(world.herald.process.output())
    world.herald.ctl("neighbor", "leaf1", "reset")
    world.wait_announced()
    world.herald.ctl("log", "debug")
    world.herald.ctl("neighbor", "leaf1", "reset")
    world.wait_announced()
    change = "neighbor leaf1: OpenConfirm -> Established"
    wait_until("one line of two", lambda:
               world.herald.process.output()[before:].count(change) == 1)
    refused = world.herald.ctl("log", "loud", check=False)
    assert refused.returncode == 1 and '"loud"' in refused.stderr
