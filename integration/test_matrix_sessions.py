"""Interoperation: how sessions with each router come to be, and which ones must not."""

from lab.bench import SESSION_SECONDS, Bench, Line
from lab.features import LINK_LOCAL, NO_HOLD_TIME
from lab.matrix import feature
from lab.site import HERALD_AS
from lab.waiting import stays_true, wait_until


def check_session(bench: Bench, kind: str, direction: str) -> Line:
    """The router has both prefixes, herald has the connection as it is to be opened."""
    line = bench.announced(kind)
    assert line.neighbor()["direction"] == direction
    assert bench.router.established(line.session)
    return line


def check_no_session(bench: Bench, kind: str) -> None:
    """Neither side ever sees a session, nor the router a prefix."""
    line = bench.lines[kind]
    stays_true("no session", lambda: not line.established(), 1.0)
    assert not bench.router.established(line.session)
    assert bench.router.has_none(*line.prefixes)
    assert line.count("update", "sent") == 0


@feature("herald dials, the router waits")
def test_dialled(bench):
    """The usual case."""
    check_session(bench, "dialled", "dialled")


@feature("the router dials, herald waits, IPv4")
def test_accepted(bench):
    """passive = true."""
    check_session(bench, "accepted", "accepted")


@feature("the router dials, herald waits, IPv6")
def test_accepted_ipv6(bench):
    """passive = true over IPv6."""
    check_session(bench, "accepted6", "accepted")


@feature("both dial")
def test_both_dial(bench):
    """One session is left, whichever, and it stays (RFC 4271 §6.8)."""
    line = bench.announced("both_dial")
    transitions = line.neighbor()["transitions"]
    stays_true("one session", line.established, 1.5)
    assert bench.router.established(line.session)
    assert line.neighbor()["transitions"] == transitions


@feature(LINK_LOCAL)
def test_link_local(bench):
    """fe80::…%interface at both ends; the next hops are the interface's other addresses."""
    line = check_session(bench, "link_local", "dialled")
    assert [bench.router.path(prefix).next_hop for prefix in line.prefixes] == [
        line.ipv4, line.ipv6]


@feature("MD5, herald dials, IPv4")
def test_md5(bench):
    """RFC 2385."""
    check_session(bench, "md5", "dialled")


@feature("MD5, herald dials, IPv6")
def test_md5_ipv6(bench):
    """RFC 2385."""
    check_session(bench, "md5_6", "dialled")


@feature("MD5, the router dials, IPv4")
def test_md5_accepted(bench):
    """The listener has the key as well."""
    check_session(bench, "md5_accepted", "accepted")


@feature("MD5, the router dials, IPv6")
def test_md5_accepted_ipv6(bench):
    """The listener has the key as well."""
    check_session(bench, "md5_accepted6", "accepted")


@feature("MD5, another password: no session")
def test_md5_wrong(bench):
    """The control of the four above."""
    check_no_session(bench, "md5_wrong")


@feature("GTSM, IPv4")
def test_gtsm(bench):
    """RFC 5082, at both ends."""
    check_session(bench, "gtsm", "dialled")


@feature("GTSM, IPv6")
def test_gtsm_ipv6(bench):
    """RFC 5082, at both ends."""
    check_session(bench, "gtsm6", "dialled")


@feature("GTSM at herald alone: no session")
def test_gtsm_at_herald(bench):
    """herald drops what comes with a TTL below 255."""
    check_no_session(bench, "gtsm_herald")


@feature("GTSM at the router alone: no session")
def test_gtsm_at_router(bench):
    """The router drops what herald sends with a TTL of 1.

    Not what comes before it has looked at the new connection, so that herald may believe in a
    session until its packets go unacknowledged for too long.
    """
    line = bench.lines["gtsm_router"]
    stays_true("no session", lambda: not bench.router.established(line.session), 1.0)
    assert bench.router.has_none(*line.prefixes)


@feature("hold time: the router's is lower")
def test_hold_time_of_router(bench):
    """RFC 4271 §4.2: the lower of 30 s and 9 s, on both sides."""
    check_hold_time(bench, "ipv4", 9)


@feature("hold time: herald's is lower")
def test_hold_time_of_herald(bench):
    """The lower of 9 s and 30 s."""
    check_hold_time(bench, "ipv6", 9)


@feature(NO_HOLD_TIME)
def test_no_hold_time(bench):
    """0 is lower than all: neither hold timer nor keepalives, save the one that answers OPEN."""
    check_hold_time(bench, "no_hold", 0)
    line = bench.lines["no_hold"]
    assert [line.count("keepalive", way) for way in ("sent", "received")] == [1, 1]


def check_hold_time(bench: Bench, kind: str, expected: int) -> None:
    """Both sides show the same, and herald sends keepalives at a third of it."""
    line = bench.announced(kind)
    assert bench.router.hold_time(line.session) == expected
    shown = line.neighbor()
    assert (shown["hold_time"], shown["keepalive_interval"]) == (expected, expected / 3)


@feature("role: OTC arrives")
def test_role(bench):
    """RFC 9234: herald is the provider, so its routes are for the customer alone."""
    line = check_session(bench, "role", "dialled")
    assert [bench.router.path(prefix).only_to_customer for prefix in line.prefixes] == [
        HERALD_AS] * 2


@feature("role mismatch refused")
def test_role_mismatch(bench):
    """Two providers: NOTIFICATION 2/11 from whichever side is first."""
    line = bench.lines["role_mismatch"]
    wait_until("the refusal", lambda: any("Role Mismatch" in why for why in line.endings()),
               SESSION_SECONDS)
    check_no_session(bench, "role_mismatch")
