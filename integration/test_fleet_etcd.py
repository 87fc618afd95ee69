"""A fleet and its etcd: three members that lose their leader, passwords, TLS.

The rules are heraldd(8), "The fleet", and herald.toml(5), [fleet].
"""

import time
from typing import Optional

import pytest

from lab.fleet import HELD_PATH, Fleet, OwnFleets
from lab.processes import run
from lab.waiting import stays_true, wait_until

SITES = ("madrid", "madrid", "tokyo", "tokyo", "chicago", "chicago")
KEEP = 2
PAIR = ("madrid", "tokyo")
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def started():
    """Two nodes in each of three sites, and three members of etcd."""
    with Fleet(SITES, members=3, keep=KEEP) as built:
        yield built.start()


@pytest.fixture
def fleet(started):
    """The fleet, as it is when all is well, before and after."""
    yield started
    for member in started.etcd.members:
        if not member.process.running:
            member.start()
    wait_until("etcd answers", started.etcd.healthy, 30.0)
    started.restore()


@pytest.fixture
def lone():
    """Makes fleets of a test's own."""
    with OwnFleets() as fleets:
        yield fleets


def _wait_trouble(node, words: str) -> dict:
    """Returns what the node says of the fleet when its trouble has these words."""
    def probe() -> Optional[dict]:
        view = node.herald.get("/v1/fleet")
        return view if words in (view["trouble"] or "") else None
    return wait_until(f"{node.name} says {words!r}", probe)


@pytest.mark.parametrize("how", ["killed", "paused"])
def test_the_leader_is_lost_while_nodes_fail(fleet, how):
    """Never below keep, whatever the others knew; and what may go goes when there is another one,
    which the old one's memories do not change."""
    leader = fleet.etcd.leader()
    since = time.monotonic()
    try:
        fleet.nodes[0].fail()
        if how == "killed":
            leader.process.kill()
        else:
            leader.pause()
        for node in fleet.nodes:
            node.fail()
        wait_until("each is held or gone", lambda: all(
            node.view()["heard"] in ("held", "none") for node in fleet.nodes))
        for node in fleet.nodes[2:]:
            node.serve()
        fleet.wait_announced(*fleet.nodes[2:], timeout=45.0)
    finally:
        if how == "paused":
            leader.resume()
    stays_true("nothing changes",
               lambda: len(fleet.routers.announced) == len(fleet.nodes) - 2, 2.0)
    assert fleet.least(since, fleet.sites) >= KEEP


def test_answers_that_are_slower_than_checks_are_waited_for(fleet):
    """A verdict before the answer is held, and goes as soon as the permit comes; and where
    everybody is held, all stay."""
    relays = [relay for node in fleet.nodes for relay in node.relays]
    for relay in relays:
        relay.delay = 0.15  # each way
    try:
        since = time.monotonic()
        fleet.nodes[0].fail()
        fleet.wait_announced(*fleet.nodes[1:])
        assert fleet.routers.paths[fleet.nodes[0].address] == HELD_PATH
        for node in fleet.nodes[1:]:
            node.fail()
        for node in fleet.nodes[1:]:
            node.wait_heard("held", "none")
        stays_true("enough stay", lambda: fleet.sites(fleet.routers.announced) >= KEEP, 3.0)
        assert fleet.least(since, fleet.sites) >= KEEP
    finally:
        for relay in relays:
            relay.delay = 0.0


def test_a_member_that_is_not_there_is_passed_over(fleet):
    """A node goes on with the next one; no route changes, and others count on it again."""
    told = len(fleet.routers.updates)
    for member in fleet.etcd.members:
        member.process.kill()
        others = [each for each in fleet.etcd.members if each != member]
        for node in fleet.nodes:
            wait_until(f"{node.name} asks another", lambda of=node: (
                lambda now: now["reached"] and now["present"])(of.herald.get("/v1/fleet")), 20.0)
        assert len(others) == 2 and len(fleet.routers.updates) == told
        member.start()
        wait_until("etcd answers", fleet.etcd.healthy, 30.0)
    fleet.nodes[0].fail()
    fleet.wait_announced(*fleet.nodes[1:], timeout=20.0)


