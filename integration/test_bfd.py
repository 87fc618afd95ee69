"""BFD with real routers: FRR's bfdd and BIRD. GoBGP 3 has none."""

import re
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import Optional

import pytest

from lab.bench import Line
from lab.bfd_bytes import ADMINISTRATIVELY_DOWN, MULTIHOP, SINGLE_HOP
from lab.bfd_flow import BfdFlow
from lab.bgp_bytes import HEADER_LENGTH, NOTIFICATION, notification
from lab.bird import Bird
from lab.flow import Flow
from lab.frr_peer import Frr
from lab.kinds import Kind
from lab.peer import PeerBfd
from lab.waiting import stays_true, wait_until

# Tests run side by side, and a program that has to wait for its turn is not gone: ten packets. What
# measures the detection with the usual three runs alone.
FAST, FAST_PEER = {"min_tx": "50ms", "min_rx": "50ms", "multiplier": 10}, PeerBfd(50, 50, 10)
PACE = {"50 ms": ({"min_tx": "50ms", "min_rx": "50ms"}, PeerBfd(50, 50)), "300 ms": ({}, PeerBfd())}
# Far less than the hold time, which is 90 s; for what takes no time but the machine's.
AT_ONCE = 2.0
UP_SECONDS = 20.0  # a router that has given BGP up may wait before it tries again
PASSWORD = "open sesame"

bird_only = pytest.mark.parametrize("implementation", [Bird], ids=["BIRD"], indirect=True)
frr_only = pytest.mark.parametrize("implementation", [Frr], ids=["FRR"], indirect=True)


@pytest.fixture(name="implementation", params=[Frr, Bird], ids=lambda router: router.label)
def fixture_implementation(request):
    """The routers that speak BFD."""
    return request.param


def bfd_of(line: Line) -> dict:
    """What herald shows of the session."""
    return line.neighbor()["bfd"]


def is_up(bench, line: Line) -> bool:
    """Whether both sides have BFD and BGP up."""
    bfd = bfd_of(line)  # null for as long as a connection closes
    return (bfd is not None and bfd["state"] == "Up"
            and bench.router.bfd_state(line.session) == "Up"
            and line.established() and bench.router.established(line.session))


def wait_up(bench, line: Line) -> None:
    """Returns when both sides have BFD and BGP up, and the prefixes have arrived."""
    wait_until("BFD and BGP are up", lambda: is_up(bench, line), UP_SECONDS)
    bench.announced("only")


def begin(own_bench, pace: tuple = (FAST, FAST_PEER), over: str = "ipv4",
          **herald: object) -> tuple:
    """A router and herald with BFD between them, both up; the bench and herald's line."""
    bench = own_bench({"only": Kind(over, herald={"bfd": pace[0] or True, **herald},
                                    router={"bfd": pace[1]})})
    bench.start()
    line = bench.lines["only"]
    wait_up(bench, line)
    return bench, line


@contextmanager
def never_down(line: Line):
    """BFD is Up on both sides all the while, by every packet that passes; BGP has no new session
    and loses none."""
    with BfdFlow(line.link.near, line.link.near_interface) as flow, \
            Flow(line.link.near, line.link.near_interface) as tcp:
        sessions = line.sessions()
        yield flow
        for source in (line.session.address, line.session.local_address):
            wait_until("both have been heard", lambda: flow.packets(source), AT_ONCE)
            assert flow.states(source) == ["Up"]
        assert tcp.begun_or_ended() == []
        assert line.sessions() == sessions


def reconfigure(line: Line, bfd: object) -> None:
    """Reloads herald with other settings of BFD."""
    line.kind.herald["bfd"] = bfd
    line.configure()
    line.herald.ctl("reload")


def ended_by_bfd(line: Line) -> bool:
    """Whether herald has ended a session with 6/10."""
    return "sent Cease / BFD Down" in line.endings()


def cut_bfd(line: Line) -> None:
    """No BFD packet reaches herald any more."""
    line.node.cut_off_arriving("udp dport { 3784, 4784 }")


