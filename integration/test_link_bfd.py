"""BFD with neighbors on a link, at FRR's bfdd."""

import signal
import time

import pytest

from lab.bfd_flow import BfdFlow
from lab.flow import Flow
from lab.rack import NO_ROUTER, Rack
from lab.scenario import AT_ONCE
from lab.waiting import wait_until

PROFILE = ["bfd", "profile fast", "detect-multiplier 5", "transmit-interval 100",
           "receive-interval 100", " exit"]
FAST = {"min_tx": "100ms", "min_rx": "100ms", "multiplier": 5}
DETECTION = 0.5  # seconds, after the last packet
# herald dials, so that no session ends because the other side had dialled, too.
FRR_OPTIONS = ["bfd", "bfd profile fast", "passive"]
# What the machine may take beside, when it has much else to do; the hold time is 30 s.
SLACK = 1.0
# A router that has given BGP up may wait before it tries again.
UP_SECONDS = 20.0


def begin(site, leaves: int = 1, **neighbor: object) -> Rack:
    """A rack with BFD on every link, all up."""
    rack = Rack(site, leaves, **{"bfd": FAST, **neighbor}).start(FRR_OPTIONS, PROFILE)
    wait_up(rack)
    return rack


def bfd_of(rack: Rack, leaf=None) -> dict:
    """What herald shows of the BFD session; null for as long as there is none."""
    return rack.view(leaf)["bfd"]


def is_up(rack: Rack, leaf) -> bool:
    """Whether both sides have it Up."""
    ours = bfd_of(rack, leaf)
    theirs = [one["status"] for one in leaf.router.show("bfd peers", daemon="bfdd")
              if one["peer"] == rack.node_address(leaf)]
    return ours is not None and ours["state"] == "Up" and theirs == ["up"]


def wait_up(rack: Rack) -> None:
    """Returns when every leaf has the prefixes, and BFD is Up on both sides."""
    for leaf in rack.leaves:
        wait_until("BFD is Up", lambda leaf=leaf: is_up(rack, leaf), UP_SECONDS)
        rack.wait_announced(leaf, UP_SECONDS)


def test_it_is_up(site):
    """On two links at once, each with its own intervals, from the link-local addresses."""
    rack = begin(site, leaves=2)
    for leaf in rack.leaves:
        ours, theirs = rack.node_address(leaf), rack.router_address(leaf)
        with BfdFlow(leaf.namespace, leaf.interface) as flow:
            for source in (ours, theirs):
                seen = wait_until("packets", lambda source=source: flow.packets(source))
                assert {(one.port, one.ttl) for one in seen} == {(3784, 255)}
        wait_until("intervals are agreed on",
                   lambda leaf=leaf: bfd_of(rack, leaf)["detection_time"]
                   == pytest.approx(DETECTION))
    discriminators = {bfd_of(rack, leaf)["discriminator"] for leaf in rack.leaves}
    assert len(discriminators) == 2


@pytest.mark.measures
def test_cut_link_is_found_in_the_detection_time(site):
    """Not a packet gets through, either way, and the carrier stays; the other leaf has all."""
    rack = begin(site, leaves=2)
    leaf, other = rack.leaves
    sessions = rack.sessions(other)
    with BfdFlow(leaf.namespace, leaf.interface) as flow:
        ours = rack.node_address(leaf)
        wait_until("herald is heard", lambda: flow.packets(ours))
        site.node.cut_off(leaf.node_interface)
        rack.wait_withdrawn(leaf, DETECTION + SLACK)
        last = flow.packets(ours)[-1].time
        down = next(one.time for one in flow.packets(rack.router_address(leaf))
                    if one.packet.state != "Up")
    print(f"the router says Down {1e3 * (down - last):.0f} ms after the last packet")
    assert 0.9 * DETECTION < down - last < DETECTION + SLACK
    wait_until("herald has ended it", lambda: "sent Cease / BFD Down" in rack.endings(), AT_ONCE)
    assert rack.view(leaf)["state"] != "Established"
    site.node.reconnect()
    wait_up(rack)
    assert rack.sessions(other) == sessions


