"""heraldctl reload at a real FRR: only the difference is applied, and sessions stay that can."""

import signal
from contextlib import closing

import pytest

from lab.capture import UPDATE, Capture
from lab.frr import FrrNeighbor
from lab.herald import HERALDD
from lab.scenario import AT_ONCE, announcing
from lab.site import (HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, dns_service, settings, tcp_check)
from lab.waiting import wait_until

WEB_PREFIX = "203.0.113.0/24"
WEB = {"name": "web", "prefixes": [WEB_PREFIX]}


class Reloading:
    """Two routers, herald, and the configuration that it was last given."""

    def __init__(self, site):
        self.site = site
        self.leaves = [site.add_leaf(), site.add_leaf()]
        for leaf in self.leaves:
            site.start_router(leaf)
        self.service, self.herald = site.service(), site.herald()
        self.service.start()
        self.neighbors = [leaf.neighbor() for leaf in self.leaves]
        self.services = [dns_service()]
        self.write()
        self.herald.start()
        for leaf in self.leaves:
            wait_until("announced", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))

    def write(self, **bgp: object) -> None:
        """Puts the configuration in place without telling the daemon."""
        self.herald.configure(settings(self.neighbors, self.services, **bgp))

    def reload(self, *options: str) -> list:
        """Reloads, and returns what heraldctl says, line by line."""
        return self.herald.ctl("reload", *options).stdout.splitlines()

    def undisturbed(self, *leaves) -> bool:
        """Whether these sessions are up and have never been down."""
        return all(leaf.router.established(leaf.node_ipv4) and
                   leaf.router.drops(leaf.node_ipv4) == 0 for leaf in leaves)

    def log(self) -> str:
        """What the daemon has logged."""
        return self.herald.process.output()


@pytest.fixture
def world(site):
    """A site that can be reloaded."""
    return Reloading(site)


def test_reload_without_a_change_changes_nothing(world):
    """The same file again."""
    assert world.reload() == ["nothing changes"]
    assert world.undisturbed(*world.leaves)


def test_reload_adds_and_removes_a_service(world):
    """Its prefix comes and goes; no session does."""
    world.services.append(WEB)
    world.write()
    assert world.reload("--dry-run") == ["service web: added"]
    assert world.leaves[0].router.has_none(WEB_PREFIX)
    assert world.reload() == ["service web: added"]
    for leaf in world.leaves:
        wait_until("announced", lambda: leaf.router.has(WEB_PREFIX), AT_ONCE)
    world.services.pop()
    world.write()
    assert world.reload() == ["service web: removed"]
    for leaf in world.leaves:
        wait_until("withdrawn", lambda: leaf.router.has_none(WEB_PREFIX), AT_ONCE)
    assert world.undisturbed(*world.leaves)


def test_reload_changes_communities_without_a_withdrawal(world):
    """One implicit replacement for the one neighbor (RFC 4271 §3.1)."""
    world.neighbors[0] = world.leaves[0].neighbor(communities=["64500:7"], prepend=2)
    world.write()
    assert world.reload() == ["neighbor leaf1: changed (prepend, communities)"]
    first, second = world.leaves

    def path(leaf):
        return leaf.router.paths(IPV4_PREFIX)[0]
    wait_until("changed", lambda: path(first).communities == ("64500:7",), AT_ONCE)
    assert path(first).as_path == "65010 65010 65010"
    assert path(second).communities == () and path(second).as_path == "65010"
    assert world.undisturbed(first, second)


def test_reload_changes_checks_without_a_withdrawal(world):
    """A check that is new or changed counts as the service stands until it has settled."""
    routes = world.leaves[0].namespace.start(
        ["ip", "-oneline", "monitor", "route"], world.site.folder / "routes.log")
    world.services = [dns_service(check=[
        tcp_check(interval="100ms"), tcp_check(name="another", rise=10)])]
    world.write()
    assert world.reload() == ["service dns: changed (check tcp, check another (new))"]
    wait_until("both have settled", lambda: all(
        check["state"] == "pass" for check in world.herald.get("/v1/checks")["checks"]))
    world.service.kill()
    wait_until("withdrawn", lambda: world.leaves[0].router.has_none(IPV4_PREFIX, IPV6_PREFIX))
    wait_until("no longer forwarded", lambda: routes.output().count("Deleted 192.0.2.0/24") == 1)
    assert world.undisturbed(*world.leaves)