@pytest.mark.parametrize("over", ["ipv4", "ipv6", "link-local", "two-hops"])
def test_up(own_bench, over):
    """Both are Up with what was configured, and packets are as RFC 5881 and 5883 want them."""
    bench, line = begin(own_bench, over=over)
    with BfdFlow(line.link.near, line.link.near_interface) as flow:
        mine = wait_until("packets", lambda: flow.packets(line.session.address)[1:])
        theirs = wait_until("answers", lambda: flow.packets(line.session.local_address))[-1].packet
    port = MULTIHOP if over == "two-hops" else SINGLE_HOP
    assert {(one.port, one.ttl, one.traffic_class) for one in mine} == {(port, 255, 0xc0)}
    assert len({one.source_port for one in mine}) == 1
    assert 49152 <= mine[0].source_port <= 65535
    shown = wait_until("intervals are agreed on", lambda: (
        view := bfd_of(line))["tx_interval"] == 0.05 and view)
    assert shown["rx_interval"] == 0.05
    assert shown["detection_time"] == pytest.approx(0.5)
    assert (shown["state"], shown["remote_state"]) == ("Up", "Up")
    assert (shown["discriminator"], shown["remote_discriminator"]) == \
        (mine[-1].packet.mine, theirs.mine)
    assert shown["sent"] > 0 and shown["received"] > 0


def metrics_of(line: Line) -> str:
    """/metrics as text."""
    connection = line.herald.connection()
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def metric(line: Line, name: str) -> float:
    """The value of one sample."""
    return float(re.search(rf"^{re.escape(name)} (\S+)$", metrics_of(line), re.MULTILINE)[1])


def events_of(line: Line) -> list:
    """BFD's recent events."""
    return [event for event in line.herald.get("/v1/events/recent")["events"]
            if event["type"] == "bfd"]


def test_it_is_counted_and_told(own_bench):
    """Metrics and events of a session that comes up, and goes."""
    _, line = begin(own_bench)
    assert metric(line, 'herald_bfd_up{neighbor="router"}') == 1
    for direction in ("sent", "received"):
        name = f'herald_bfd_packets_total{{neighbor="router",direction="{direction}"}}'
        before = metric(line, name)
        wait_until("it counts", lambda: metric(line, name) > before)
    ups = [event for event in events_of(line) if event["to"] == "Up"]
    assert ups and ups[-1]["neighbor"] == "router"
    transitions = metric(line, 'herald_bfd_transitions_total{neighbor="router"}')
    cut_bfd(line)
    wait_until("it is Down", lambda: bfd_of(line)["state"] != "Up")
    assert metric(line, 'herald_bfd_up{neighbor="router"}') == 0
    assert metric(line, 'herald_bfd_transitions_total{neighbor="router"}') > transitions
    down = [event for event in events_of(line) if event["from"] == "Up"][-1]
    assert down["to"] == "Down"
    assert "Control Detection Time Expired" in down["cause"]
    assert bfd_of(line)["diagnostic"] == "Control Detection Time Expired"


def test_intervals_of_herald_change_by_poll(own_bench):
    """A reload with other intervals and another multiplier: P, F, and never Down."""
    bench, line = begin(own_bench)
    with never_down(line) as flow:
        reconfigure(line, {"min_tx": "100ms", "min_rx": "200ms", "multiplier": 5})
        wait_until("they are in force", lambda: (view := bfd_of(line))["tx_interval"] == 0.1
                   and view["rx_interval"] == 0.2)
        ours, theirs = line.session.address, line.session.local_address
        wait_until("it polls", lambda: any(one.packet.poll for one in flow.packets(ours)))
        wait_until("the router answers", lambda: any(one.packet.final
                                                     for one in flow.packets(theirs)))
        assert flow.packets(ours)[-1].packet.multiplier == 5
        assert bench.router.bfd_state(line.session) == "Up"
        reconfigure(line, FAST)
        wait_until("they are as they were", lambda: bfd_of(line)["rx_interval"] == 0.05)


def test_intervals_of_the_router_change_by_poll(own_bench):
    """The same from the other side."""
    bench, line = begin(own_bench)
    with never_down(line) as flow:
        bench.router.change_bfd(line.session, PeerBfd(100, 200, 5))
        shown = wait_until("they are in force", lambda: (view := bfd_of(line))["rx_interval"] == 0.1
                           and view["tx_interval"] == 0.2 and view)
        assert shown["detection_time"] == pytest.approx(0.5)
        ours, theirs = line.session.address, line.session.local_address
        assert any(one.packet.poll for one in flow.packets(theirs))
        assert any(one.packet.final for one in flow.packets(ours))


