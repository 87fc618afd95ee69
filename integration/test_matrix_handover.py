"""Interoperation: a restart of herald that the router does not see, again and again."""

from lab.flow import Flow
from lab.matrix import feature

RESTARTS = 20  # back to back


def _restart_unseen(bench, kind):
    line = bench.announced(kind)
    before = line.endings()  # routers that are not there yet refuse the first connections
    with Flow(line.link.near, line.link.near_interface) as flow:
        for _ in range(RESTARTS):
            assert line.herald.restart() == {"router": "kept"}
        address = line.session.address
        assert flow.begun_or_ended() == []
        assert flow.only_keepalives_by(address)
    assert line.sessions() == 1 and line.endings() == before
    assert line.count("keepalive", "sent") >= RESTARTS
    assert bench.router.has(*line.prefixes)


@feature("restart unseen, IPv4")
def test_ipv4(bench):
    """No FIN, no RST, no message but KEEPALIVEs."""
    _restart_unseen(bench, "ipv4")


@feature("restart unseen, IPv6")
def test_ipv6(bench):
    """The same over IPv6."""
    _restart_unseen(bench, "ipv6")


@feature("restart unseen, MD5, the router dials")
def test_md5(bench):
    """Segments stay signed."""
    _restart_unseen(bench, "md5_accepted")


@feature("restart unseen, GTSM")
def test_gtsm(bench):
    """Packets still leave with 255."""
    _restart_unseen(bench, "gtsm")
