"""Interoperation: what each router learns of herald's prefixes, and how it hears of changes."""

from dataclasses import replace

from lab.bench import SERVICE, SESSION_SECONDS, Line
from lab.features import AS_TRANS_PATH
from lab.kinds import BIG_HERALD_AS
from lab.matrix import feature
from lab.peer import ANNOUNCED, WITHDRAWN, Path
from lab.site import HERALD_AS
from lab.waiting import wait_until

AS_TRANS = 23456


def plain(line: Line, prefix: str, **changes: object) -> Path:
    """What arrives where no policy is configured, with these differences."""
    next_hop = line.ipv6 if ":" in prefix else line.ipv4
    return replace(Path(as_path=(HERALD_AS,), next_hop=next_hop), **changes)


@feature("IPv4 prefix, IPv4 session")
def test_ipv4_over_ipv4(bench):
    """The session's address as next hop, one AS, nothing else."""
    line = bench.announced("ipv4")
    assert bench.router.path(line.prefix4) == plain(line, line.prefix4)


@feature("IPv6 prefix, IPv4 session")
def test_ipv6_over_ipv4(bench):
    """The next hop is the interface's IPv6 address."""
    line = bench.announced("ipv4")
    assert bench.router.path(line.prefix6) == plain(line, line.prefix6)


@feature("IPv4 prefix, IPv6 session")
def test_ipv4_over_ipv6(bench):
    """The next hop is the interface's IPv4 address."""
    line = bench.announced("ipv6")
    assert bench.router.path(line.prefix4) == plain(line, line.prefix4)


@feature("IPv6 prefix, IPv6 session")
def test_ipv6_over_ipv6(bench):
    """The session's address as next hop."""
    line = bench.announced("ipv6")
    assert bench.router.path(line.prefix6) == plain(line, line.prefix6)


@feature("prepend")
def test_prepend(bench):
    """Two copies more than one."""
    assert _seen(bench, "as_path") == ((HERALD_AS,) * 3,) * 2


@feature("MED")
def test_med(bench):
    """MULTI_EXIT_DISC."""
    assert _seen(bench, "med") == (50, 50)


@feature("next hop")
def test_next_hop(bench):
    """One of each family that is not herald's own address."""
    assert _seen(bench, "next_hop") == bench.lines["policy"].next_hops


@feature("communities")
def test_communities(bench):
    """In order, those with a name as well."""
    assert _seen(bench, "communities") == (("64500:7", "64500:100", "no-export"),) * 2


@feature("large communities")
def test_large_communities(bench):
    """RFC 8092, a 4-octet AS among them."""
    assert _seen(bench, "large_communities") == (("65010:1:2", "4200000001:2:3"),) * 2


@feature("extended communities")
def test_extended_communities(bench):
    """RFC 4360: a route target and a route origin."""
    assert _seen(bench, "extended_communities") == (("rt:65010:100", "soo:65010:1"),) * 2


def _seen(bench, name: str) -> tuple:
    """One attribute of the paths of the policy's line, IPv4 and IPv6."""
    line = bench.announced("policy")
    return tuple(getattr(bench.router.path(prefix), name) for prefix in line.prefixes)


@feature("withdrawal")
def test_withdrawal(bench):
    """Both families go with a drain and return with its end; the session stays."""
    line, router = bench.announced("ipv6"), bench.router
    line.herald.ctl("drain", SERVICE, "--now", "--wait")
    wait_until("no path", lambda: router.has_none(*line.prefixes))
    assert [router.changes(prefix)[-1] for prefix in line.prefixes] == [WITHDRAWN] * 2
    line.herald.ctl("undrain", SERVICE)
    wait_until("the paths", lambda: router.has(*line.prefixes))
    assert line.sessions() == 1