@pytest.mark.measures
@pytest.mark.parametrize("pace", PACE)
def test_cut_link(own_bench, pace):
    """Not a packet gets through, either way: both sides know after a detection time."""
    bench, line = begin(own_bench, PACE[pace])
    with BfdFlow(line.link.near, line.link.near_interface) as flow:
        line.node.cut_off(line.link.far_interface)
        began = time.monotonic()
        wait_until("the router has withdrawn",
                   lambda: bench.router.has_none(*line.prefixes), AT_ONCE)
        took = time.monotonic() - began
        wait_until("herald has ended it", lambda: not line.established(), AT_ONCE)
        theirs = flow.packets(line.session.local_address)
    print(f"{bench.router.label}, {pace}: withdrawn after {1e3 * took:.0f} ms")
    assert ended_by_bfd(line)
    assert theirs[-1].packet.state != "Up"
    assert bfd_of(line)["diagnostic"] == "Control Detection Time Expired"
    line.node.reconnect()
    wait_up(bench, line)


def test_interface_goes_down(own_bench):
    """The router's end of the link is taken down, and up again."""
    bench, line = begin(own_bench)
    bench.namespace.ip("link", "set", line.session.interface, "down")
    wait_until("herald has ended it", lambda: ended_by_bfd(line) and not line.established(),
               AT_ONCE)
    bench.namespace.ip("link", "set", line.session.interface, "up")
    # The router's IPv6 address, and what it would accept with it, is gone.
    wait_until("BFD and BGP are up", lambda: is_up(bench, line), UP_SECONDS)


@pytest.mark.measures
def test_detection_time_is_kept(own_bench):
    """Down comes three intervals after the last packet, not before, and hardly later."""
    _, line = begin(own_bench, PACE["50 ms"])
    with BfdFlow(line.node, line.link.far_interface) as flow:
        wait_until("packets", lambda: flow.packets(line.session.local_address))
        cut_bfd(line)
        wait_until("it is Down", lambda: bfd_of(line)["state"] != "Up", AT_ONCE)
        downs = [one for one in flow.packets(line.session.address) if one.packet.state == "Down"]
        seconds = 0.15
        # The capture sees what the filter drops: the packet that counted last is near there.
        times = [one.time for one in flow.packets(line.session.local_address)
                 if one.time <= downs[0].time - seconds + 0.001]
    assert downs[0].packet.diagnostic == 1
    assert times and downs[0].time - times[-1] < seconds + 0.06


def contents(flow: Flow, source: str) -> list:
    """What each segment carries that this address has sent."""
    return [one.content for one in flow.segments() if one.source == source]


def test_bfd_alone_lost(own_bench):
    """TCP lives, BFD does not: the router is told 6/10, and has the routes no more."""
    bench, line = begin(own_bench)
    with Flow(line.link.near, line.link.near_interface) as flow:
        cut_bfd(line)
        wait_until("6/10", lambda: notification(6, 10) in contents(flow, line.session.address),
                   AT_ONCE)
        wait_until("the router has withdrawn",
                   lambda: bench.router.has_none(*line.prefixes), AT_ONCE)
    line.node.reconnect()
    wait_up(bench, line)


@frr_only
def test_router_is_administratively_down(own_bench):
    """herald says nothing to that on BGP. FRR itself does."""
    bench, line = begin(own_bench)
    with Flow(line.link.near, line.link.near_interface) as flow:
        bench.router.shut_bfd_down(line.session)
        wait_until("it is known", lambda: bfd_of(line)["remote_state"] == "AdminDown"
                   or bfd_of(line)["state"] == "Down", AT_ONCE)
        assert notification(6, 10) not in contents(flow, line.session.address)
    assert not ended_by_bfd(line)
    bench.router.enable_bfd(line.session)
    wait_up(bench, line)


@bird_only
def test_router_speaks_no_more_bfd(own_bench):
    """BIRD says nothing at the end of its protocol: to herald it is gone."""
    bench, line = begin(own_bench)
    bench.router.shut_bfd_down(line.session)
    wait_until("herald gives up", lambda: ended_by_bfd(line), AT_ONCE)
    bench.router.enable_bfd(line.session)
    wait_up(bench, line)


def message_kinds(content: bytes) -> list:
    """The types of the messages in a segment that begins with one."""
    kinds = []
    while content:
        kinds.append(content[HEADER_LENGTH - 1])
        content = content[int.from_bytes(content[16:18], "big"):]
    return kinds


def test_stop(own_bench):
    """herald says good-bye on BGP first: AdminDown alone would reset it."""
    bench, line = begin(own_bench)
    ours = line.session.address
    with BfdFlow(line.link.near, line.link.near_interface) as flow, \
            Flow(line.link.near, line.link.near_interface) as tcp:
        line.herald.process.stop()
        good_bye = [one for one in tcp.segments() if one.source == ours and one.content][-1]
        admin_downs = [one for one in flow.packets(ours) if one.packet.state == "AdminDown"]
        assert flow.states(ours)[-1] == "AdminDown"
    assert message_kinds(good_bye.content)[-1] == NOTIFICATION
    assert admin_downs and admin_downs[0].packet.diagnostic == ADMINISTRATIVELY_DOWN
    assert good_bye.time < admin_downs[0].time
    wait_until("the routes are gone", lambda: bench.router.has_none(*line.prefixes), AT_ONCE)


