"""A service's addresses: what is announced depends on them, and herald can bring them itself."""

import json
import signal
from statistics import median

import pytest

from lab.capture import Capture
from lab.ip_batch import IpBatch
from lab.reaction import distribution
from lab.round_trip import MANY, Echo
from lab.scenario import AT_ONCE, World, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX, Site, dns_service, settings
from lab.waiting import stays_true, wait_until

IPV4, IPV6 = "192.0.2.53", "2001:db8:53::53"
REMOVALS = 50
SETTLE_SECONDS = 1.0


def own_addresses(site: Site, **service: object) -> World:
    """A world whose service has addresses that the node has already."""
    site.node.ip("address", "add", f"{IPV4}/32", "dev", "lo")
    site.node.ip("address", "add", f"{IPV6}/128", "dev", "lo")
    return announcing(site, service={"addresses": [IPV4, IPV6], **service})


def managed(site: Site, **service: object) -> World:
    """A world whose service has addresses that herald is to bring."""
    return announcing(site, service={"addresses": [IPV4, IPV6], "manage_addresses": True,
                                     **service})


def present(site: Site) -> set:
    """Which of the two addresses the node's loopback has."""
    return {IPV4, IPV6} & set(site.node.addresses("lo"))


def missing(world: World) -> list:
    """The addresses that herald misses."""
    return world.herald.get("/v1/services/dns")["missing_addresses"]


def test_an_address_that_vanishes_withdraws_and_one_that_returns_restores(site):
    """Both families, whichever the address is of; the view and the status say which is missing."""
    world = own_addresses(site)
    for address, length in ((IPV4, 32), (IPV6, 128)):
        site.node.ip("address", "del", f"{address}/{length}", "dev", "lo")
        world.wait_withdrawn(AT_ONCE)
        service = world.herald.get("/v1/services/dns")
        assert (service["health"], service["heard"]) == ("up", "none")
        assert service["missing_addresses"] == [address]
        assert service["cause"] == f"address {address} is on no interface"
        assert f"address {address} is on no interface" in world.herald.ctl("status").stdout
        site.node.ip("address", "add", f"{address}/{length}", "dev", "lo")
        world.wait_announced(AT_ONCE)
        assert missing(world) == []
    assert world.undisturbed


@pytest.mark.measures
def test_a_vanished_address_is_withdrawn_at_once(site):
    """From before ip(8), already running, is told, to the UPDATE's packet at the router; against
    packets that a process answers in the same minute."""
    world = own_addresses(site)
    taken, round_trips = [], []
    with IpBatch(site.node) as ip, Echo(site, world.leaf) as echo, \
            Capture(world.leaf.namespace, world.leaf.interface) as capture:
        for _ in range(REMOVALS):
            told = ip.tell(f"address del {IPV4}/32 dev lo")
            taken.append(capture.next_withdrawal().time - told)
            ip.tell(f"address add {IPV4}/32 dev lo")
            wait_until("it is back", lambda: missing(world) == [])
            round_trips.append(echo.round_trip())
    print("ip told -> withdrawal at the router's interface:", distribution(taken))
    print("round trips:", distribution(round_trips))
    assert median(taken) < MANY * median(round_trips)


def test_an_address_that_another_node_has_does_not_count(site):
    """Duplicate address detection has failed (RFC 4862): the address is there, but not usable."""
    leaf = site.add_leaf()
    taken = "2001:db8:1::53"
    leaf.namespace.ip("address", "add", f"{taken}/64", "dev", leaf.interface, "nodad")
    site.node.ip("address", "add", f"{taken}/64", "dev", leaf.node_interface)
    wait_until("detection has failed", lambda: "dadfailed" in site.node.run(
        "ip", "address", "show", "dev", leaf.node_interface).stdout)
    herald = site.herald()
    herald.configure(settings([leaf.neighbor()], [dns_service(check=None, addresses=[taken])]))
    herald.start()
    service = herald.get("/v1/services/dns")
    assert (service["health"], service["heard"]) == ("up", "none")
    assert service["missing_addresses"] == [taken]
    leaf.namespace.ip("address", "del", f"{taken}/64", "dev", leaf.interface)
    site.node.ip("address", "del", f"{taken}/64", "dev", leaf.node_interface)
    site.node.ip("address", "add", f"{taken}/64", "dev", leaf.node_interface)
    wait_until("it is missing while tentative, and then not",
               lambda: herald.get("/v1/services/dns")["heard"] == "normal")


def test_more_changes_than_the_kernel_can_tell(site):
    """ENOBUFS: a daemon that was stopped for a while asks for all addresses again."""
    world = own_addresses(site)
    others = [f"10.{number // 250}.{number % 250}.1/32" for number in range(1000)]
    world.herald.process.signal(signal.SIGSTOP)
    site.node.ip("address", "del", f"{IPV6}/128", "dev", "lo")
    site.node.run("ip", "-batch", "-",
                  stdin="".join(f"address add {each} dev lo\n" for each in others))
    site.node.ip("address", "del", f"{IPV4}/32", "dev", "lo")
    world.herald.process.signal(signal.SIGCONT)
    world.wait_withdrawn(AT_ONCE)
    assert missing(world) == [IPV4, IPV6]


