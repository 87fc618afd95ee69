"""A neighbor that sends a million routes at full speed."""

import pytest

from lab.bgp_bytes import route_refresh
from lab.million import ANSWER_SECONDS, packed, single
from lab.raw import IPV4_ROUTE, RawLab
from lab.witness import Witness

pytestmark = pytest.mark.measures


@pytest.mark.parametrize("shape", [packed, single])
def test_million_routes(shape):
    """RFC 8212 as herald has it: nothing is imported. Memory stays what it was, and no keepalive
    to another neighbor is late."""
    content = shape()
    with RawLab({"peer": {}, "witness": {"hold_time": "3s"}}) as lab, \
            Witness(lab) as witness, lab.established("peer") as peer:
        before = lab.herald.process.resident_bytes()
        peer.socket.settimeout(ANSWER_SECONDS)
        enough = witness.keepalives() + 3
        while witness.keepalives() < enough:
            peer.send(content, route_refresh(1))
            assert peer.receive() == IPV4_ROUTE  # after all that was sent before
        assert abs(lab.herald.process.resident_bytes() - before) < 1_000_000
        view = lab.view("peer")
        assert (view["state"], view["malformed_updates"]) == ("Established", 0)
        witness.check()