def test_restart_is_unseen(own_bench):
    """heraldctl restart: the same discriminators, the same port, never Down."""
    _, line = begin(own_bench)
    before = bfd_of(line)
    with never_down(line) as flow:
        for _ in range(5):
            assert line.herald.restart() == {"router": "kept"}
        mine = wait_until("packets", lambda: flow.packets(line.session.address))
        assert len({one.source_port for one in mine}) == 1
    after = bfd_of(line)
    for key in ("state", "since", "discriminator", "remote_discriminator", "transitions"):
        assert after[key] == before[key]
    assert after["sent"] > before["sent"] and after["received"] > before["received"]


def test_router_is_killed_and_starts_anew(own_bench):
    """Down within a detection time, though no FIN may come; up again when it is back."""
    bench, line = begin(own_bench)
    bench.router.freeze()
    wait_until("herald gives up", lambda: ended_by_bfd(line), AT_ONCE)
    bench.router.kill()
    bench.router.start()
    wait_up(bench, line)
    assert bfd_of(line)["transitions"] >= 3


def test_frozen_herald(own_bench):
    """SIGSTOP of herald: the router withdraws after a detection time; both come back."""
    bench, line = begin(own_bench)
    line.herald.process.signal(signal.SIGSTOP)
    try:
        wait_until("the router has withdrawn",
                   lambda: bench.router.has_none(*line.prefixes), AT_ONCE)
    finally:
        line.herald.process.signal(signal.SIGCONT)
    wait_up(bench, line)


def test_killed_herald_is_back(own_bench):
    """kill -9 and a start: the router does not ignore it for longer than it takes to notice."""
    bench, line = begin(own_bench)
    line.herald.kill()
    wait_until("the router has withdrawn",
               lambda: bench.router.has_none(*line.prefixes), AT_ONCE)
    line.herald.start()
    wait_up(bench, line)


def test_bfd_comes_and_goes_by_reload(own_bench):
    """herald ends no session for either. These routers do, when BFD is AdminDown."""
    bench, line = begin(own_bench)
    reconfigure(line, None)
    wait_until("none", lambda: line.neighbor()["bfd"] is None, AT_ONCE)
    reconfigure(line, FAST)
    wait_up(bench, line)
    assert not any(why.startswith("sent") for why in line.endings())


def test_strict(own_bench):
    """These routers have no capability 74, and dial or wait as ever: BFD is up first."""
    _, line = begin(own_bench, ({**FAST, "strict": True}, FAST_PEER))
    came_up = {(event["type"], event["to"]): event["time"]
               for event in reversed(line.herald.get("/v1/events/recent")["events"])}
    assert came_up["bfd", "Up"] <= came_up["neighbor", "Established"]


@bird_only
@pytest.mark.parametrize("kind", ["meticulous-sha1", "sha1"])
def test_authentication(own_bench, kind):
    """Keyed and meticulous SHA1; never Down over a restart, whose numbers go on."""
    pace = ({**FAST, "authentication": kind, "password": PASSWORD},
            replace(FAST_PEER, authentication=kind, password=PASSWORD))
    _, line = begin(own_bench, pace)
    with never_down(line):
        assert line.herald.restart() == {"router": "kept"}
        stays_true("Up", lambda: bfd_of(line)["state"] == "Up", 0.5)


@bird_only
def test_another_password(own_bench):
    """It stays Down, and every packet is counted as one that was dropped."""
    bench = own_bench({"only": Kind(
        herald={"bfd": {**FAST, "authentication": "meticulous-sha1", "password": "parsley"}},
        router={"bfd": PeerBfd(50, 50, authentication="meticulous-sha1", password=PASSWORD)})})
    bench.start()
    line = bench.announced("only")
    wait_until("packets are dropped", lambda: dropped(line, "authentication digest") > 1)
    assert bfd_of(line)["state"] == "Down"
    assert bench.router.bfd_state(line.session) in ("Down", "Init")


def dropped(line: Line, reason: Optional[str] = None) -> int:
    """How many packets were, for this reason."""
    shown = bfd_of(line)
    return shown["dropped_for"].get(reason, 0) if reason else shown["dropped"]