def test_without_a_majority_nothing_is_withdrawn(fleet):
    """A member that cannot decide is as good as none."""
    for member in fleet.etcd.members[:2]:
        member.process.kill()
    fleet.nodes[0].fail()
    fleet.nodes[0].wait_heard("held")
    wait_until("its node knows",
               lambda: not fleet.nodes[0].herald.get("/v1/fleet")["reached"])
    stays_true("all are announced",
               lambda: len(fleet.routers.announced) == len(fleet.nodes), 2.0)


def test_a_password_of_etcd(lone):
    """With the right one permits come; it is in no log and no view."""
    fleet = lone(PAIR, keep=1, settings={"user": "root", "password": PASSWORD})
    fleet.etcd.require_password(PASSWORD)
    fleet.start()
    fleet.nodes[0].fail()
    fleet.wait_announced(fleet.nodes[1])
    assert fleet.permits() == {"madrid-1": "health"}
    assert PASSWORD not in fleet.logs()


def test_a_wrong_password_of_etcd_is_told_without_its_words(lone):
    """Services are announced, nothing may go, and the trouble has etcd's words."""
    wrong = "battery staple"
    fleet = lone(PAIR, keep=1, settings={"user": "root", "password": wrong})
    fleet.etcd.require_password(PASSWORD)
    node = fleet.nodes[0]
    node.serve()
    node.configure()
    node.herald.start()
    fleet.wait_announced(node)
    view = _wait_trouble(node, "authentication failed")
    assert view["reached"] is False
    node.fail()
    node.wait_heard("held")
    shown = node.herald.ctl("fleet").stdout + node.herald.ctl("status", check=False).stdout
    assert "authentication failed" in shown
    for text in (shown, str(view), fleet.logs(), str(node.view())):
        assert wrong not in text and PASSWORD not in text


def test_a_token_that_etcd_forgets_is_asked_for_anew(lone):
    """A member that restarts knows none of its tokens."""
    fleet = lone(PAIR, keep=1, settings={"user": "root", "password": PASSWORD})
    fleet.etcd.require_password(PASSWORD)
    fleet.start()
    member = fleet.etcd.members[0]
    member.process.kill()
    member.start()
    wait_until("etcd answers", fleet.etcd.healthy)
    for node in fleet.nodes:
        wait_until(f"{node.name} is present", lambda of=node: (
            lambda now: now["reached"] and now["present"])(of.herald.get("/v1/fleet")), 15.0)
    fleet.wait_counted(*fleet.nodes)
    fleet.nodes[0].fail()
    fleet.wait_announced(fleet.nodes[1], timeout=20.0)


def _certificates(folder) -> dict:
    """An authority of its own, etcd's certificate, and another authority."""
    names = {"ca": folder / "ca.pem", "other": folder / "other.pem", "key": folder / "etcd.key",
             "cert": folder / "etcd.pem"}
    for name in ("ca", "other"):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", 2, "-subj", f"/CN=lab {name}", "-keyout", folder / f"{name}.key",
            "-out", names[name])
    addresses = ",".join(f"IP:127.8.{node}.1" for node in (1, 2)) + ",IP:127.9.0.1"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", 2, "-subj", "/CN=etcd", "-addext", f"subjectAltName={addresses}",
        "-CA", names["ca"], "-CAkey", folder / "ca.key", "-keyout", names["key"],
        "-out", names["cert"])
    return names


def test_etcd_with_tls(lone, tmp_path):
    """ca_file is who is believed; with another one etcd is not reached, and it is said why."""
    files = _certificates(tmp_path)
    fleet = lone(PAIR, keep=1, settings={"ca_file": str(files["ca"])}, etcd={
        "scheme": "https", "options": ["--cert-file", files["cert"], "--key-file", files["key"]],
        "credentials": ["--cacert", files["ca"]]})
    fleet.start()
    madrid, tokyo = fleet.nodes
    told = len(fleet.routers.updates)
    madrid.reload(fleet={"ca_file": str(files["other"])})
    assert _wait_trouble(madrid, "certificate")["reached"] is False
    madrid.reload()
    wait_until("it is present", lambda: madrid.herald.get("/v1/fleet")["present"])
    assert len(fleet.routers.updates) == told
    fleet.wait_counted(*fleet.nodes)
    madrid.fail()
    fleet.wait_announced(tokyo)