def test_reload_changes_one_password(world):
    """That session alone is reset, with 6/6, and comes up again with the new key (RFC 2385)."""
    first, second = world.leaves
    first.router.command("configure terminal\nrouter bgp 64500\n"
                         f"neighbor {first.node_ipv4} password new-key")
    world.neighbors[0] = first.neighbor(password="new-key")
    world.write()
    assert world.reload("--dry-run") == [
        "neighbor leaf1: changed (password), would reset the session"]
    assert world.reload() == ["neighbor leaf1: changed (password), resets the session"]
    wait_until("the session is back", lambda: first.router.established(first.node_ipv4) and
               first.router.has(IPV4_PREFIX, IPV6_PREFIX), 20.0)
    assert first.router.drops(first.node_ipv4) >= 1
    assert world.undisturbed(second)
    assert "new-key" not in world.log()


def test_reload_removes_and_adds_a_neighbor(world):
    """The one that goes hears 6/3 (RFC 4486); the other does not notice."""
    first, second = world.leaves
    world.neighbors.pop()
    world.write()
    assert world.reload() == ["neighbor leaf2: removed, resets the session"]
    wait_until("withdrawn", lambda: second.router.has_none(IPV4_PREFIX, IPV6_PREFIX), AT_ONCE)
    assert second.router.neighbor(second.node_ipv4)["lastErrorCodeSubcode"] == "0603"
    world.neighbors.append(second.neighbor())
    world.write()
    assert world.reload() == ["neighbor leaf2: added"]
    wait_until("announced", lambda: second.router.has(IPV4_PREFIX, IPV6_PREFIX), 20.0)
    assert world.undisturbed(first)


def test_reload_of_an_invalid_file_changes_nothing(world):
    """The fault is in the answer and in the log."""
    world.herald.config.write_text("[bgp]\nlocal_as = 'one'\nrouter_id = '192.0.2.1'\n")
    refused = world.herald.ctl("reload", check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"heraldctl: {world.herald.config}:2:12: bgp.local_as")
    world.herald.wait_logged("was not reloaded")
    assert world.undisturbed(*world.leaves)
    assert world.leaves[0].router.has(IPV4_PREFIX, IPV6_PREFIX)


def test_reload_by_signal(world):
    """SIGHUP does the same, and the log says how it went."""
    world.services.append(WEB)
    world.write()
    world.herald.process.signal(signal.SIGHUP)
    wait_until("announced", lambda: world.leaves[0].router.has(WEB_PREFIX))
    world.herald.wait_logged("service web added")
    assert world.undisturbed(*world.leaves)


def test_reload_listens_elsewhere(site):
    """A router that dials finds herald once it listens, and no session is reset by that."""
    world = Reloading(site)
    third = site.add_leaf()
    site.start_router(third, [FrrNeighbor(third.node_ipv4, HERALD_AS, ["timers connect 1"])])
    world.neighbors.append(third.neighbor(passive=True))
    world.write(listen=["0.0.0.0"])
    assert world.reload() == ["bgp: changed (listen)", "neighbor leaf3: added"]
    wait_until("announced", lambda: third.router.has(IPV4_PREFIX, IPV6_PREFIX), 20.0)
    assert world.undisturbed(*world.leaves)


def test_reload_that_cannot_listen_changes_nothing(world):
    """An address that the node does not have."""
    world.services.append(WEB)
    world.write(listen=["203.0.113.200"])
    refused = world.herald.ctl("reload", check=False)
    assert refused.returncode == 1
    assert "cannot listen on 203.0.113.200" in refused.stderr
    assert world.leaves[0].router.has_none(WEB_PREFIX)
    assert world.undisturbed(*world.leaves)


def test_drain_stays_over_a_reload(world):
    """What the operator has drained is not announced again by a change of its settings."""
    world.herald.ctl("drain", "dns", "--now", "--wait")
    wait_until("withdrawn", lambda: world.leaves[0].router.has_none(IPV4_PREFIX, IPV6_PREFIX),
               AT_ONCE)
    world.services = [dns_service(communities=["64500:9"])]
    world.write()
    assert world.reload() == ["service dns: changed (communities)"]
    assert world.leaves[0].router.has_none(IPV4_PREFIX, IPV6_PREFIX)
    world.herald.ctl("undrain", "dns")
    wait_until("announced", lambda: world.leaves[0].router.has(IPV4_PREFIX, IPV6_PREFIX), AT_ONCE)
    assert world.leaves[0].router.paths(IPV4_PREFIX)[0].communities == ("64500:9",)


