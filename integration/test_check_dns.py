"""dns checks against NSD and Unbound, and against services that behave badly."""

import pytest

from lab.checking import Checking
from lab.servers import NSD_PORT, UNBOUND_PORT, Servers

FIRST_PORT = 9000
MANNERS = ["silent", "reset", "garbage", "closing",
           "udp-silent", "udp-garbage", "udp-echo", "udp-elsewhere"]
NOBODY_PORT = 9999


def _ask(query: str, port: int = NSD_PORT, **keys: object) -> dict:
    return {"type": "dns", "address": f"127.0.0.1:{port}", "query": query, **keys}


ANY_UDP = "timed out after 1 s: waiting for the reply"
OTHERS = "; 1 came that did not answer the query"
IDENTITY = {"record": "TXT", "class": "CH"}

CASES = {
    "soa": (_ask("example.org", record="SOA"), "pass", "NOERROR, 1 record"),
    "a": (_ask("web.example.org", expect_answer="192.0.2.2"), "pass", "NOERROR, 1 record"),
    "aaaa": (_ask("web.example.org", record="AAAA", expect_answer="2001:DB8:0::2"), "pass",
             "NOERROR, 1 record"),
    "alias": (_ask("www.example.org", expect_answer="192.0.2.2"), "pass", "NOERROR, 1 record"),
    "mx": (_ask("example.org", record="MX", expect_answer="10 mail.EXAMPLE.org."), "pass",
           "NOERROR, 1 record"),
    "wrong": (_ask("web.example.org", expect_answer="192.0.2.9"), "fail",
              "answered 192.0.2.2, not 192.0.2.9"),
    "none": (_ask("nothing.example.org"), "fail", "answered NXDOMAIN, not NOERROR"),
    "none-is-fine": (_ask("nothing.example.org", expect_rcode="NXDOMAIN"), "pass",
                     "NXDOMAIN, 0 records"),
    "not-mine": (_ask("example.net", expect_rcode="REFUSED"), "pass", "REFUSED, 0 records"),
    "identity": (_ask("id.server", expect_answer="node1", **IDENTITY), "pass",
                 "NOERROR, 1 record"),
    "version": (_ask("version.bind", expect_answer="9.9", **IDENTITY), "pass",
                "NOERROR, 1 record"),
    "tcp": (_ask("example.org", transport="tcp"), "pass", "NOERROR, 0 records"),
    "cut": (_ask("big.example.org", record="TXT"), "pass", "NOERROR, 10 records"),
    "by-name": ({**_ask("example.org"), "address": f"localhost:{NSD_PORT}"}, "pass",
                "NOERROR, 0 records"),
    "resolver": (_ask("web.example.org", UNBOUND_PORT, expect_answer="192.0.2.2"), "pass",
                 "NOERROR, 1 record"),
    "resolver-cut": (_ask("big.example.org", UNBOUND_PORT, record="TXT"), "pass",
                     "NOERROR, 10 records"),
    "resolver-identity": (_ask("id.server", UNBOUND_PORT, expect_answer="resolver1", **IDENTITY),
                          "pass", "NOERROR, 1 record"),
    "resolver-refuses": (_ask("refused.example", UNBOUND_PORT), "fail",
                         "answered REFUSED, not NOERROR"),
    "refused": (_ask("example.org", NOBODY_PORT), "fail", "connection refused"),
    "refused-tcp": (_ask("example.org", NOBODY_PORT, transport="tcp"), "fail",
                    "over TCP: connection refused"),
}

BAD_CASES = {
    "silent": "timed out after 1 s: waiting for the reply over TCP",
    "reset": "over TCP: connection reset by peer",
    "garbage": "over TCP: ",
    "closing": "over TCP: closed before the reply",
    "udp-silent": ANY_UDP,
    "udp-garbage": ANY_UDP + OTHERS,
    "udp-echo": ANY_UDP + OTHERS,
    "udp-elsewhere": ANY_UDP,
}


@pytest.fixture(scope="module")
def servers(module_site):
    """Unbound, and the bad ones."""
    all_of_them = Servers(module_site.node, module_site.folder)
    all_of_them.unbound()
    all_of_them.bad([f"{FIRST_PORT + i}:{manner}" for i, manner in enumerate(MANNERS)])
    return all_of_them


@pytest.fixture(scope="module")
def authority(servers):
    """NSD."""
    return servers.nsd()


@pytest.fixture(scope="module")
def watched(module_site, authority):
    """One daemon with every case."""
    assert authority.running
    checks = {name: check for name, (check, _, _) in CASES.items()}
    for i, manner in enumerate(MANNERS):
        transport = "udp" if manner.startswith("udp") else "tcp"
        checks[manner] = _ask("example.org", FIRST_PORT + i, transport=transport)
    return Checking(module_site, checks)


@pytest.mark.parametrize("name", CASES)
def test_server(name, watched):
    """Each result with what it says."""
    _, result, output = CASES[name]
    assert watched.result(name) == (result, output)


@pytest.mark.parametrize("manner", BAD_CASES)
def test_bad_service(manner, watched):
    """Never believed, and bounded by the timeout."""
    result, said = watched.result(manner)
    assert (result, said[:len(BAD_CASES[manner])]) == ("fail", BAD_CASES[manner])


def test_server_that_dies(module_site, servers, authority):
    """The authority behind a resolver goes away: SERVFAIL, and back."""
    watched = Checking(module_site, {"direct": _ask("example.org"),
                              "resolved": _ask("example.org", UNBOUND_PORT, record="SOA")},
                       "ending")
    watched.wait("direct", "pass")
    watched.wait("resolved", "pass")
    authority.kill()
    assert watched.wait("direct", "fail") == "connection refused"
    watched.wait("resolved", "fail")
    servers.nsd()
    watched.wait("direct", "pass")
