"""Every state of a service, as two routers with different policies hear it, in both families."""

from dataclasses import dataclass

import pytest

from lab.frr import BgpPath, FrrNeighbor
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS, dns_service, settings
from lab.waiting import stays_true, wait_until

# The first router has its own words for each state; the second, on iBGP, what is built in.
WORDY = {
    "prepend": 1, "med": 7, "communities": ["64500:1"],
    "when": {
        "degraded": {"prepend": 4, "med": 80, "communities": ["64500:80"]},
        "draining": {"communities": ["graceful-shutdown", "64500:81"]},
        "down": {"withdraw": True},
    },
}
PASS, WARN, FAIL = 0, 1, 2


@dataclass
class Scene:
    """herald between an eBGP router with a policy of its own and an iBGP router without."""

    site: object
    herald: object
    external: object
    internal: object
    verdict: object  # the file that has the exit status of the check

    def heard_by(self, leaf) -> list:
        """The paths of the two prefixes at a router."""
        return [leaf.router.paths(prefix) for prefix in (IPV4_PREFIX, IPV6_PREFIX)]

    def becomes(self, external: dict, internal: dict) -> None:
        """Waits until each router has both prefixes with just these attributes (None: not)."""
        expected = [_paths(self.external, external), _paths(self.internal, internal)]
        wait_until(f"{expected}", lambda: _Seen(
            [self.heard_by(self.external), self.heard_by(self.internal)], expected))


class _Seen:
    """True where what is seen is what is expected; otherwise shown when the wait ends."""

    def __init__(self, seen: list, expected: list):
        self._seen, self._expected = seen, expected

    def __bool__(self) -> bool:
        return self._seen == self._expected

    def __repr__(self) -> str:
        return repr(self._seen)


def _paths(leaf, attributes) -> list:
    if attributes is None:
        return [[], []]
    return [[BgpPath(next_hops=(leaf.node_ipv4,), **attributes)],
            [BgpPath(next_hops=(leaf.node_ipv6,), **attributes)]]


@pytest.fixture
def scene(site):
    """A function that brings it up with a service's settings; the check is given by a file."""
    def start(**service) -> Scene:
        external, internal = site.add_leaf(), site.add_leaf()
        site.start_router(external)
        site.start_router(internal, [FrrNeighbor(internal.node_ipv4, HERALD_AS)], HERALD_AS)
        verdict = site.folder / "verdict"
        verdict.write_text(str(PASS))
        check = {"type": "exec", "command": ["/bin/sh", "-c", f"exit $(cat {verdict})"],
                 "protocol": "nagios", "interval": "100ms", "fast_interval": "100ms",
                 "rise": 1, "fall": 1}
        herald = site.herald()
        herald.configure(settings(
            [external.neighbor(**WORDY), internal.neighbor(remote_as=HERALD_AS)],
            [dns_service(**{"check": [check], "drain_time": "1h", **service})]))
        herald.start()
        return Scene(site, herald, external, internal, verdict)
    return start


UP = ({"as_path": "65010 65010", "med": 7, "communities": ("64500:1",)},
      {"as_path": "Local", "local_pref": 100})
DEGRADED = ({"as_path": "65010 65010 65010 65010 65010", "med": 80,
             "communities": ("64500:1", "64500:80")},
            {"as_path": "Local", "local_pref": 100})
# FRR itself gives what is shut down gracefully a LOCAL_PREF of 0 (RFC 8326 §4.1).
DRAINING = ({"as_path": "65010 65010", "med": 7, "local_pref": 0,
             "communities": ("64500:1", "64500:81", "graceful-shutdown")},
            {"as_path": "Local", "local_pref": 0, "communities": ("graceful-shutdown",)})
DOWN = (None, {"as_path": "Local", "local_pref": 100})
NOTHING = (None, None)


def test_every_state_as_each_neighbor_hears_it(scene):
    """The contract's table, row after row, on sessions that stay."""
    here = scene(on_down="deprefer")
    here.becomes(*UP)
    here.verdict.write_text(str(WARN))
    here.becomes(*DEGRADED)
    here.herald.ctl("drain", "dns")
    here.becomes(*DRAINING)
    here.verdict.write_text(str(PASS))
    wait_until("up", lambda: here.herald.get("/v1/services/dns")["health"] == "up")
    here.becomes(*DRAINING)
    here.verdict.write_text(str(FAIL))
    here.becomes(*DOWN)
    here.herald.ctl("drain", "dns", "--now")
    here.becomes(*NOTHING)
    here.herald.ctl("undrain", "dns")
    here.becomes(*DOWN)
    here.verdict.write_text(str(PASS))
    here.becomes(*UP)
    for leaf in (here.external, here.internal):
        assert leaf.router.drops(leaf.node_ipv4) == 0


def test_down_is_withdrawn_from_all_by_default(scene):
    """on_down = "withdraw": when.down is not asked."""
    here = scene()
    here.becomes(*UP)
    here.verdict.write_text(str(FAIL))
    here.becomes(*NOTHING)
    here.herald.ctl("drain", "dns")
    assert here.herald.get("/v1/services/dns")["administration"] == "drained"
    here.verdict.write_text(str(PASS))
    wait_until("up", lambda: here.herald.get("/v1/services/dns")["health"] == "up")
    here.becomes(*NOTHING)
    here.herald.ctl("undrain", "dns")
    here.becomes(*UP)


@pytest.mark.parametrize("on_down", ["withdraw", "deprefer"])
def test_unknown_is_heard_by_nobody(scene, on_down):
    """A check that has not settled: nothing is announced, though the sessions are up."""
    here = scene(on_down=on_down, check=[{
        "type": "tcp", "address": "127.0.0.1:8053", "interval": "100ms", "fast_interval": "100ms",
        "rise": 1, "fall": 1000}])
    for leaf in (here.external, here.internal):
        wait_until("the session", lambda leaf=leaf: leaf.router.established(leaf.node_ipv4))
    stays_true("nobody hears of it", lambda: here.heard_by(here.external) == [[], []]
               and here.heard_by(here.internal) == [[], []], 1.0)
    assert here.herald.get("/v1/services/dns")["health"] == "unknown"


def test_built_in_policies_of_an_external_neighbor(site):
    """degraded: three more prepends; draining: GRACEFUL_SHUTDOWN; down: six more prepends."""
    leaf = site.add_leaf()
    router = site.start_router(leaf, as_number=ROUTER_AS)
    verdict = site.folder / "verdict"
    verdict.write_text(str(WARN))
    check = {"type": "exec", "command": ["/bin/sh", "-c", f"exit $(cat {verdict})"],
             "protocol": "nagios", "interval": "100ms", "fast_interval": "100ms",
             "rise": 1, "fall": 1}
    herald = site.herald()
    herald.configure(settings([leaf.neighbor()], [dns_service(
        check=[check], on_down="deprefer", drain_time="1h")]))
    herald.start()

    def hears(count: int, **more: object) -> None:
        path = {"as_path": " ".join(["65010"] * count), **more}
        expected = _paths(leaf, path)
        wait_until(f"{path}", lambda: _Seen(
            [router.paths(prefix) for prefix in (IPV4_PREFIX, IPV6_PREFIX)], expected))

    hears(4)
    verdict.write_text(str(FAIL))
    hears(7)
    herald.ctl("drain", "dns")
    hears(7)
    verdict.write_text(str(PASS))
    hears(1, communities=("graceful-shutdown",), local_pref=0)
    herald.ctl("undrain", "dns")
    hears(1)