@pytest.mark.parametrize("side", ["router", "node"])
def test_link_goes_down_and_comes_up(site, side):
    """Both are back after it; in between the view says that there is no router."""
    rack = begin(site)
    leaf = rack.leaf
    namespace, interface = ((leaf.namespace, leaf.interface) if side == "router"
                            else (site.node, leaf.node_interface))
    namespace.ip("link", "set", interface, "down")
    rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
    rack.wait_withdrawn()
    namespace.ip("link", "set", interface, "up")
    began = time.monotonic()
    wait_up(rack)
    print(f"{side}: back {time.monotonic() - began:.1f} s after the link")


def test_router_comes_back_with_another_address(site):
    """BFD goes to the new one, too."""
    rack = begin(site)
    leaf = rack.leaf
    leaf.router.kill()
    leaf.namespace.ip("-6", "address", "flush", "dev", leaf.interface)
    leaf.namespace.ip("address", "add", "fe80::77/64", "dev", leaf.interface, "nodad")
    leaf.router.start()
    began = time.monotonic()
    wait_up(rack)
    print(f"back {time.monotonic() - began:.1f} s after the router's start")
    assert rack.view()["address"] == f"fe80::77%{leaf.node_interface}"


def test_restart_is_unseen(site):
    """The same discriminators, the same port, never Down, and nothing but KEEPALIVEs on BGP."""
    rack = begin(site)
    leaf, ours, theirs = rack.leaf, rack.node_address(), rack.router_address()
    before = bfd_of(rack)
    with BfdFlow(leaf.namespace, leaf.interface) as flow, \
            Flow(leaf.namespace, leaf.interface) as tcp:
        for _ in range(5):
            assert rack.herald.restart() == {leaf.node_interface: "kept"}
        for source in (ours, theirs):
            wait_until("both have been heard", lambda source=source: flow.packets(source))
            assert flow.states(source) == ["Up"]
        assert len({one.source_port for one in flow.packets(ours)}) == 1
        assert tcp.begun_or_ended() == []
    for key in ("state", "since", "discriminator", "remote_discriminator", "transitions"):
        assert bfd_of(rack)[key] == before[key]


def test_reload_changes_intervals_without_down(site):
    """A Poll on the same session."""
    rack = begin(site)
    sessions = rack.sessions()
    with BfdFlow(rack.leaf.namespace, rack.leaf.interface) as flow:
        rack.neighbor["bfd"] = {"min_tx": "150ms", "min_rx": "200ms"}
        rack.configure()
        rack.herald.ctl("reload")
        wait_until("they are in force", lambda: bfd_of(rack)["rx_interval"] == 0.2)
        for source in (rack.node_address(), rack.router_address()):
            assert flow.states(source) == ["Up"]
    assert rack.sessions() == sessions


def test_strict_waits_for_a_router_that_waits(site):
    """FRR begins BFD with a neighbor of its `interface` when BGP is up: never, so. herald says what
    it waits for, and there is a session when it is strict no more."""
    rack = Rack(site, bfd={**FAST, "strict": True})
    rack.start_router(rack.leaf, FRR_OPTIONS, PROFILE)
    rack.configure()
    rack.herald.start()
    wait_until("it waits", lambda: rack.view()["problems"]
               == ["no session before BFD is Up: it is Down"])
    assert rack.view()["state"] != "Established"
    rack.neighbor["bfd"] = FAST
    rack.configure()
    rack.herald.ctl("reload")
    wait_up(rack)
    assert rack.view()["problems"] == []


def test_killed_herald_is_back(site):
    """kill -9: the router withdraws in the detection time; herald's next start finds it again."""
    rack = begin(site)
    rack.herald.process.signal(signal.SIGKILL)
    rack.herald.process.wait()
    rack.wait_withdrawn(timeout=DETECTION + SLACK)
    rack.herald.start()
    wait_up(rack)
