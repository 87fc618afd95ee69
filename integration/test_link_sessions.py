"""Sessions with neighbors on a link: who dials, what protects them, what leaves them alone."""

import signal
import socket

import pytest

from lab.bgp_bytes import KEEPALIVE_MESSAGE, multiprotocol, open_message
from lab.capture import BGP_PORT
from lab.flow import Flow
from lab.rack import NO_ROUTER, Rack, index_of
from lab.router_messages import ADVERTISEMENT, Advertiser, RouterMessages
from lab.site import ROUTER_AS
from lab.waiting import stays_true, wait_until

PASSWORD = "a-shared-secret"
KEEPALIVES = "timers 1 3"
SETTLE_SECONDS = 2.0  # more than a keepalive interval

# Who dials: herald's neighbor, FRR's, and where herald listens.
WHO_DIALS = {
    "herald": ({}, ["passive"], []),
    "router": ({"passive": True}, [], ["::"]),
    "both": ({}, [], ["::"]),
}
# What protects a session: herald's neighbor, and FRR's.
PROTECTIONS = {
    "md5": ({"password": PASSWORD}, [f"password {PASSWORD}"]),
    "gtsm": ({"ttl_security": 1}, ["ttl-security hops 1"]),
    "both": ({"password": PASSWORD, "ttl_security": 1},
             [f"password {PASSWORD}", "ttl-security hops 1"]),
}


@pytest.mark.parametrize("who", WHO_DIALS)
def test_who_dials(site, who):
    """Whichever side it is; also when both do."""
    neighbor, options, listen = WHO_DIALS[who]
    rack = Rack(site, **neighbor).start(options, listen=listen)
    if who != "both":
        assert rack.sessions() == 1
        assert rack.view()["direction"] == {"herald": "dialled", "router": "accepted"}[who]
    stays_true("it is", lambda: rack.view()["state"] == "Established", SETTLE_SECONDS)


@pytest.mark.parametrize("who", ["herald", "router"])
@pytest.mark.parametrize("what", PROTECTIONS)
def test_protected(site, what, who):
    """MD5 and GTSM, whoever dials; and again when the router has another address."""
    neighbor, options = PROTECTIONS[what]
    dialling, passive, listen = WHO_DIALS[who]
    rack = Rack(site, **neighbor, **dialling).start([*options, *passive], listen=listen)
    leaf = rack.leaf
    leaf.router.kill()
    leaf.namespace.ip("-6", "address", "flush", "dev", leaf.interface)
    leaf.namespace.ip("address", "add", "fe80::77/64", "dev", leaf.interface, "nodad")
    leaf.router.start()
    rack.wait_announced()
    assert rack.view()["address"] == f"fe80::77%{leaf.node_interface}"


@pytest.mark.parametrize("who", ["herald", "router"])
@pytest.mark.parametrize("what", ["md5", "gtsm"])
def test_router_without_protection_has_no_session(site, what, who):
    """Not with herald, which wants it."""
    neighbor, _ = PROTECTIONS[what]
    dialling, passive, listen = WHO_DIALS[who]
    rack = Rack(site, **neighbor, **dialling)
    rack.start_router(rack.leaf, passive)
    rack.configure(listen=listen)
    rack.herald.start()
    wait_until("the router is found", lambda: rack.view()["address"])
    stays_true("no session", lambda: rack.view()["state"] != "Established", SETTLE_SECONDS)


def test_connection_that_came_before_its_key(site):
    """A router that was not known yet, and so had no key, dials without one while herald does
    something else: of what it says herald hears nothing."""
    rack = Rack(site, passive=True, password=PASSWORD)
    leaf, node = rack.leaf, rack.node_address()
    rack.configure(listen=["::"])
    rack.herald.start()
    with RouterMessages(site.node, leaf.node_interface) as seen:
        wait_until("herald listens for routers", lambda: seen.sent(ADVERTISEMENT))
    rack.herald.process.signal(signal.SIGSTOP)
    with Advertiser(leaf.namespace, leaf.interface, "fe80::77"):
        link = index_of(leaf.namespace, leaf.interface)
        with leaf.namespace.open_socket(socket.AF_INET6, socket.SOCK_STREAM) as router:
            router.bind(("fe80::77", 0, 0, link))
            router.connect((node, BGP_PORT, 0, link))
            router.sendall(open_message(ROUTER_AS, multiprotocol(1)))
            rack.herald.process.signal(signal.SIGCONT)
            wait_until("it was accepted", lambda: messages(rack, "open")["sent"])
            router.sendall(KEEPALIVE_MESSAGE)
            stays_true("no session", lambda: rack.view()["state"] != "Established",
                       SETTLE_SECONDS)