@feature("change without a withdrawal")
def test_change(bench):
    """An attribute comes and goes: by the router's own record no prefix was withdrawn for it."""
    line, router = bench.announced("drained"), bench.router
    before = [len(router.changes(prefix)) for prefix in line.prefixes]
    for command, expected in (("drain", ("graceful-shutdown",)), ("undrain", ())):
        line.herald.ctl(command, SERVICE)
        wait_until(f"communities {expected}", lambda: all(
            router.path(prefix).communities == expected for prefix in line.prefixes))
    for prefix, count in zip(line.prefixes, before):
        assert router.changes(prefix)[count:] == [ANNOUNCED] * 2
    assert line.sessions() == 1


@feature("route refresh")
def test_route_refresh(bench):
    """RFC 2918: the router asks, and herald sends again; the session and its routes stay."""
    line = bench.announced("dialled")
    asked, sent = line.count("route_refresh", "received"), line.count("update", "sent")
    bench.router.request_refresh(line.session)
    wait_until("the request", lambda: line.count("route_refresh", "received") > asked)
    wait_until("the answer", lambda: line.count("update", "sent") > sent)
    assert bench.router.has(*line.prefixes)
    assert all(WITHDRAWN not in bench.router.changes(prefix) for prefix in line.prefixes)
    assert line.sessions() == 1


@feature("GRACEFUL_SHUTDOWN acted on")
def test_graceful_shutdown(bench):
    """RFC 8326 §4: while herald drains, the router prefers every other path."""
    line, router = bench.announced("drained"), bench.router
    line.herald.ctl("drain", SERVICE)
    try:
        wait_until("the least preference", lambda: all(
            router.path(prefix).local_pref <= 1 for prefix in line.prefixes))
    finally:
        line.herald.ctl("undrain", SERVICE)
    wait_until("the usual preference", lambda: all(
        router.path(prefix).local_pref == 100 for prefix in line.prefixes))


@feature("4-octet AS of herald")
def test_big_herald(bench):
    """RFC 6793: an AS above 65535, and a copy of it."""
    line = bench.announced("big_herald")
    for prefix in line.prefixes:
        assert bench.router.path(prefix) == plain(line, prefix, as_path=(BIG_HERALD_AS,) * 2)


@feature("4-octet AS of the router")
def test_big_router(bench):
    """The other way round: AS_TRANS in the router's OPEN, its number in capability 65."""
    line = bench.announced("big_router")
    for prefix in line.prefixes:
        assert bench.router.path(prefix) == plain(line, prefix)


@feature("2-octet AS: no capability 65")
def test_two_octets(bench):
    """A router that does not offer capability 65 reads the AS_PATH all the same."""
    line = bench.lines["two_octets"]
    wait_until("the IPv4 path", lambda: bench.router.has(line.prefix4), SESSION_SECONDS)
    assert bench.router.path(line.prefix4) == plain(line, line.prefix4)


@feature(AS_TRANS_PATH)
def test_as_trans(bench):
    """RFC 6793 §4.2.2: where it does not offer it and herald's AS does not fit in two octets."""
    line = bench.lines["as_trans"]
    wait_until("the IPv4 path", lambda: bench.router.has(line.prefix4), SESSION_SECONDS)
    expected = BIG_HERALD_AS if bench.router.reads_as4_path else AS_TRANS
    assert bench.router.path(line.prefix4) == plain(line, line.prefix4, as_path=(expected,) * 2)


@feature("iBGP")
def test_ibgp(bench):
    """The same AS: an empty AS_PATH, and LOCAL_PREF."""
    line = bench.announced("ibgp")
    for prefix in line.prefixes:
        assert bench.router.path(prefix) == plain(line, prefix, as_path=(), local_pref=200)


@feature("IPv4 prefix, IPv6 next hop (RFC 8950)")
def test_extended_next_hop(bench):
    """Negotiated by both sides: no IPv4 address is needed on the link."""
    line = bench.announced("extended")
    for prefix in line.prefixes:
        assert bench.router.path(prefix) == plain(line, prefix, next_hop=line.ipv6)
