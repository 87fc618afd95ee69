"""What a router learns of a service that is up: the exact attributes, for each family."""

from lab.frr import BgpPath
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, dns_service, settings
from lab.scenario import announcing
from lab.waiting import wait_until


def test_plain_announcement(world):
    """Without policy: one AS, the session's addresses as next hops, no MED, no communities."""
    assert world.router.paths(IPV4_PREFIX) == [BgpPath(str(HERALD_AS), (world.leaf.node_ipv4,))]
    assert world.router.paths(IPV6_PREFIX) == [BgpPath(str(HERALD_AS), (world.leaf.node_ipv6,))]


def test_policy_of_neighbor_and_service(site):
    """Prepends and MED replace, communities of neighbor and service add up, sorted."""
    world = announcing(
        site,
        neighbor={"prepend": 2, "med": 50, "communities": ["64500:100", "no-export"],
                  "large_communities": ["65010:2:2"], "next_hop": "198.51.100.77"},
        service={"communities": ["64500:7"], "large_communities": ["65010:1:2"], "med": 10})
    attributes = {"as_path": "65010 65010 65010", "med": 10,
                  "communities": ("64500:7", "64500:100", "no-export"),
                  "large_communities": ("65010:1:2", "65010:2:2")}
    assert world.router.paths(IPV4_PREFIX) == [
        BgpPath(next_hops=("198.51.100.77",), **attributes)]
    assert world.router.paths(IPV6_PREFIX) == [
        BgpPath(next_hops=(world.leaf.node_ipv6,), **attributes)]


def test_two_neighbors_each_hear_their_own_policy(site):
    """Two routers, two policies, and a second service that only one of them is to hear."""
    near, far = site.add_leaf(), site.add_leaf()
    routers = [site.start_router(near), site.start_router(far)]
    site.service().start()
    herald = site.herald()
    herald.configure(settings(
        [near.neighbor(communities=["64500:1"]), far.neighbor(prepend=3, med=20)],
        [dns_service(), {"name": "ntp", "prefixes": ["203.0.113.0/24"], "neighbors": ["leaf2"]}]))
    herald.start()
    for router in routers:
        wait_until("both families", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    wait_until("the second service", lambda: routers[1].has("203.0.113.0/24"))
    assert routers[0].paths(IPV4_PREFIX) == [
        BgpPath("65010", (near.node_ipv4,), communities=("64500:1",))]
    assert routers[1].paths(IPV4_PREFIX) == [
        BgpPath("65010 65010 65010 65010", (far.node_ipv4,), med=20)]
    assert routers[0].has_none("203.0.113.0/24")