def messages(rack: Rack, kind: str) -> dict:
    """How many of a kind herald has sent and received."""
    return next(one for one in rack.view()["messages"] if one["type"] == kind)


def undisturbed(rack: Rack, flow: Flow) -> bool:
    """Whether herald went on with nothing but KEEPALIVEs, and no connection began or ended."""
    wait_until("herald speaks", lambda: flow.said_by(rack.node_address()))
    return flow.begun_or_ended() == [] and flow.only_keepalives_by(rack.node_address())


@pytest.mark.parametrize("who", WHO_DIALS)
def test_restart_keeps_the_session(site, who):
    """Nothing but KEEPALIVEs is seen; what changes afterwards goes out as ever."""
    neighbor, options, listen = WHO_DIALS[who]
    rack = Rack(site, **neighbor).start([KEEPALIVES, *options], listen=listen)
    name = rack.leaf.node_interface
    before, drops = rack.view(), rack.leaf.router.drops(rack.leaf.interface)
    with Flow(rack.leaf.namespace, rack.leaf.interface) as flow:
        for _ in range(3):
            assert rack.herald.restart() == {name: "kept"}
        assert undisturbed(rack, flow)
    for key in ("interface", "address", "remote_as", "state", "since", "local_address"):
        assert rack.view()[key] == before[key]
    assert rack.view()["problems"] == []
    with RouterMessages(site.node, name) as seen:
        wait_until("it advertises itself", lambda: seen.sent(ADVERTISEMENT))
    rack.herald.ctl("drain", "dns", "--now", "--wait")
    rack.wait_withdrawn()
    assert rack.leaf.router.drops(rack.leaf.interface) == drops


def test_restart_while_the_link_is_down(site):
    """The new program waits as the old one did."""
    rack = Rack(site).start()
    leaf = rack.leaf
    leaf.namespace.ip("link", "set", leaf.interface, "down")
    rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
    rack.herald.restart()
    rack.wait_why_down(NO_ROUTER.format(leaf.node_interface))
    leaf.namespace.ip("link", "set", leaf.interface, "up")
    rack.wait_announced()


def test_reload_of_another_key_keeps_the_session(site):
    """Of the neighbor, and of another one, too."""
    rack = Rack(site).start([KEEPALIVES])
    with Flow(rack.leaf.namespace, rack.leaf.interface) as flow:
        rack.neighbor["description"] = "the leaf above"
        rack.configure([{"name": "elsewhere", "address": "198.51.100.99", "remote_as": 1}])
        rack.herald.ctl("reload")
        assert undisturbed(rack, flow)
    assert rack.view()["description"] == "the leaf above"
    assert rack.leaf.router.drops(rack.leaf.interface) == 0


def test_reload_with_another_interface_resets_the_session(site):
    """The neighbor of that name is another one; the first link hears nothing more."""
    rack = Rack(site, name="uplink").start()
    old, new = rack.leaf, rack.add_leaf()
    rack.start_router(new)
    rack.leaves = [new]
    rack.configure()
    with RouterMessages(site.node, old.node_interface) as seen:
        rack.herald.ctl("reload")
        rack.wait_withdrawn(old)
        rack.wait_announced(new)
        assert rack.herald.get("/v1/neighbors/uplink")["interface"] == new.node_interface
        assert seen.sent() == []
    assert "sent Cease / Other Configuration Change" in rack.endings()


def test_neighbor_moves_between_a_link_and_an_address(site):
    """By a reload: the same router, by its link-local address and then by its link again."""
    rack = Rack(site).start()
    leaf, address = rack.leaf, rack.view()["address"]
    rack.leaves = []
    rack.configure([{"name": leaf.node_interface, "address": address, "remote_as": ROUTER_AS}])
    rack.herald.ctl("reload")
    wait_until("it is up again", lambda: rack.view(leaf)["state"] == "Established")
    assert rack.view(leaf)["interface"] is None
    rack.leaves = [leaf]
    rack.configure()
    rack.herald.ctl("reload")
    wait_until("it is up again", lambda: rack.view(leaf)["state"] == "Established")
    assert rack.view(leaf)["interface"] == leaf.node_interface
