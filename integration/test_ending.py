"""How routes leave and return when herald, the router, or the link between them ends."""

import signal
import time

from lab.capture import NOTIFICATION, UPDATE, Capture
from lab.scenario import AT_ONCE, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import wait_until

HOLD_SECONDS = 3


def test_stop_withdraws_and_says_goodbye(world):
    """SIGTERM: withdrawals first, then NOTIFICATION 6/2 with a text that FRR shows, exit 0."""
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        assert world.herald.process.stop() == 0
        messages = capture.arrived()
    world.wait_withdrawn(AT_ONCE)
    kinds = [message.kind for message in messages if message.kind in (UPDATE, NOTIFICATION)]
    assert kinds == [UPDATE, UPDATE, NOTIFICATION]  # one UPDATE for each family
    last = messages[-1].body
    assert last[:2] == bytes([6, 2])
    assert last[2] == len(last[3:]) > 0  # RFC 9003 §2: a length, then that much text
    seen = world.router.neighbor(world.leaf.node_ipv4)
    assert seen["lastErrorCodeSubcode"] == "0602"
    assert seen["lastNotificationReason"] == "Cease/Administrative Shutdown"
    assert seen["lastShutdownDescription"] == last[3:].decode()


def test_interrupt_stops_as_well(world):
    """SIGINT does what SIGTERM does."""
    world.herald.process.signal(signal.SIGINT)
    assert world.herald.process.wait() == 0
    world.wait_withdrawn(AT_ONCE)


def test_a_router_that_does_not_read_cannot_hold_up_the_stop(world):
    """The stop is bounded: 5 s and a little, well before systemd's 15 s are over."""
    world.router.freeze()
    started = time.monotonic()
    world.herald.process.signal(signal.SIGTERM)
    assert world.herald.process.wait(14.0) == 0
    print(f"stopped within {time.monotonic() - started:.1f} s")


def test_kill_takes_the_routes_along(world):
    """SIGKILL: the kernel closes the connection, and the router drops the routes at once."""
    world.herald.kill()
    world.wait_withdrawn(AT_ONCE)


def test_restart_announces_again(world):
    """After a kill a new herald brings the routes back."""
    world.herald.kill()
    world.wait_withdrawn(AT_ONCE)
    world.herald.start()
    world.wait_announced()


def test_cut_off_node_is_given_up_when_the_hold_time_ends(site):
    """Without a packet the routes last as long as the hold time, and return afterwards."""
    world = announcing(site, neighbor={"hold_time": f"{HOLD_SECONDS}s"})
    site.node.cut_off(world.leaf.node_interface)
    started = time.monotonic()
    world.wait_withdrawn(HOLD_SECONDS + AT_ONCE)
    # The last keepalive may have arrived up to a third of the hold time earlier.
    assert time.monotonic() - started > HOLD_SECONDS * 2 / 3 - 0.1
    seen = world.router.neighbor(world.leaf.node_ipv4)
    assert seen["lastNotificationReason"] == "Hold Timer Expired"
    wait_until("herald has seen it as well",
               lambda: world.herald.get("/v1/neighbors/leaf1")["state"] != "Established")
    site.node.reconnect()
    world.wait_announced(15.0)


def test_restarted_router_gets_everything_again(world):
    """FRR killed and started anew: herald dials until it is back."""
    world.router.restart()  # what it had is gone with it
    world.wait_announced()


def test_session_cleared_by_the_router(world):
    """`clear bgp` resets the session with 6/4; herald returns and announces again."""
    world.router.command("clear bgp *")
    wait_until("the session was reset",
               lambda: world.router.drops(world.leaf.node_ipv4) == 1)
    world.wait_announced()


def test_soft_clear_asks_for_the_routes_again(world):
    """ROUTE-REFRESH: both families are sent again, and the session stays."""
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        world.router.command("clear bgp * soft in")
        updates = []
        wait_until("an UPDATE", lambda: updates.extend(
            message for message in capture.arrived() if message.kind == UPDATE) or updates)
    assert world.undisturbed
    assert world.router.has(IPV4_PREFIX, IPV6_PREFIX)