def test_an_address_changes_its_prefix_length_and_nobody_hears_of_it(site):
    """An address is there while an interface has it with any prefix length."""
    marker = "10.9.9.9"
    site.node.ip("address", "add", f"{marker}/32", "dev", "lo")
    site.node.ip("address", "add", f"{IPV4}/24", "dev", "lo")
    other = dns_service(name="marker", prefixes=["198.18.0.0/24"], check=None, addresses=[marker])
    world = announcing(site, service={"addresses": [IPV4]})
    world.herald.configure(settings([world.leaf.neighbor()],
                                    [dns_service(addresses=[IPV4]), other]))
    world.herald.ctl("reload")
    wait_until("the marker is there",
               lambda: world.herald.get("/v1/services/marker")["heard"] == "normal")
    since = world.herald.get("/v1/services/dns")["since"]
    site.node.ip("address", "add", f"{IPV4}/32", "dev", "lo")
    site.node.ip("address", "del", f"{IPV4}/24", "dev", "lo")
    site.node.ip("address", "del", f"{marker}/32", "dev", "lo")
    wait_until("herald was told of all three",
               lambda: world.herald.get("/v1/services/marker")["missing_addresses"] == [marker])
    service = world.herald.get("/v1/services/dns")
    assert (service["heard"], service["since"]) == ("normal", since)
    assert world.router.has(IPV4_PREFIX)


def test_herald_s_own_address_beside_the_operator_s(site):
    """Of the same address, herald takes away its /32 alone."""
    world = managed(site)
    site.node.ip("address", "add", f"{IPV4}/24", "dev", "lo")
    world.herald.ctl("drain", "dns", "--now")
    wait_until("its own are gone", lambda: remembered(world) == [], SETTLE_SECONDS + AT_ONCE)
    assert f"{IPV4}/24" in site.node.run("ip", "address", "show", "dev", "lo").stdout
    wait_until("the other is missing", lambda: missing(world) == [IPV6])


def test_an_address_in_use_moves_before_it_goes(site):
    """A reload that names another interface: it is there before it goes here."""
    world = managed(site)
    site.node.ip("link", "add", "anycast0", "type", "veth", "peer", "name", "anycast1")
    site.node.ip("link", "set", "anycast0", "up")
    since = world.herald.get("/v1/services/dns")["since"]
    reload(world, addresses=[IPV4, IPV6], manage_addresses=True, interface="anycast0")
    wait_until("they have moved", lambda: not present(site)
               and {IPV4, IPV6} <= set(site.node.addresses("anycast0")), 5.0)
    service = world.herald.get("/v1/services/dns")
    assert (service["heard"], service["since"]) == ("normal", since)
    wait_until("they are remembered there",
               lambda: {entry["interface"] for entry in remembered(world)} == {"anycast0"})
    assert world.undisturbed


def test_an_address_in_use_stays_when_it_cannot_move(site):
    """There is no such interface: it is used where it is."""
    world = managed(site)
    reload(world, addresses=[IPV4, IPV6], manage_addresses=True, interface="missing0")
    world.herald.wait_logged("there is no interface missing0")
    stays_true("they stay", lambda: present(site) == {IPV4, IPV6}, SETTLE_SECONDS * 3)
    assert world.router.has(IPV4_PREFIX, IPV6_PREFIX)


def test_addresses_in_use_that_are_no_longer_managed_stay(site):
    """They are left to the operator: at a reload, and at a start after a crash."""
    world = managed(site)
    since = world.herald.get("/v1/services/dns")["since"]
    reload(world, addresses=[IPV4, IPV6])
    wait_until("they are herald's no more", lambda: remembered(world) == [])
    stays_true("they stay", lambda: present(site) == {IPV4, IPV6}, SETTLE_SECONDS + AT_ONCE)
    assert world.herald.get("/v1/services/dns")["since"] == since
    reload(world, addresses=[IPV4], manage_addresses=True)
    world.herald.process.stop()
    assert present(site) == {IPV4, IPV6}


def test_addresses_that_are_no_longer_managed_stay_over_a_crash(site):
    """The next daemon leaves them to the operator as well."""
    world = managed(site)
    world.herald.kill()
    world.herald.configure(settings([world.leaf.neighbor()],
                                    [dns_service(addresses=[IPV4, IPV6])]))
    world.herald.start()
    world.wait_announced()
    assert present(site) == {IPV4, IPV6}
    assert remembered(world) == []


def test_an_address_that_another_service_may_need_stays_until_that_is_known(site):
    """After a crash: one service that has it is down, the other's checks have not settled."""
    world = managed(site)
    world.herald.kill()
    both = {"addresses": [IPV4], "manage_addresses": True}
    failing = {"type": "exec", "command": ["/bin/false"], "interval": "100ms",
               "fast_interval": "100ms", "fall": 1, "rise": 1}
    silent = {"type": "push", "name": "silent", "ttl": "1h"}
    world.herald.configure(settings([world.leaf.neighbor()], [
        dns_service(check=[failing], **both),
        dns_service(name="other", prefixes=["198.18.0.0/24"], check=[silent], **both)]))
    world.herald.start()
    wait_until("down", lambda: world.herald.get("/v1/services/dns")["health"] == "down")
    stays_true("it stays", lambda: IPV4 in present(site), SETTLE_SECONDS * 3)
    world.herald.ctl("report", "other", "silent", "fail")
    wait_until("it goes", lambda: IPV4 not in present(site), SETTLE_SECONDS * 3 + AT_ONCE)


