"""The kinds of session of the interoperation matrix: both sides' settings of each."""

from dataclasses import dataclass, field

from lab.site import HERALD_AS, ROUTER_AS

BIG_HERALD_AS, BIG_ROUTER_AS = 4_200_000_001, 4_200_000_500
PASSWORD = "open-sesame-2385"
SHORT_HOLD = 3  # the least that RFC 4271 allows

POLICY = {"prepend": 2, "med": 50, "communities": ["64500:100", "64500:7", "no-export"],
          "large_communities": ["4200000001:2:3", "65010:1:2"],
          "extended_communities": ["rt:65010:100", "soo:65010:1"]}


@dataclass(frozen=True)
class Kind:
    """A kind of session: what runs over what, and what is set at each end beyond the usual.

    `over` is "ipv4", "ipv6", "link-local", or "two-hops", which is from the link's IPv4 address
    to one that the router has on its loopback. `herald` has keys of [[neighbor]], `router` has
    fields of PeerSession. The router waits and herald dials, unless `router_dials`; then herald
    waits, unless `herald_dials` says otherwise.
    """

    over: str = "ipv4"
    herald: dict = field(default_factory=dict)
    router: dict = field(default_factory=dict)
    herald_as: int = HERALD_AS
    router_as: int = ROUTER_AS
    herald_dials: bool = True
    router_dials: bool = False
    own_next_hops: bool = False  # next_hop and next_hop_ipv6 are set, to addresses on the link


def _accepted(over: str, **both: object) -> Kind:
    """herald waits, the router dials."""
    return Kind(over, herald=dict(both), router=dict(both), herald_dials=False, router_dials=True)


def _dialled(over: str, **both: object) -> Kind:
    """The router waits, herald dials."""
    return Kind(over, herald=dict(both), router=dict(both))


KINDS = {
    "ipv4": Kind("ipv4", herald={"hold_time": "30s"}, router={"hold_time": 9}),
    "ipv6": Kind("ipv6", herald={"hold_time": "9s"}, router={"hold_time": 30}),
    "policy": Kind(herald=POLICY, own_next_hops=True),
    "big_herald": Kind(herald_as=BIG_HERALD_AS, herald={"prepend": 1}),
    "big_router": Kind(router_as=BIG_ROUTER_AS),
    "two_octets": Kind(router={"four_octet_as": False}),
    "as_trans": Kind(herald_as=BIG_HERALD_AS, herald={"prepend": 1},
                     router={"four_octet_as": False}),
    "ibgp": Kind(herald_as=ROUTER_AS, herald={"local_pref": 200}),
    "dialled": _dialled("ipv4"),
    "accepted": _accepted("ipv4"),
    "accepted6": _accepted("ipv6"),
    "both_dial": Kind(router_dials=True),
    "md5": _dialled("ipv4", password=PASSWORD),
    "md5_6": _dialled("ipv6", password=PASSWORD),
    "md5_accepted": _accepted("ipv4", password=PASSWORD),
    "md5_accepted6": _accepted("ipv6", password=PASSWORD),
    "md5_wrong": Kind(herald={"password": "parsley"}, router={"password": PASSWORD},
                      herald_dials=False, router_dials=True),
    "gtsm": Kind(herald={"ttl_security": 1}, router={"ttl_security": True}),
    "gtsm6": Kind("ipv6", herald={"ttl_security": 1}, router={"ttl_security": True}),
    "gtsm_herald": Kind(herald={"ttl_security": 1}),
    "gtsm_router": Kind(router={"ttl_security": True}),
    "no_hold": Kind(herald={"hold_time": "0s"}),
    "cut": Kind(herald={"hold_time": f"{SHORT_HOLD}s"}),
    "silent_herald": Kind(herald={"hold_time": f"{SHORT_HOLD}s"}),
    "stopped": Kind(),
    "shut": Kind(),
    "drained": Kind(),
    "extended": Kind("ipv6", herald={"extended_nexthop": True},
                     router={"extended_next_hop": True}),
    "link_local": Kind("link-local"),
    "role": Kind(herald={"role": "provider"}, router={"role": "customer"}),
    "role_mismatch": Kind(herald={"role": "provider"}, router={"role": "provider"}),
}

# What ends or stops the whole router: each with a router of its own.
SILENT_ROUTER = Kind(herald={"hold_time": f"{SHORT_HOLD}s"})
KILLED_ROUTER = Kind()
# One herald that restarts, and the router's other neighbor, which looks on.
RESTART = {
    "restarted": Kind(herald={"graceful_restart": "20s"}, router={"graceful_restart": True}),
    "observer": Kind(herald_as=65099),
}