def test_the_reload_that_was_asked_for_last_reads_the_file_last(site):
    """However long the file was that the one before it reads."""
    herald = site.herald()

    def write(services, padding=0):
        """In one step: nobody is to read half of it."""
        herald.config = herald.folder / "next.toml"
        herald.configure(settings([], services))
        with herald.config.open("a", encoding="utf-8") as file:
            file.write("# padding\n" * padding)
        herald.config = herald.config.replace(herald.folder / "herald.toml")
    write([WEB])
    herald.start()
    for _ in range(10):
        with closing(herald.connection()) as first, closing(herald.connection()) as second:
            for connection in (first, second):
                connection.connect()
            write([WEB, dns_service()], padding=80_000)
            first.request("POST", "/v1/reload", b"")
            write([WEB])
            second.request("POST", "/v1/reload", b"")
            assert [each.getresponse().status for each in (first, second)] == [200, 200]
        assert [each["name"] for each in herald.get("/v1/services")["services"]] == ["web"]


def test_options_of_the_command_line_win_over_a_reload(site):
    """And are no difference to the file."""
    herald = site.herald()
    herald.command = [HERALDD, "--log-level", "warning", "--log-format", "json"]
    herald.configure(settings([], [WEB]))
    herald.start()
    assert herald.ctl("reload").stdout == "nothing changes\n"
    herald.configure({**settings([], [WEB]), "log": {"level": "trace"}})
    assert herald.ctl("reload").stdout == "log: changed (level)\n"
    assert herald.ctl("reload").stdout == "nothing changes\n"
    herald.ctl("drain", "web", "--now")
    lines = herald.process.output().splitlines()
    assert all(line.startswith("{") for line in lines)
    assert not [line for line in lines if '"level":"info"' in line]


def test_a_reload_during_the_start_does_not_let_end_of_rib_go(site):
    """It waits for a service that has not settled (RFC 4724 §2), whatever else changes."""
    leaf = site.add_leaf()
    site.start_router(leaf)
    service, herald = site.service(), site.herald()
    service.start()
    pushed = {"name": "slow", "prefixes": [WEB_PREFIX],
              "check": [{"name": "push", "type": "push", "ttl": "1h", "rise": 1}]}
    herald.configure(settings([leaf.neighbor()], [dns_service(), pushed]))
    with Capture(leaf.namespace, leaf.interface) as capture:
        herald.start()
        wait_until("announced", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))
        herald.configure(settings([leaf.neighbor()],
                                  [dns_service(communities=["64500:7"]), pushed]))
        herald.ctl("reload")
        wait_until("changed", lambda:
                   leaf.router.paths(IPV4_PREFIX)[0].communities == ("64500:7",))
        assert not _ends_of_rib(capture)
        herald.ctl("report", "slow", "push", "pass")
        wait_until("End-of-RIB", lambda: _ends_of_rib(capture))


def _ends_of_rib(capture) -> list:
    """UPDATEs without anything in them, RFC 4724 §2."""
    return [message for message in capture.arrived()
            if message.kind == UPDATE and message.body == bytes(4)]


def test_a_drained_service_that_is_renamed_is_warned_of(site):
    """Its drain is kept under the old name, shown as a problem, and can be ended."""
    world = announcing(site)
    world.herald.ctl("drain", "dns", "--now", "--wait")
    world.herald.configure(settings([world.leaf.neighbor()], [dns_service(name="resolver")]))
    for options in (["--dry-run"], []):
        status, _, reply = world.herald.exchange(
            "POST", "/v1/reload", b'{"dry_run": true}' if options else b"")
        assert status == 200
        assert [line for line in reply["warnings"] if "dns is drained" in line]

    def orphans():
        return [line for line in world.herald.get("/v1/status")["problems"]
                if "undrain dns" in line]
    assert len(orphans()) == 1
    world.wait_announced()
    world.herald.ctl("undrain", "dns")
    assert not orphans()
    world.herald.configure(settings([world.leaf.neighbor()], [dns_service()]))
    world.herald.ctl("reload")
    world.wait_announced()
    assert world.herald.get("/v1/services/dns")["administration"] == "active"