@pytest.mark.measures
def test_managed_addresses_come_first_and_go_last(site):
    """There before the routes; gone a second after the withdrawal, and not while it is under way.
    """
    world = managed(site)
    assert present(site) == {IPV4, IPV6}
    world.service.kill()
    world.wait_withdrawn()
    stays_true("the addresses stay for packets that are under way",
               lambda: present(site) == {IPV4, IPV6}, SETTLE_SECONDS / 2)
    wait_until("they are gone", lambda: not present(site), SETTLE_SECONDS + AT_ONCE)
    world.service.start()
    world.wait_announced()
    assert present(site) == {IPV4, IPV6}
    assert world.undisturbed


def test_managed_addresses_stay_until_every_neighbor_has_acknowledged(site):
    """A router that cannot be reached may still send: its side of the link decides."""
    world = managed(site)
    site.node.cut_off(world.leaf.node_interface)
    world.herald.ctl("drain", "dns", "--now")
    stays_true("the addresses stay", lambda: present(site) == {IPV4, IPV6},
               SETTLE_SECONDS + AT_ONCE)
    site.node.reconnect()
    wait_until("they are gone", lambda: not present(site), 10.0)
    assert world.router.has_none(IPV4_PREFIX, IPV6_PREFIX)


def test_managed_addresses_go_with_the_daemon(site):
    """SIGTERM: after the goodbye to the neighbors, and nothing is left to remember."""
    world = managed(site)
    assert world.herald.process.stop() == 0
    assert not present(site)
    assert remembered(world) == []


def test_managed_addresses_survive_a_crash_and_are_still_known_as_herald_s(site):
    """Neither is service interrupted by the restart, nor is anything left behind afterwards."""
    world = managed(site)
    world.herald.kill()
    assert present(site) == {IPV4, IPV6}
    assert {entry["address"] for entry in remembered(world)} == {IPV4, IPV6}
    world.herald.start()
    world.wait_announced()
    assert "was added" not in world.herald.process.output()
    assert world.herald.process.stop() == 0
    assert not present(site)


def test_managed_addresses_are_in_the_custody_of_the_program_that_takes_over(site):
    """They stay, nobody adds them again, and they go with the daemon."""
    world = managed(site)
    for _ in range(3):
        world.herald.ctl("restart")
        assert present(site) == {IPV4, IPV6}
    assert world.undisturbed
    assert world.herald.process.output().count("was added") == 2
    assert world.herald.process.stop() == 0
    assert not present(site) and remembered(world) == []


def test_addresses_that_are_no_longer_configured_are_removed_at_the_start(site):
    """What a daemon that was killed left, the next one removes."""
    world = managed(site)
    world.herald.kill()
    world.herald.configure(settings([world.leaf.neighbor()], [dns_service()]))
    world.herald.start()
    assert not present(site)


def test_an_address_that_was_there_is_adopted_and_never_removed(site):
    """The other one, which was not, is herald's."""
    site.node.ip("address", "add", f"{IPV4}/32", "dev", "lo")
    world = managed(site)
    assert present(site) == {IPV4, IPV6}
    assert world.herald.process.stop() == 0
    assert present(site) == {IPV4}


def test_a_managed_address_that_somebody_removes_is_brought_back(site):
    """Withdrawn at once, as for any address, and announced again with it."""
    world = managed(site)
    # The router has lost the prefixes for a second only, in which nobody may have asked it.
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        site.node.ip("address", "del", f"{IPV4}/32", "dev", "lo")
        capture.next_withdrawal(AT_ONCE)
    world.wait_announced(SETTLE_SECONDS + AT_ONCE)
    assert present(site) == {IPV4, IPV6}


def test_managing_addresses_without_the_right_to_is_refused_at_the_start(site):
    """The message says what is missing; without manage_addresses nothing is."""
    leaf = site.add_leaf()
    herald = site.herald()
    service = {"addresses": [IPV4], "check": None}
    herald.configure(settings([leaf.neighbor()],
                              [dns_service(**service, manage_addresses=True)]))
    powerless = ["setpriv", "--bounding-set", "-net_admin"]
    assert herald.launch(under=powerless).wait() == 1
    assert "CAP_NET_ADMIN is missing" in herald.process.output()
    herald.configure(settings([leaf.neighbor()], [dns_service(**service)]))
    herald.start(under=powerless)


def reload(world: World, **service: object) -> None:
    """Gives the service other settings."""
    world.herald.configure(settings([world.leaf.neighbor()], [dns_service(**service)]))
    world.herald.ctl("reload")


def remembered(world: World) -> list:
    """What herald's file has of the addresses that it added."""
    return json.loads((world.herald.state / "addresses.json").read_text())["addresses"]
